import { wipe } from './bytes'

// Integers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the base point (RFC 8032 §5.1).
//
// Numbers are limbs of 21 bits in signed 64-bit words: the sum of limb i * 2^(21 i). L is 2^252 + D, and 252 is 12 * 21, so a
// limb i >= 12 can be folded away: limb * 2^(21 i) = -D * limb * 2^(21 (i - 12)) modulo L. -D in centred limbs:

const FOLD = memory.data<i64>([666643, 470296, 654183, -997805, 136657, -683901])

/** L, little endian; its last word is 0x10000000. */
const ORDER = memory.data<u32>([0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0, 0, 0])

const LIMBS: usize = 24
/** The number that is worked on, up to 24 limbs. */
const WIDE = memory.data(192, 16)
const FACTOR = memory.data(96, 16)

function limb(i: usize): i64 {
  return load<i64>(WIDE + (i << 3))
}

function addToLimb(i: usize, value: i64): void {
  store<i64>(WIDE + (i << 3), limb(i) + value)
}

/** Reads limb `i` of a little-endian number of `words` 32-bit words at a multiple of 4. */
function readLimb(number: usize, words: usize, i: usize): u64 {
  const bit = i * 21
  const word = bit >>> 5
  let pair = load<u32>(number + (word << 2)) as u64
  if (word + 1 < words) pair |= (load<u32>(number + (word << 2), 4) as u64) << 32
  return pair >>> ((bit & 31) as u64)
}

/** Reads a number into `limbs` limbs, of which the last takes all remaining bits (25 of 256, 29 of 512). */
function read(out: usize, number: usize, words: usize, limbs: usize): void {
  for (let i: usize = 0; i < limbs - 1; i++) store<i64>(out + (i << 3), readLimb(number, words, i) & 0x1fffff)
  store<i64>(out + ((limbs - 1) << 3), readLimb(number, words, limbs - 1))
}

/** Carries from limb `i`, which ends in [-2^20, 2^20). */
function carryCentred(i: usize): void {
  const carry = (limb(i) + (1 << 20)) >> 21
  addToLimb(i + 1, carry)
  addToLimb(i, -(carry << 21))
}

/** Carries from limb `i`, which ends in [0, 2^21). */
function carryFloor(i: usize): void {
  const carry = limb(i) >> 21
  addToLimb(i + 1, carry)
  addToLimb(i, -(carry << 21))
}

/** Takes limb `i` away and adds it, modulo L, six limbs wide from limb i - 12 on. */
function fold(i: usize): void {
  const value = limb(i)
  for (let j: usize = 0; j < 6; j++) addToLimb(i - 12 + j, value * load<i64>(FOLD + (j << 3)))
  store<i64>(WIDE + (i << 3), 0)
}

/**
 * Reduces WIDE modulo L and writes the number in [0, L) as 32 bytes at a multiple of 4.
 *
 * Bounds: on entry limbs 0..22 are below 2^51 in size and limb 23 below 2^29. After the first pass |limb| <= 2^20 + 2^9 up to 22
 * and |limb 23| < 2^31. FOLD is below 2^20, so folding 23..18 adds less than 2^51 + 5 * 2^41 to a limb; after the second pass
 * limbs 6..15 are at most 2^20 + 2^10, limb 16 and 17 below 2^31; folding 17..12 stays below 2^53. After the third pass limb 12
 * is below 2^33 and the number within a few L of zero after it is folded; the two floor passes then leave the one in [0, L).
 */
function reduceWide(out: usize): void {
  for (let i: usize = 0; i < 23; i += 2) carryCentred(i)
  for (let i: usize = 1; i < 22; i += 2) carryCentred(i)
  for (let i: usize = 23; i >= 18; i--) fold(i)
  for (let i: usize = 6; i <= 16; i += 2) carryCentred(i)
  for (let i: usize = 7; i <= 15; i += 2) carryCentred(i)
  for (let i: usize = 17; i >= 12; i--) fold(i)
  for (let i: usize = 0; i <= 10; i += 2) carryCentred(i)
  for (let i: usize = 1; i <= 11; i += 2) carryCentred(i)
  fold(12)
  for (let i: usize = 0; i <= 11; i++) carryFloor(i)
  fold(12)
  for (let i: usize = 0; i <= 10; i++) carryFloor(i)
  write(out)
  wipe(WIDE, LIMBS << 3)
}

/** Writes limbs 0..11, each in [0, 2^21), as 32 bytes. */
function write(out: usize): void {
  let bits: u64 = 0
  let held: u64 = 0
  let next: usize = 0
  for (let word: usize = 0; word < 8; word++) {
    // At most 31 bits are held, so two more limbs fit into 64 bits, and they fill a word.
    for (let i = 0; i < 2; i++) {
      if (held < 32 && next < 12) {
        bits |= (limb(next) as u64) << held
        held += 21
        next++
      }
    }
    store<u32>(out + (word << 2), bits as u32)
    bits >>>= 32
    held -= 32
  }
}

/** Reduces a 32-byte number. Both at multiples of 4; they may be the same. */
export function scalarReduce(out: usize, number: usize): void {
  wipe(WIDE, LIMBS << 3)
  read(WIDE, number, 8, 12)
  reduceWide(out)
}

/** Reduces a 64-byte number, such as a SHA-512 digest read little endian (RFC 8032 §5.1.6). */
export function scalarReduceWide(out: usize, number: usize): void {
  read(WIDE, number, 16, 24)
  reduceWide(out)
}

/** Computes (a * b + c) mod L of 32-byte numbers at multiples of 4. */
export function scalarMultiplyAdd(out: usize, a: usize, b: usize, c: usize): void {
  wipe(WIDE, LIMBS << 3)
  read(WIDE, c, 8, 12)
  read(FACTOR, a, 8, 12)
  for (let j: usize = 0; j < 12; j++) {
    const digit = readLimb(b, 8, j) & (j == 11 ? 0x1ffffff : 0x1fffff)
    // Twelve products: below 10 * 2^42 + 2 * 2^46, and 2^50 for the two top limbs.
    for (let i: usize = 0; i < 12; i++) addToLimb(i + j, load<i64>(FACTOR + (i << 3)) * (digit as i64))
  }
  reduceWide(out)
  wipe(FACTOR, 96)
}

/** Tells whether the 32 bytes at a multiple of 4 are below L. For public numbers: the comparison stops early. */
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
