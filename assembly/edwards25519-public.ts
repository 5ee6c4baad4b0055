import { wipe } from './bytes'
import { pointSetBase } from './edwards25519'
import {
  AFFINE,
  affineNegate,
  CACHED,
  CHOICES,
  cachedNegate,
  sumAddAffine,
  sumAddCached,
  sumDouble,
  sumGetCached,
  sumGetPoint,
  sumSetIdentity,
  sumSetPoint,
} from './edwards25519-sum'
import { makeAffine, putSum, SELECTED, TABLE_SCRATCH } from './edwards25519-tables'
import { FIELD, fieldNonZero, fieldSubtract } from './field25519'

// Sums of multiples of points for public scalars: digits in non-adjacent form, over odd multiples of the points. Takes time that
// depends on the scalars.

export const BASE_WIDTH: u32 = ASC_FEATURE_SIMD ? 8 : 5
const BASE_COUNT: usize = ASC_FEATURE_SIMD ? 64 : 8
const POINT_WIDTH: u32 = 5
const POINT_COUNT: usize = 8
/** 1, 3, 5 … times B, affine; computed at first use. */
const BASE_MULTIPLES = memory.data(ASC_FEATURE_SIMD ? 8192 : 960, 16)
/** The same for 2^128 B, with SIMD. */
const HIGH_MULTIPLES = memory.data(ASC_FEATURE_SIMD ? 8192 : 8, 16)
let baseMultiplesReady: bool = false
/** 1, 3, … 15 times the other point, cached. */
const POINT_MULTIPLES = TABLE_SCRATCH
/** Digits of both scalars, a signed byte each, for 2^0 … 2^255. */
export const BASE_DIGITS = memory.data(256, 16)
const POINT_DIGITS = memory.data(256, 16)

/** The base point; later what a result is tested in. */
const BASE = memory.data(160, 16)

/** Builds the tables of the base point, if that was not done before. */
export function buildBaseMultiples(): void {
  if (baseMultiplesReady) return
  pointSetBase(BASE)
  affineMultiples(BASE_MULTIPLES)
  if (ASC_FEATURE_SIMD) {
    sumSetPoint(BASE)
    for (let i = 0; i < 128; i++) sumDouble()
    sumGetPoint(BASE)
    affineMultiples(HIGH_MULTIPLES)
  }
  baseMultiplesReady = true
}

/** Writes the odd multiples of the point in BASE as affine entries. */
function affineMultiples(out: usize): void {
  sumSetPoint(BASE)
  sumDouble()
  sumGetCached(TABLE_SCRATCH)
  sumSetPoint(BASE)
  for (let i: usize = 0; i < BASE_COUNT; i++) {
    putSum(out + i * AFFINE)
    sumAddCached(TABLE_SCRATCH)
  }
  for (let i: usize = 0; i < BASE_COUNT; i += min(CHOICES, BASE_COUNT)) {
    makeAffine(out + i * AFFINE, min(CHOICES, BASE_COUNT))
  }
}

