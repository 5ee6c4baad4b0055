import { wipe } from './bytes'
import { multiplyAddLimbs, readLimbs, reduceLimbs } from './generated/scalar25519-limbs'

// Integers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point (RFC 8032 §5.1). The arithmetic
// is in tools/kernels/scalar25519.ts. Numbers are little endian, at multiples of 8.

/** L; its last word is 0x10000000. */
const ORDER = memory.data<u32>([0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0, 0, 0])

const LIMBS: usize = 24
/** The number that is worked on, in limbs. */
const WIDE = memory.data(192, 16)

/** Reduces a 64-byte number, such as a SHA-512 digest (RFC 8032 §5.1.6), to 32 bytes. */
export function scalarReduceWide(out: usize, number: usize): void {
  readLimbs(WIDE, number)
  reduceLimbs(out, WIDE)
  wipe(WIDE, LIMBS << 3)
}

/** Computes (a * b + c) mod L of any 32-byte numbers. */
export function scalarMultiplyAdd(out: usize, a: usize, b: usize, c: usize): void {
  multiplyAddLimbs(WIDE, a, b, c)
  reduceLimbs(out, WIDE)
  wipe(WIDE, LIMBS << 3)
}

/** Tells whether a 32-byte number is below L. For public numbers: the comparison stops early. */
export function scalarIsCanonical(number: usize): bool {
  if (load<u32>(number, 28) < 0x10000000) return true
  if (load<u32>(number, 28) > 0x10000000) return false
  for (let i: usize = 28; i > 0; i -= 4) {
    const word = load<u32>(number + i - 4)
    const bound = load<u32>(ORDER + i - 4)
    if (word != bound) return word < bound
  }
  return false
}
