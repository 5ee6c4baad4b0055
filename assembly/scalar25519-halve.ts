// Halves the length of a public scalar, so that a verification needs half the doublings. Numbers have 32 bytes, in words of 64 bits.

/** 8 L: the order of the whole group is that, so multiples of any point repeat after it. */
const GROUP_ORDER = memory.data<u64>([0xc09318d2e7ae9f68, 0xa6f7cef517bce6b2, 0, 0x8000000000000000])

/** A remainder and the one before; what k was multiplied by for each. */
const REMAINDERS = memory.data(64, 16)
const MULTIPLIERS = memory.data(64, 16)

function copy(out: usize, number: usize): void {
  for (let i: usize = 0; i < 32; i += 8) store<u64>(out + i, load<u64>(number + i))
}

function set(out: usize, value: u64): void {
  store<u64>(out, value)
  for (let i: usize = 8; i < 32; i += 8) store<u64>(out + i, 0)
}

/** Counts the bits of a number. */
function lengthOf(number: usize): i32 {
  for (let i = 24; i >= 0; i -= 8) {
    const word = load<u64>(number + i)
    if (word != 0) return 8 * i + 64 - (clz<u64>(word) as i32)
  }
  return 0
}

/** Word `i` bytes into 2^shift times a number, for a shift below 64. */
function shiftedWord(number: usize, i: usize, shift: u64): u64 {
  const word = load<u64>(number + i) << shift
  // Twice, since a shift by 64 is none.
  return i == 0 ? word : word | ((load<u64>(number + i - 8) >>> 1) >>> (63 - shift))
}

/** Subtracts 2^shift `number`. Returns 1 where the difference is negative; then it is 2^256 too large. */
function subtractShifted(from: usize, number: usize, shift: u64): u64 {
  let borrow: u64 = 0
  for (let i: usize = 0; i < 32; i += 8) {
    const minuend = load<u64>(from + i)
    const word = shiftedWord(number, i, shift)
    store<u64>(from + i, minuend - word - borrow)
    borrow = ((~minuend & word) | ((~minuend | word) & (minuend - word - borrow))) >>> 63
  }
  return borrow
}

/** Adds 2^shift `number` modulo 2^256. */
function addShifted(to: usize, number: usize, shift: u64): void {
  let carry: u64 = 0
  for (let i: usize = 0; i < 32; i += 8) {
    const first = load<u64>(to + i)
    const word = shiftedWord(number, i, shift)
    const sum = first + word + carry
    store<u64>(to + i, sum)
    carry = ((first & word) | ((first | word) & ~sum)) >>> 63
  }
}

/**
 * Reduces `a` modulo `b`, by taking away multiples 2^shift b; adds as many times v to u. A shift is at first too large every other
 * time: then half of what was taken away comes back. False where a shift exceeds 63.
 */
function reduce(a: usize, b: usize, u: usize, v: usize): bool {
  let difference = lengthOf(a) - lengthOf(b)
  while (difference >= 0) {
    if (difference > 63) return false
    let shift = difference as u64
    if (subtractShifted(a, b, shift) != 0) {
      if (shift == 0) {
        addShifted(a, b, 0)
        return true
      }
      shift--
      addShifted(a, b, shift)
    }
    addShifted(u, v, shift)
    difference = lengthOf(a) - lengthOf(b)
  }
  return true
}

/** k itself is right too: for one in 2^60 or fewer, of which t could reach L. */
function keep(r: usize, t: usize, k: usize): bool {
  copy(r, k)
  set(t, 1)
  return false
}

/**
 * Writes numbers r and t with r = t k modulo 8 L, or r = -t k where true is returned; for almost all k they are below 2^128. t is odd
 * and below L: so it has an inverse modulo 8 L, and t P = 0 only where P = 0, for all points of the curve. Takes time that depends
 * on k, which is below L.
 *
 * Euclid's algorithm on 8 L and k, as far as the remainder has 128 bits: times the remainder before, t is at most 8 L. Signs of t
 * alternate, so that sizes add up. Of two values of t that follow each other one is odd.
 */
export function scalarHalve(r: usize, t: usize, k: usize): bool {
  let before = REMAINDERS
  let remainder = REMAINDERS + 32
  let multiplierBefore = MULTIPLIERS
  let multiplier = MULTIPLIERS + 32
  copy(before, GROUP_ORDER)
  copy(remainder, k)
  set(multiplierBefore, 0)
  set(multiplier, 1)
  let negative = false
  while (lengthOf(remainder) > 128 || (load<u32>(multiplier) & 1) == 0) {
    if (!reduce(before, remainder, multiplierBefore, multiplier)) return keep(r, t, k)
    let other = before
    before = remainder
    remainder = other
    other = multiplierBefore
    multiplierBefore = multiplier
    multiplier = other
    negative = !negative
  }
  if (lengthOf(multiplier) > 192) return keep(r, t, k)
  copy(r, remainder)
  copy(t, multiplier)
  return negative
}
