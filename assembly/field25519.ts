import { wipe } from './bytes'
import { fieldEncode, fieldSquare } from './generated/field25519'

// The field of Curve25519: integers modulo p = 2^255 - 19.
//
// An element is ten unsigned 32-bit limbs in memory, 40 bytes at a multiple of 8: the sum of limb i * 2^ceil(25.5 i). So even limbs
// stand for 26 bits and odd ones for 25. "Reduced" means even limbs <= 1.01 * 2^26 and odd limbs <= 1.01 * 2^25: every product is
// reduced. Sums and differences are not carried: `n` reduced elements added are "n-fold". What each function takes is beside it.
// Results may overwrite arguments.
//
// tools/kernels/field25519.ts writes what is the same for every limb:
//
// fieldMultiply(out, f, g)           f times g; the product of their folds is at most 20.
// fieldSquare(out, f)                f at most 3-fold.
// fieldMultiplySmall(out, f, small)  f at most 16-fold, small at most 2^17.
// fieldAdd(out, f, g)                The folds add up; limbs have room for 32.
// fieldSubtract(out, f, g)           f + 2p - g, with g reduced: 2-fold more than f.
// fieldAddSubtract(sum, difference, f, g)  Both; g reduced.
// fieldNegate(out, f)                2p - f, with f reduced, carried: reduced.
// fieldSwap(f, g, bit)               Exchanges f and g where bit is 1, leaves them where it is 0, in the same steps.
// fieldDecode(out, bytes)            Reads 32 bytes, little endian, at a multiple of 4, without bit 255. Reduced.
// fieldEncode(out, f)                Writes the one number in [0, p) as 32 bytes at a multiple of 4. f at most 16-fold.

export {
  fieldAdd,
  fieldAddSubtract,
  fieldDecode,
  fieldEncode,
  fieldMultiply,
  fieldMultiplySmall,
  fieldNegate,
  fieldSquare,
  fieldSubtract,
  fieldSwap,
} from './generated/field25519'

/** Bytes of an element in memory. */
export const FIELD: usize = 40

export function fieldCopy(out: usize, f: usize): void {
  for (let i: usize = 0; i < FIELD; i += 8) store<u64>(out + i, load<u64>(f + i))
}

/** Sets a small integer, at most 2^24. */
export function fieldSet(out: usize, value: u32): void {
  for (let i: usize = 0; i < FIELD; i += 8) store<u64>(out + i, 0)
  store<u32>(out, value)
}

/** Squares `times` times, at least once. */
export function fieldSquareTimes(out: usize, f: usize, times: i32): void {
  fieldSquare(out, f)
  for (let i = 1; i < times; i++) fieldSquare(out, out)
}

const ENCODED = memory.data(32, 16)

/** Returns zero exactly where the element is zero modulo p. */
export function fieldNonZero(f: usize): u32 {
  fieldEncode(ENCODED, f)
  let bits: u32 = 0
  for (let i: usize = 0; i < 32; i += 4) bits |= load<u32>(ENCODED + i)
  return bits
}

/** Returns bit 0 of the number in [0, p), which RFC 8032 §5.1.2 calls the sign. */
export function fieldSign(f: usize): u32 {
  fieldEncode(ENCODED, f)
  return load<u32>(ENCODED) & 1
}

export function fieldWipe(): void {
  wipe(ENCODED, 32)
}
