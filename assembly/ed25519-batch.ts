import { copyWords, differenceOfWords, wipe } from './bytes'
import { pointDecode, pointDecodeTwo, pointHasSmallOrder } from './edwards25519'
import {
  addBaseDigit,
  addDigit,
  BASE_DIGITS,
  BASE_WIDTH,
  buildBaseMultiples,
  oddMultiples,
  recode,
} from './edwards25519-public'
import { CACHED, sumDouble, sumGetPoint, sumSetIdentity } from './edwards25519-sum'
import { fieldNonZero } from './field25519'
import { scalarIsCanonical, scalarMultiplyAdd, scalarReduceWide } from './scalar25519'
import { sha512Final, sha512Init, sha512Update } from './sha512'
import { KEY_INVALID, MISUSE, NOT_AUTHENTIC, OK } from './status'

// Many Ed25519 signatures at once. All are valid, up to points of small order, exactly where
//
//   8 sum of z_i (R_i + k_i A_i - S_i B) = 0
//
// holds for random z_i of 128 bits, but for a chance of 2^-128. One sequence of doublings serves all of them. The z_i are derived
// from all that they multiply (docs/decisions.md says why that is sound): whoever wants to choose a signature so that it makes up
// for another has to choose before the z_i are known.
//
//   batchBegin; for each item: batchItem, update* of ed25519.ts, batchItemEnd; then batchEnd
//
// Everything is in memory that the host lends: a list of terms to add, then the items.

/** Digits of width 4: four odd multiples of each point. Width 5 saves as many additions as its tables cost. */
const WIDTH: u32 = 4
const MULTIPLES: usize = 4
/** A point and its scalar: 256 digits, then the table. */
const TERM: usize = 256 + MULTIPLES * CACHED
const TABLE: usize = 256

const MAX_ITEMS: usize = 64
/** Addresses of the terms that are added up: two for each item. */
const LIST: usize = MAX_ITEMS * 8

/** An item: R, S, A and k, as they are hashed; z, with 16 bytes of zeros; the scalar of A; whose A that is; the terms of R and A. */
const S: usize = 32
const A: usize = 64
const K: usize = 96
const HASHED: usize = 128
const Z: usize = 128
const SCALAR: usize = 160
const OWNER: usize = 192
const R_TERM: usize = 208
const A_TERM: usize = R_TERM + TERM
const ITEM: usize = A_TERM + TERM

const DIGEST = memory.data(80, 16)
const SUM_OF_S = memory.data(32, 16)
const DECODED_A = memory.data(160, 16)
const DECODED_R = memory.data(160, 16)
const ZERO = memory.data(32, 16)
const MINUS_ONE = memory.data<u64>([0x5812631a5cf5d3ec, 0x14def9dea2f79cd6, 0, 0x1000000000000000])
/** "Ed25519 batch v1": ends the hash that the z_i are derived from. */
const LABEL = memory.data<u64>([0x2039313535326445, 0x3176206863746162])

let list: usize = 0
let items: usize = 0
let capacity: usize = 0
let count: usize = 0

/** Starts a batch in `bytes` of memory at a multiple of 16. Returns how many items fit. */
export function ed25519BatchBegin(memory: usize, bytes: usize): i32 {
  list = memory
  items = memory + LIST
  count = 0
  capacity = 0
  for (let used = LIST + ITEM; used <= bytes && capacity < MAX_ITEMS; used += ITEM) capacity++
  return capacity as i32
}

function item(i: usize): usize {
  return items + i * ITEM
}

/** Decodes R, and A unless that was done for another item. */
function decodePoints(at: usize, withA: bool): i32 {
  if (withA) {
    if (!pointDecodeTwo(DECODED_A, at + A, DECODED_R, at))
      return pointDecode(DECODED_A, at + A) ? NOT_AUTHENTIC : KEY_INVALID
    if (pointHasSmallOrder(DECODED_A)) return KEY_INVALID
    oddMultiples(at + A_TERM + TABLE, MULTIPLES, DECODED_A)
  } else if (!pointDecode(DECODED_R, at)) {
    return NOT_AUTHENTIC
  }
  if (pointHasSmallOrder(DECODED_R)) return NOT_AUTHENTIC
  oddMultiples(at + R_TERM + TABLE, MULTIPLES, DECODED_R)
  return OK
}

/** Returns the item whose term has the public key of item `i`: the first with that key. */
function ownerOf(i: usize): usize {
  let owner: usize = 0
  while (owner < i && differenceOfWords(item(owner) + A, item(i) + A, 32) != 0) owner++
  return owner
}

