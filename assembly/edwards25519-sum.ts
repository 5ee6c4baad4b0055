import { wipe } from './bytes'
import {
  affineFromSimd,
  affineNegateSimd,
  affineSelectSimd,
  cachedNegateSimd,
  sumAddAffineCompleteSimd,
  sumAddAffineSimd,
  sumAddCachedSimd,
  sumCompleteSimd,
  sumDoubleSimd,
  sumGetCachedSimd,
  sumGetPointSimd,
  sumSetIdentitySimd,
  sumSetPointSimd,
  sumWipeSimd,
} from './edwards25519-sum-simd'
import {
  FIELD,
  fieldAdd,
  fieldCopy,
  fieldMultiply,
  fieldMultiplySmall,
  fieldNegate,
  fieldSet,
  fieldSquare,
  fieldSubtract,
  fieldSwap,
} from './field25519'

// The sum of points of edwards25519 that a multiplication builds up: one, in static memory, which is doubled and added to. The
// formulas are complete, they hold for all points (RFC 8032 §5.1.4). The build with SIMD has its own in edwards25519-sum-simd.ts.
//
// What is added is made ready as an entry: "affine", for a point with Z = 1, is y + x, y - x, 2 d x y; "cached", for any point, is
// Y + X, Y - X, 2 d T, Z. Where an entry has them, and as what, is known here only.
//
// An addition takes the T of the sum, and a doubling does not. So neither computes the T of its result: who needs it does, from E
// and H, the two numbers that it is the product of.

/** Bytes of the entries in memory, at multiples of 8, with SIMD of 16. */
export const AFFINE: usize = ASC_FEATURE_SIMD ? 128 : 120
export const CACHED: usize = ASC_FEATURE_SIMD ? 176 : 160

const TWICE_D = memory.data<u32>(
  [45281625, 27714825, 36363642, 13898781, 229458, 15978800, 54557047, 27058993, 29715967, 9444199],
  16,
)

const X = memory.data(40, 16)
const Y = memory.data(40, 16)
const Z = memory.data(40, 16)
const T = memory.data(40, 16)
const A = memory.data(40, 16)
const B = memory.data(40, 16)
/** X = E F, Y = G H, Z = F G, T = E H. */
const E = memory.data(40, 16)
const F = memory.data(40, 16)
const G = memory.data(40, 16)
const H = memory.data(40, 16)

/** Sets the sum to the neutral element. */
export function sumSetIdentity(): void {
  if (ASC_FEATURE_SIMD) {
    sumSetIdentitySimd()
  } else {
    fieldSet(X, 0)
    fieldSet(Y, 1)
    fieldSet(Z, 1)
    fieldSet(E, 0)
    fieldSet(H, 1)
    fieldSet(T, 0)
  }
}

/** Sets the sum to a point X, Y, Z, T in memory. */
export function sumSetPoint(point: usize): void {
  if (ASC_FEATURE_SIMD) {
    sumSetPointSimd(point)
  } else {
    fieldCopy(X, point)
    fieldCopy(Y, point + FIELD)
    fieldCopy(Z, point + 2 * FIELD)
    fieldCopy(E, point + 3 * FIELD)
    fieldSet(H, 1)
  }
}

/** Writes X, Y, Z and T of the sum. */
export function sumGetPoint(point: usize): void {
  if (ASC_FEATURE_SIMD) {
    sumGetPointSimd(point)
  } else {
    fieldCopy(point, X)
    fieldCopy(point + FIELD, Y)
    fieldCopy(point + 2 * FIELD, Z)
    fieldMultiply(point + 3 * FIELD, E, H)
  }
}

/** The end of both formulas: E and F at most 5-fold together with what they meet, and their product at most 20-fold. */
function fromFactors(): void {
  fieldMultiply(X, F, E)
  fieldMultiply(Y, G, H)
  fieldMultiply(Z, F, G)
}

/** Doubles: "dbl-2008-hwcd" with a = -1 and the signs of E, F, G, H turned, which leaves their products. */
export function sumDouble(): void {
  if (ASC_FEATURE_SIMD) {
    sumDoubleSimd()
  } else {
    fieldSquare(A, X)
    fieldSquare(B, Y)
    fieldAdd(H, A, B)
    fieldSubtract(G, A, B)
    fieldAdd(E, X, Y)
    fieldSquare(E, E)
    fieldSubtract(E, H, E)
    fieldSquare(F, Z)
    fieldAdd(F, F, F)
    fieldAdd(F, F, G)
    fromFactors()
  }
}

/** Adds: "add-2008-hwcd-3" with a = -1, as in RFC 8032 §5.1.4. B is Z, or the product of both Z. */
function addEntry(entry: usize): void {
  fieldAdd(F, B, B) // D
  fieldMultiply(T, E, H)
  fieldSubtract(A, Y, X)
  fieldMultiply(A, A, entry + FIELD)
  fieldAdd(B, Y, X)
  fieldMultiply(B, B, entry)
  fieldSubtract(E, B, A)
  fieldAdd(H, B, A)
  fieldMultiply(A, T, entry + 2 * FIELD) // C
  fieldAdd(G, F, A)
  fieldSubtract(F, F, A)
  fromFactors()
}

