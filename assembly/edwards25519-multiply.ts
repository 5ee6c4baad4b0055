import { wipe } from './bytes'
import { pointSetBase } from './edwards25519'
import {
  AFFINE,
  affineSelect,
  CACHED,
  CHOICES,
  cachedNegate,
  sumAddAffineInRow,
  sumAddCached,
  sumBeginRow,
  sumDouble,
  sumGetCached,
  sumGetPoint,
  sumSetIdentity,
  sumSetPoint,
} from './edwards25519-sum'
import { makeAffine, putSum, SELECTED, TABLE_SCRATCH } from './edwards25519-tables'
import { scalarMultiplyAdd } from './scalar25519'

// Multiples of the base point for secret scalars.
//
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

function addCachedTwice(entry: usize): void {
  sumAddCached(entry)
  sumAddCached(entry)
}

/** Fills the table of one comb, whose first tooth is the sum; leaves the first tooth of the next one as the sum. */
function buildComb(table: usize, point: usize): void {
  for (let k: usize = 0; k < TEETH; k++) {
    sumGetCached(TABLE_SCRATCH + k * CACHED)
    for (let i: usize = 0; i < SPACING; i++) sumDouble()
  }
  sumGetPoint(point)
  sumSetIdentity()
  sumAddCached(TABLE_SCRATCH + (TEETH - 1) * CACHED)
  for (let k: usize = 0; k < TEETH - 1; k++) {
    cachedNegate(SELECTED, TABLE_SCRATCH + k * CACHED)
    sumAddCached(SELECTED)
  }
  putSum(table)
  // The other sums in the order of a Gray code: one digit changes at a time, by 2.
  for (let i: usize = 1; i < CHOICES; i++) {
    const changed = ctz(i)
    const index = i ^ (i >>> 1)
    const tooth = TABLE_SCRATCH + changed * CACHED
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
    if (place < SPACING) sumDouble()
    sumBeginRow()
    for (let comb: usize = 0; comb < COMBS; comb++) {
      const teeth = teethAt(place - 1, comb)
      const negative = (teeth >> 4) - 1
      affineSelect(SELECTED, COMB_TABLE + comb * CHOICES * AFFINE, (teeth ^ negative) & 15, negative)
      sumAddAffineInRow(SELECTED)
    }
  }
  sumGetPoint(out)
  wipe(SELECTED, AFFINE)
  wipe(DIGITS, 40)
}
