import { AFFINE, affineFrom, sumGetPoint } from './edwards25519-sum'
import { FIELD, fieldCopy, fieldMultiply } from './field25519'
import { fieldInvert } from './field25519-invert'

// How tables of affine entries are made. They are of public multiples of the base point.

/** One entry; then what is computed from it, or in the way. */
export const SELECTED = memory.data(176, 16)
/** Room for eight cached entries, or for 16 elements. */
export const TABLE_SCRATCH = memory.data(ASC_FEATURE_SIMD ? 1408 : 1280, 16)

const X = memory.data(40, 16)
const Y = memory.data(40, 16)
const INVERSE = memory.data(40, 16)

/** Makes entries of points: on entry X, Y and Z of each are where the entry will be. At most 16, with one inversion for all. */
export function makeAffine(entries: usize, count: usize): void {
  // Element i of the scratch is the product of Z up to that of point i.
  fieldCopy(TABLE_SCRATCH, entries + 2 * FIELD)
  for (let i: usize = 1; i < count; i++) {
    fieldMultiply(TABLE_SCRATCH + i * FIELD, TABLE_SCRATCH + (i - 1) * FIELD, entries + i * AFFINE + 2 * FIELD)
  }
  fieldInvert(INVERSE, TABLE_SCRATCH + (count - 1) * FIELD)
  for (let i = count; i > 0; i--) {
    const entry = entries + (i - 1) * AFFINE
    if (i > 1) fieldMultiply(SELECTED, INVERSE, TABLE_SCRATCH + (i - 2) * FIELD)
    else fieldCopy(SELECTED, INVERSE)
    fieldMultiply(INVERSE, INVERSE, entry + 2 * FIELD)
    fieldMultiply(X, entry, SELECTED)
    fieldMultiply(Y, entry + FIELD, SELECTED)
    affineFrom(entry, X, Y)
  }
}

/** Writes X, Y and Z of the sum to where its affine entry will be. */
export function putSum(entry: usize): void {
  sumGetPoint(SELECTED)
  for (let i: usize = 0; i < 3 * FIELD; i += 8) store<u64>(entry + i, load<u64>(SELECTED + i))
}
