import { wipe } from './bytes'
import {
  POINT,
  pointAdd,
  pointDouble,
  pointSetBase,
  pointSetIdentity,
  summandFrom,
  summandNegate,
} from './edwards25519'

// Multiples of points of edwards25519: of the base point for secret scalars, and a sum of two for public ones.

const SELECTED = memory.data(160, 16)

/**
 * A comb of four teeth, 64 bits apart: entry e is the summand of the sum of 2^(64 i) B over the bits i of e. It is computed at
 * first use and holds nothing secret.
 */
const COMB = memory.data(2560, 16)
let combReady: bool = false

function buildComb(point: usize): void {
  pointSetBase(point)
  for (let tooth: usize = 1; tooth < 16; tooth <<= 1) {
    summandFrom(COMB + tooth * POINT, point)
    for (let i = 0; i < 64; i++) pointDouble(point, point)
  }
  for (let entry: usize = 0; entry < 16; entry++) {
    pointSetIdentity(point)
    for (let tooth: usize = 1; tooth < 16; tooth <<= 1) {
      if ((entry & tooth) != 0) pointAdd(point, point, COMB + tooth * POINT)
    }
    summandFrom(COMB + entry * POINT, point)
  }
  combReady = true
}

/** Copies entry `index` of the comb to SELECTED: reads all entries, whichever it is. */
function select(index: u32): void {
  for (let part: usize = 0; part < POINT; part += 40) {
    let v0: u64 = 0
    let v1: u64 = 0
    let v2: u64 = 0
    let v3: u64 = 0
    let v4: u64 = 0
    let at = COMB + part
    for (let entry: u32 = 0; entry < 16; entry++) {
      // All ones where entry == index: only then does 0 - 1 borrow.
      const mask = (((entry ^ index) as i64) - 1) >> 63
      v0 |= load<u64>(at) & mask
      v1 |= load<u64>(at, 8) & mask
      v2 |= load<u64>(at, 16) & mask
      v3 |= load<u64>(at, 24) & mask
      v4 |= load<u64>(at, 32) & mask
      at += POINT
    }
    store<u64>(SELECTED + part, v0)
    store<u64>(SELECTED + part, v1, 8)
    store<u64>(SELECTED + part, v2, 16)
    store<u64>(SELECTED + part, v3, 24)
    store<u64>(SELECTED + part, v4, 32)
  }
}

/** Computes `scalar` B for a secret scalar below 2^255: 32 bytes at a multiple of 8. The caller wipes with `edwardsWipe`. */
export function multiplyBase(out: usize, scalar: usize): void {
  if (!combReady) buildComb(out)
  pointSetIdentity(out)
  for (let i: i64 = 63; i >= 0; i--) {
    pointDouble(out, out)
    const bit0 = (load<u64>(scalar) >>> i) & 1
    const bit1 = (load<u64>(scalar, 8) >>> i) & 1
    const bit2 = (load<u64>(scalar, 16) >>> i) & 1
    const bit3 = (load<u64>(scalar, 24) >>> i) & 1
    select((bit0 | (bit1 << 1) | (bit2 << 2) | (bit3 << 3)) as u32)
    pointAdd(out, out, SELECTED)
  }
  wipe(SELECTED, POINT)
}

/** Odd multiples 1, 3, 5, 7 (of B) and 1, 3, … 15 (of the other point), as summands. */
const BASE_MULTIPLES = memory.data(640, 16)
const POINT_MULTIPLES = memory.data(1280, 16)
const TWICE = memory.data(160, 16)
/** Digits of both scalars, a signed byte each, for 2^0 … 2^255. */
const BASE_DIGITS = memory.data(256, 16)
const POINT_DIGITS = memory.data(256, 16)

function oddMultiples(out: usize, count: usize, point: usize): void {
  pointDouble(TWICE, point)
  summandFrom(SELECTED, TWICE)
  summandFrom(out, point)
  for (let i: usize = 1; i < count; i++) {
    pointAdd(point, point, SELECTED)
    summandFrom(out + i * POINT, point)
  }
}

/** Returns `count` bits of a 32-byte number from bit `at` on; what is above bit 255 is 0. */
function bitsAt(scalar: usize, at: usize, count: u32): u32 {
  const word = at >>> 5
  let pair = load<u32>(scalar + (word << 2)) as u64
  if (word < 7) pair |= (load<u32>(scalar + (word << 2), 4) as u64) << 32
  return ((pair >>> ((at & 31) as u64)) as u32) & ((1 << count) - 1)
}

/**
 * Writes the non-adjacent form of a public scalar below 2^255: digits are 0 or odd, below 2^(width - 1) in size, and two that are
 * not 0 are at least `width` apart.
 */
function recode(digits: usize, scalar: usize, width: u32): void {
  wipe(digits, 256)
  let carry: u32 = 0
  let at: usize = 0
  while (at < 256) {
    if (bitsAt(scalar, at, 1) == carry) {
      at++
    } else {
      const window = bitsAt(scalar, at, width) + carry
      carry = (window >>> (width - 1)) & 1
      store<i8>(digits + at, (window as i32) - ((carry << width) as i32))
      at += width
    }
  }
}

function addDigit(out: usize, digit: i32, multiples: usize): void {
  if (digit > 0) {
    pointAdd(out, out, multiples + ((digit >>> 1) as usize) * POINT)
  } else if (digit < 0) {
    summandNegate(SELECTED, multiples + ((-digit >>> 1) as usize) * POINT)
    pointAdd(out, out, SELECTED)
  }
}

/** Computes `baseScalar` B + `pointScalar` P for public scalars below L. Takes time that depends on them, and overwrites P. */
export function multiplyPublic(out: usize, baseScalar: usize, pointScalar: usize, point: usize): void {
  oddMultiples(POINT_MULTIPLES, 8, point)
  pointSetBase(point)
  oddMultiples(BASE_MULTIPLES, 4, point)
  recode(POINT_DIGITS, pointScalar, 5)
  recode(BASE_DIGITS, baseScalar, 4)
  pointSetIdentity(out)
  for (let i = 255; i >= 0; i--) {
    pointDouble(out, out)
    addDigit(out, load<i8>(POINT_DIGITS + i), POINT_MULTIPLES)
    addDigit(out, load<i8>(BASE_DIGITS + i), BASE_MULTIPLES)
  }
}
