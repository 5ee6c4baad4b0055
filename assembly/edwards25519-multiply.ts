import { wipe } from './bytes'
import { pointSetBase } from './edwards25519'
import {
  AFFINE,
  affineFrom,
  affineNegate,
  affineSelect,
  CACHED,
  CHOICES,
  cachedNegate,
  sumAddAffine,
  sumAddAffineComplete,
  sumAddCached,
  sumComplete,
  sumDouble,
  sumGetCached,
  sumGetPoint,
  sumSetIdentity,
  sumSetPoint,
} from './edwards25519-sum'
import { FIELD, fieldCopy, fieldMultiply } from './field25519'
import { fieldInvert } from './field25519-invert'
import { scalarMultiplyAdd } from './scalar25519'

// Multiples of points of edwards25519: of the base point for secret scalars, and a sum of two for public ones.

/** One entry; then what is computed from it, or in the way. */
const SELECTED = memory.data(176, 16)

// A secret scalar s becomes 260 digits of 1 and -1: the sum of (2 b_i - 1) 2^i is 2 b - (2^260 - 1), so b = (s + 2^260 - 1)/2 mod L.
// A comb takes five digits at once, its teeth, which stand SPACING apart; COMBS combs side by side cover SPACING * 5 * COMBS = 260
// digits. The digits of all combs at a place are added, then everything is doubled. Comb c has the 16 sums of its multiples
// 2^(SPACING (5 c + k)) B, k from 0 to 4, in which the last has digit 1; the other 16 are their negatives. There is no digit 0, so
// every entry is used. Tables are computed at first use and hold nothing secret.

const TEETH: usize = 5
const COMBS: usize = ASC_FEATURE_SIMD ? 26 : 2
const SPACING: usize = ASC_FEATURE_SIMD ? 2 : 26
const COMB_TABLE = memory.data(ASC_FEATURE_SIMD ? 53248 : 3840, 16)

/** 1/2 and (2^260 - 1)/2 modulo L. */
const HALF = memory.data<u64>([0x2c09318d2e7ae9f7, 0x0a6f7cef517bce6b, 0x0000000000000000, 0x0800000000000000])
const HALF_OF_ONES = memory.data<u64>([0x22d7a45eb390f376, 0x9af28d9dd5ad633f, 0xfffffffffffffff5, 0x07ffffffffffffff])
/** The number b, with room for 260 bits. */
const DIGITS = memory.data(40, 16)

let combsReady: bool = false

const X = memory.data(40, 16)
const Y = memory.data(40, 16)
const INVERSE = memory.data(40, 16)

/** Makes entries of points: on entry X, Y and Z of each are where the entry will be. At most 16, with one inversion for all. */
function makeAffine(entries: usize, count: usize): void {
  // PRODUCTS[i] is the product of Z up to that of point i.
  const PRODUCTS = POINT_MULTIPLES
  fieldCopy(PRODUCTS, entries + 2 * FIELD)
  for (let i: usize = 1; i < count; i++) {
    fieldMultiply(PRODUCTS + i * FIELD, PRODUCTS + (i - 1) * FIELD, entries + i * AFFINE + 2 * FIELD)
  }
  fieldInvert(INVERSE, PRODUCTS + (count - 1) * FIELD)
  for (let i = count; i > 0; i--) {
    const entry = entries + (i - 1) * AFFINE
    if (i > 1) fieldMultiply(SELECTED, INVERSE, PRODUCTS + (i - 2) * FIELD)
    else fieldCopy(SELECTED, INVERSE)
    fieldMultiply(INVERSE, INVERSE, entry + 2 * FIELD)
    fieldMultiply(X, entry, SELECTED)
    fieldMultiply(Y, entry + FIELD, SELECTED)
    affineFrom(entry, X, Y)
  }
}

/** Writes X, Y and Z of the sum to where its affine entry will be. */
function putSum(entry: usize): void {
  sumGetPoint(SELECTED)
  for (let i: usize = 0; i < 3 * FIELD; i += 8) store<u64>(entry + i, load<u64>(SELECTED + i))
}

function addCachedTwice(entry: usize): void {
  sumAddCached(entry)
  sumComplete()
  sumAddCached(entry)
  sumComplete()
}

/** Fills the table of one comb, whose first tooth is the sum; leaves the first tooth of the next one as the sum. */
function buildComb(table: usize, point: usize): void {
  for (let k: usize = 0; k < TEETH; k++) {
    sumGetCached(POINT_MULTIPLES + k * CACHED)
    for (let i: usize = 0; i < SPACING; i++) sumDouble()
    sumComplete()
  }
  sumGetPoint(point)
  sumSetIdentity()
  sumAddCached(POINT_MULTIPLES + (TEETH - 1) * CACHED)
  for (let k: usize = 0; k < TEETH - 1; k++) {
    sumComplete()
    cachedNegate(SELECTED, POINT_MULTIPLES + k * CACHED)
    sumAddCached(SELECTED)
  }
  sumComplete()
  putSum(table)
  // The other sums in the order of a Gray code: one digit changes at a time, by 2.
  for (let i: usize = 1; i < CHOICES; i++) {
    const changed = ctz(i)
    const index = i ^ (i >>> 1)
    const tooth = POINT_MULTIPLES + changed * CACHED
    if (((index >>> changed) & 1) != 0) {
      addCachedTwice(tooth)
    } else {
      cachedNegate(SELECTED, tooth)
      addCachedTwice(SELECTED)
    }
    putSum(table + index * AFFINE)
  }
  makeAffine(table, CHOICES)
  sumSetPoint(point)
}

function buildCombs(point: usize): void {
  pointSetBase(point)
  sumSetPoint(point)
  for (let comb: usize = 0; comb < COMBS; comb++) buildComb(COMB_TABLE + comb * CHOICES * AFFINE, point)
  combsReady = true
}