/**
 * Starts an item, unless its encodings are refused: then it does not count. Beyond what RFC 8032 §5.1.7 asks, A and R are not of
 * small order. Only after `OK` may the item go on.
 */
export function ed25519BatchItem(signature: usize, publicKey: usize): i32 {
  if (count >= capacity) return MISUSE
  const at = item(count)
  copyWords(at, signature, 64)
  copyWords(at + A, publicKey, 32)
  const owner = ownerOf(count)
  store<u32>(at + OWNER, owner as u32)
  if (!scalarIsCanonical(at + S)) return NOT_AUTHENTIC
  const status = decodePoints(at, owner == count)
  if (status != OK) return status
  sha512Init()
  sha512Update(at, 32)
  sha512Update(at + A, 32)
  return OK
}

/** Ends an item after its message. */
export function ed25519BatchItemEnd(): void {
  sha512Final(DIGEST)
  scalarReduceWide(item(count) + K, DIGEST)
  count++
}

/** Derives the z_i: 128 bits each, four from a digest of the digest of all items. */
function deriveCoefficients(): void {
  sha512Init()
  for (let i: usize = 0; i < count; i++) sha512Update(item(i), HASHED)
  sha512Update(LABEL, 16)
  sha512Final(DIGEST)
  for (let i: usize = 0; i < count; i++) {
    if ((i & 3) == 0) {
      store<u64>(DIGEST, i as u64, 64)
      sha512Init()
      sha512Update(DIGEST, 72)
      sha512Final(DECODED_A)
    }
    wipe(item(i) + Z, 32)
    copyWords(item(i) + Z, DECODED_A + ((i & 3) << 4), 16)
  }
}

/** Checks the equation for the items from `from` on and before `to`. */
function equationHolds(from: usize, to: usize): bool {
  let terms: usize = 0
  let highest = 0
  for (let i: usize = 0; i < to; i++) wipe(item(i) + SCALAR, 32)
  wipe(SUM_OF_S, 32)
  for (let i = from; i < to; i++) {
    const at = item(i)
    const scalar = item(load<u32>(at + OWNER) as usize) + SCALAR
    scalarMultiplyAdd(SUM_OF_S, at + Z, at + S, SUM_OF_S)
    scalarMultiplyAdd(scalar, at + Z, at + K, scalar)
    highest = max(highest, recode(at + R_TERM, at + Z, WIDTH))
    store<u32>(list + (terms++ << 2), (at + R_TERM) as u32)
  }
  for (let i: usize = 0; i < to; i++) {
    const at = item(i)
    if (differenceOfWords(at + SCALAR, ZERO, 32) == 0) continue
    highest = max(highest, recode(at + A_TERM, at + SCALAR, WIDTH))
    store<u32>(list + (terms++ << 2), (at + A_TERM) as u32)
  }
  scalarMultiplyAdd(SUM_OF_S, SUM_OF_S, MINUS_ONE, ZERO)
  highest = max(highest, recode(BASE_DIGITS, SUM_OF_S, BASE_WIDTH))

  sumSetIdentity()
  for (let place = highest as usize; ; place--) {
    sumDouble()
    for (let at = list; at < list + (terms << 2); at += 4) {
      const term = load<u32>(at) as usize
      const digit = load<i8>(term + place) as i32
      if (digit != 0) addDigit(term + TABLE, digit)
    }
    addBaseDigit(load<i8>(BASE_DIGITS + place))
    if (place == 0) break
  }
  // Times 8, the sum is in the group of order L, where only the identity has x = 0.
  sumDouble()
  sumDouble()
  sumDouble()
  sumGetPoint(DECODED_A)
  return fieldNonZero(DECODED_A) == 0
}

/**
 * Writes a byte for each item: 1 where it verifies, 0 where it does not. Returns `OK` where all do. When the batch fails, each
 * item is checked by itself: so what it gets does not depend on the others.
 */
export function ed25519BatchEnd(results: usize): i32 {
  let status = OK
  if (count > 0) {
    buildBaseMultiples()
    deriveCoefficients()
    const all = equationHolds(0, count)
    for (let i: usize = 0; i < count; i++) {
      const holds = all || equationHolds(i, i + 1)
      store<u8>(results + i, holds ? 1 : 0)
      if (!holds) status = NOT_AUTHENTIC
    }
  }
  capacity = 0
  count = 0
  return status
}