/** Writes the odd multiples of a point as cached entries. */
export function oddMultiples(out: usize, count: usize, point: usize): void {
  sumSetPoint(point)
  sumDouble()
  sumGetCached(SELECTED)
  sumSetPoint(point)
  sumGetCached(out)
  for (let i: usize = 1; i < count; i++) {
    sumAddCached(SELECTED)
    sumGetCached(out + i * CACHED)
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
 * not 0 are at least `width` apart. Returns the place of the highest that is not 0, or -1.
 */
export function recode(digits: usize, scalar: usize, width: u32): i32 {
  wipe(digits, 256)
  let carry: u32 = 0
  let at: usize = 0
  let highest = -1
  while (at < 256) {
    if (bitsAt(scalar, at, 1) == carry) {
      at++
    } else {
      const window = bitsAt(scalar, at, width) + carry
      carry = (window >>> (width - 1)) & 1
      store<i8>(digits + at, (window as i32) - ((carry << width) as i32))
      highest = at as i32
      at += width
    }
  }
  return highest
}

/** Adds `digit` times the point whose odd multiples are in a table of cached entries. */
export function addDigit(table: usize, digit: i32): void {
  if (digit == 0) return
  let entry = table + ((abs(digit) >>> 1) as usize) * CACHED
  if (digit < 0) {
    cachedNegate(SELECTED, entry)
    entry = SELECTED
  }
  sumAddCached(entry)
}

/** Adds `digit` times the point whose odd multiples are in a table of affine entries. */
function addAffineDigit(table: usize, digit: i32): void {
  if (digit == 0) return
  let entry = table + ((abs(digit) >>> 1) as usize) * AFFINE
  if (digit < 0) {
    affineNegate(SELECTED, entry)
    entry = SELECTED
  }
  sumAddAffine(entry)
}

/** Adds `digit` times the base point. */
export function addBaseDigit(digit: i32): void {
  addAffineDigit(BASE_MULTIPLES, digit)
}

/** Computes `baseScalar` B + `pointScalar` P for scalars below L. Writes X, Y and Z. */
export function multiplyPublic(out: usize, baseScalar: usize, pointScalar: usize, point: usize): void {
  buildBaseMultiples()
  oddMultiples(POINT_MULTIPLES, POINT_COUNT, point)
  const highestOfPoint = recode(POINT_DIGITS, pointScalar, POINT_WIDTH)
  const highestOfBase = recode(BASE_DIGITS, baseScalar, BASE_WIDTH)
  sumSetIdentity()
  for (let i = max(highestOfPoint, highestOfBase); i >= 0; i--) {
    sumDouble()
    addDigit(POINT_MULTIPLES, load<i8>(POINT_DIGITS + i))
    addBaseDigit(load<i8>(BASE_DIGITS + i))
  }
  sumGetPoint(out)
}

const SHORT_WIDTH: u32 = 4
const SHORT_COUNT: usize = 4
const HIGH_DIGITS = memory.data(256, 16)
const OTHER_DIGITS = memory.data(256, 16)
/** Half of a scalar, with zeros above. */
const HALF = memory.data(32, 16)

/**
 * Tells whether `baseScalar` B + `scalar1` P1 + `scalar2` P2 is the identity. The base scalar is below 2^255; it takes half the
 * doublings of `multiplyPublic` where the others are below 2^128. For the build with SIMD.
 */
export function sumIsIdentity(baseScalar: usize, scalar1: usize, point1: usize, scalar2: usize, point2: usize): bool {
  buildBaseMultiples()
  oddMultiples(TABLE_SCRATCH, SHORT_COUNT, point1)
  oddMultiples(TABLE_SCRATCH + SHORT_COUNT * CACHED, SHORT_COUNT, point2)
  let highest = max(recode(POINT_DIGITS, scalar1, SHORT_WIDTH), recode(OTHER_DIGITS, scalar2, SHORT_WIDTH))
  store<u64>(HALF, load<u64>(baseScalar))
  store<u64>(HALF, load<u64>(baseScalar, 8), 8)
  highest = max(highest, recode(BASE_DIGITS, HALF, BASE_WIDTH))
  store<u64>(HALF, load<u64>(baseScalar, 16))
  store<u64>(HALF, load<u64>(baseScalar, 24), 8)
  highest = max(highest, recode(HIGH_DIGITS, HALF, BASE_WIDTH))
  sumSetIdentity()
  for (let i = highest; i >= 0; i--) {
    sumDouble()
    addDigit(TABLE_SCRATCH, load<i8>(POINT_DIGITS + i))
    addDigit(TABLE_SCRATCH + SHORT_COUNT * CACHED, load<i8>(OTHER_DIGITS + i))
    addAffineDigit(BASE_MULTIPLES, load<i8>(BASE_DIGITS + i))
    addAffineDigit(HIGH_MULTIPLES, load<i8>(HIGH_DIGITS + i))
  }
  // 0 = X/Z and 1 = Y/Z.
  sumGetPoint(BASE)
  fieldSubtract(BASE + FIELD, BASE + FIELD, BASE + 2 * FIELD)
  return fieldNonZero(BASE) == 0 && fieldNonZero(BASE + FIELD) == 0
}