/** The five bits of the teeth of a comb. */
function teethAt(place: usize, comb: usize): i32 {
  const first = place + SPACING * TEETH * comb
  if (ASC_FEATURE_SIMD) {
    // Every other one of nine bits, moved together. Hosts with SIMD load from any address.
    let bits = (load<u32>(DIGITS + (first >>> 3)) >>> ((first & 7) as u32)) & 0x155
    bits = (bits | (bits >>> 1)) & 0x133
    bits = (bits | (bits >>> 2)) & 0x10f
    return ((bits | (bits >>> 4)) & 0x1f) as i32
  }
  let bits: u32 = 0
  for (let k: usize = 0; k < TEETH; k++) {
    const at = first + SPACING * k
    bits |= ((load<u32>(DIGITS + ((at >>> 5) << 2)) >>> ((at & 31) as u32)) & 1) << (k as u32)
  }
  return bits as i32
}

/**
 * Computes `scalar` B for a secret scalar below 2^255: 32 bytes at a multiple of 8. Writes X, Y and Z. The caller wipes with
 * `sumWipe`.
 */
export function multiplyBase(out: usize, scalar: usize): void {
  if (!combsReady) buildCombs(out)
  scalarMultiplyAdd(DIGITS, scalar, HALF, HALF_OF_ONES)
  sumSetIdentity()
  for (let place = SPACING; place > 0; place--) {
    if (place < SPACING) {
      sumDouble()
      sumComplete()
    }
    for (let comb: usize = 0; comb < COMBS; comb++) {
      const teeth = teethAt(place - 1, comb)
      const negative = (teeth >> 4) - 1
      affineSelect(SELECTED, COMB_TABLE + comb * CHOICES * AFFINE, (teeth ^ negative) & 15, negative)
      sumAddAffineComplete(SELECTED)
    }
  }
  sumGetPoint(out)
  wipe(SELECTED, AFFINE)
  wipe(DIGITS, 40)
}

// Public scalars: digits in non-adjacent form, over odd multiples of both points.

const BASE_WIDTH: u32 = ASC_FEATURE_SIMD ? 8 : 5
const BASE_COUNT: usize = ASC_FEATURE_SIMD ? 64 : 8
const POINT_WIDTH: u32 = 5
const POINT_COUNT: usize = 8
/** 1, 3, 5 … times B, affine; computed at first use. */
const BASE_MULTIPLES = memory.data(ASC_FEATURE_SIMD ? 8192 : 960, 16)
let baseMultiplesReady: bool = false
/** 1, 3, … 15 times the other point, cached. Before that, what tables are made from. */
const POINT_MULTIPLES = memory.data(ASC_FEATURE_SIMD ? 1408 : 1280, 16)
/** Digits of both scalars, a signed byte each, for 2^0 … 2^255. */
const BASE_DIGITS = memory.data(256, 16)
const POINT_DIGITS = memory.data(256, 16)

function buildBaseMultiples(point: usize): void {
  pointSetBase(point)
  sumSetPoint(point)
  sumDouble()
  sumComplete()
  sumGetCached(POINT_MULTIPLES)
  sumSetPoint(point)
  for (let i: usize = 0; i < BASE_COUNT; i++) {
    putSum(BASE_MULTIPLES + i * AFFINE)
    sumAddCached(POINT_MULTIPLES)
    sumComplete()
  }
  for (let i: usize = 0; i < BASE_COUNT; i += min(CHOICES, BASE_COUNT)) {
    makeAffine(BASE_MULTIPLES + i * AFFINE, min(CHOICES, BASE_COUNT))
  }
  baseMultiplesReady = true
}

/** Writes the odd multiples of a point as cached entries. */
function oddMultiples(out: usize, count: usize, point: usize): void {
  sumSetPoint(point)
  sumDouble()
  sumComplete()
  sumGetCached(SELECTED)
  sumSetPoint(point)
  sumGetCached(out)
  for (let i: usize = 1; i < count; i++) {
    sumAddCached(SELECTED)
    sumComplete()
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
function recode(digits: usize, scalar: usize, width: u32): i32 {
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

/** Computes `baseScalar` B + `pointScalar` P for public scalars below L. Takes time that depends on them. Writes X, Y and Z. */
export function multiplyPublic(out: usize, baseScalar: usize, pointScalar: usize, point: usize): void {
  if (!baseMultiplesReady) buildBaseMultiples(out)
  oddMultiples(POINT_MULTIPLES, POINT_COUNT, point)
  const highestOfPoint = recode(POINT_DIGITS, pointScalar, POINT_WIDTH)
  const highestOfBase = recode(BASE_DIGITS, baseScalar, BASE_WIDTH)
  sumSetIdentity()
  for (let i = max(highestOfPoint, highestOfBase); i >= 0; i--) {
    sumDouble()
    addPointDigit(load<i8>(POINT_DIGITS + i))
    addBaseDigit(load<i8>(BASE_DIGITS + i))
  }
  sumGetPoint(out)
}

function addPointDigit(digit: i32): void {
  if (digit == 0) return
  let entry = POINT_MULTIPLES + ((abs(digit) >>> 1) as usize) * CACHED
  if (digit < 0) {
    cachedNegate(SELECTED, entry)
    entry = SELECTED
  }
  sumComplete()
  sumAddCached(entry)
}

function addBaseDigit(digit: i32): void {
  if (digit == 0) return
  let entry = BASE_MULTIPLES + ((abs(digit) >>> 1) as usize) * AFFINE
  if (digit < 0) {
    affineNegate(SELECTED, entry)
    entry = SELECTED
  }
  sumComplete()
  sumAddAffine(entry)
}