/** Adds an affine entry. */
export function sumAddAffine(entry: usize): void {
  if (ASC_FEATURE_SIMD) {
    sumAddAffineSimd(entry)
  } else {
    fieldCopy(B, Z)
    addEntry(entry)
  }
}

/** Sets T for the first of a row of `sumAddAffineInRow`. */
export function sumBeginRow(): void {
  if (ASC_FEATURE_SIMD) sumCompleteSimd()
}

/** Adds an affine entry after another: where vectors are used, T is best computed at the end of the addition before. */
export function sumAddAffineInRow(entry: usize): void {
  if (ASC_FEATURE_SIMD) sumAddAffineCompleteSimd(entry)
  else sumAddAffine(entry)
}

/** Adds a cached entry. */
export function sumAddCached(entry: usize): void {
  if (ASC_FEATURE_SIMD) {
    sumAddCachedSimd(entry)
  } else {
    fieldMultiply(B, Z, entry + 3 * FIELD)
    addEntry(entry)
  }
}

/** Writes the sum as a cached entry. */
export function sumGetCached(entry: usize): void {
  if (ASC_FEATURE_SIMD) {
    sumGetCachedSimd(entry, TWICE_D)
  } else {
    fieldAdd(entry, Y, X)
    fieldSubtract(entry + FIELD, Y, X)
    fieldMultiply(T, E, H)
    fieldMultiply(entry + 2 * FIELD, T, TWICE_D)
    fieldCopy(entry + 3 * FIELD, Z)
  }
}

/** Writes the affine entry of the point x, y, both reduced. It is reduced. */
export function affineFrom(entry: usize, x: usize, y: usize): void {
  fieldAdd(A, y, x)
  fieldSubtract(B, y, x)
  fieldMultiply(E, x, y)
  fieldMultiplySmall(A, A, 1)
  fieldMultiplySmall(B, B, 1)
  fieldMultiply(E, E, TWICE_D)
  if (ASC_FEATURE_SIMD) {
    affineFromSimd(entry, A, B, E)
  } else {
    fieldCopy(entry, A)
    fieldCopy(entry + FIELD, B)
    fieldCopy(entry + 2 * FIELD, E)
  }
}

/** Makes the affine entry of -P from that of P. */
export function affineNegate(out: usize, entry: usize): void {
  if (ASC_FEATURE_SIMD) {
    affineNegateSimd(out, entry)
  } else {
    fieldCopy(out, entry + FIELD)
    fieldCopy(out + FIELD, entry)
    fieldNegate(out + 2 * FIELD, entry + 2 * FIELD)
  }
}

/** Makes the cached entry of -P from that of P. */
export function cachedNegate(out: usize, entry: usize): void {
  if (ASC_FEATURE_SIMD) {
    cachedNegateSimd(out, entry)
  } else {
    affineNegate(out, entry)
    fieldCopy(out + 3 * FIELD, entry + 3 * FIELD)
  }
}

/** Entries that `affineSelect` chooses from. */
export const CHOICES: usize = 16

/**
 * Copies the affine entry of a secret `index` below 16 out of a table, negated where `negative` is -1 and not where it is 0: reads
 * all entries, and does the same for each.
 */
export function affineSelect(out: usize, table: usize, index: i32, negative: i32): void {
  if (ASC_FEATURE_SIMD) {
    affineSelectSimd(out, table, index, negative)
    return
  }
  for (let part: usize = 0; part < AFFINE; part += FIELD) {
    let v0: u64 = 0
    let v1: u64 = 0
    let v2: u64 = 0
    let v3: u64 = 0
    let v4: u64 = 0
    let at = table + part
    for (let entry = 0; entry < (CHOICES as i32); entry++) {
      // All ones where entry == index: only then does 0 - 1 borrow.
      const mask = (((entry ^ index) as i64) - 1) >> 63
      v0 |= load<u64>(at) & mask
      v1 |= load<u64>(at, 8) & mask
      v2 |= load<u64>(at, 16) & mask
      v3 |= load<u64>(at, 24) & mask
      v4 |= load<u64>(at, 32) & mask
      at += AFFINE
    }
    store<u64>(out + part, v0)
    store<u64>(out + part, v1, 8)
    store<u64>(out + part, v2, 16)
    store<u64>(out + part, v3, 24)
    store<u64>(out + part, v4, 32)
  }
  fieldSwap(out, out + FIELD, -negative)
  fieldNegate(A, out + 2 * FIELD)
  fieldSwap(out + 2 * FIELD, A, -negative)
}

export function sumWipe(): void {
  if (ASC_FEATURE_SIMD) {
    sumWipeSimd()
  } else {
    wipe(X, FIELD)
    wipe(Y, FIELD)
    wipe(Z, FIELD)
    wipe(T, FIELD)
    wipe(F, FIELD)
    wipe(G, FIELD)
    wipe(H, FIELD)
  }
  wipe(A, FIELD)
  wipe(B, FIELD)
  wipe(E, FIELD)
}
