import { wipe } from './bytes'
import { FIELD, fieldAdd, fieldMultiply, fieldMultiplySmall, fieldSet, fieldSubtract } from './field25519'
import {
  addAffineComplete,
  addEntry,
  complete,
  double,
  EH,
  FG,
  GH,
  multiplyZ,
  PRODUCT,
  SCRATCH,
  SUM_T,
  SUM_XY,
  SUM_Z,
} from './generated/edwards25519'

// The sum of edwards25519-sum.ts for the build with SIMD, over the kernels of tools/kernels/edwards25519.ts.
//
// An affine entry is (y - x, y + x) as a pair, 80 bytes, and 2 d x y, 40 bytes, both reduced. A cached entry begins alike, and has
// its Z at 128.

const PAIR: usize = 80
/** An element of which each limb has 8 bytes. */
const WIDE: usize = 80
const ENTRY_T: usize = 80
const ENTRY_Z: usize = 128

const X: usize = ASC_FEATURE_SIMD ? memory.data(40, 16) : 0
const Y: usize = ASC_FEATURE_SIMD ? memory.data(40, 16) : 0
const DIFFERENCE: usize = ASC_FEATURE_SIMD ? memory.data(40, 16) : 0

function copyField(out: usize, f: usize): void {
  v128.store(out, v128.load(f))
  v128.store(out, v128.load(f, 16), 16)
  store<u64>(out, load<u64>(f, 32), 32)
}

function setPair(out: usize, x: usize, y: usize): void {
  for (let i: usize = 0; i < 40; i += 4) {
    store<u32>(out + 2 * i, load<u32>(x + i))
    store<u32>(out + 2 * i, load<u32>(y + i), 4)
  }
}

function getPair(x: usize, y: usize, pair: usize): void {
  for (let i: usize = 0; i < 40; i += 4) {
    store<u32>(x + i, load<u32>(pair + 2 * i))
    store<u32>(y + i, load<u32>(pair + 2 * i, 4))
  }
}

function setWide(out: usize, f: usize): void {
  for (let i: usize = 0; i < FIELD; i += 4) store<u64>(out + 2 * i, load<u32>(f + i))
}

function getWide(out: usize, f: usize): void {
  for (let i: usize = 0; i < FIELD; i += 4) store<u32>(out + i, load<u64>(f + 2 * i) as u32)
}

export function sumSetIdentitySimd(): void {
  wipe(SUM_XY, PAIR)
  store<u32>(SUM_XY, 1, 4)
  wipe(SUM_Z, WIDE)
  store<u64>(SUM_Z, 1)
  wipe(SUM_T, WIDE)
  wipe(EH, PAIR)
  store<u32>(EH, 1, 4)
}

export function sumSetPointSimd(point: usize): void {
  setPair(SUM_XY, point, point + FIELD)
  setWide(SUM_Z, point + 2 * FIELD)
  fieldSet(X, 1)
  setPair(EH, point + 3 * FIELD, X)
}

export function sumGetPointSimd(point: usize): void {
  getPair(point, point + FIELD, SUM_XY)
  getWide(point + 2 * FIELD, SUM_Z)
  complete()
  getWide(point + 3 * FIELD, SUM_T)
}

export function sumCompleteSimd(): void {
  complete()
}

export function sumDoubleSimd(): void {
  double()
}

export function sumAddAffineSimd(entry: usize): void {
  addEntry(entry, SUM_Z)
}

export function sumAddAffineCompleteSimd(entry: usize): void {
  addAffineComplete(entry)
}

export function sumAddCachedSimd(entry: usize): void {
  multiplyZ(entry + ENTRY_Z)
  addEntry(entry, PRODUCT)
}

export function sumGetCachedSimd(entry: usize, twiceD: usize): void {
  getPair(X, Y, SUM_XY)
  fieldSubtract(DIFFERENCE, Y, X)
  fieldAdd(Y, Y, X)
  fieldMultiplySmall(DIFFERENCE, DIFFERENCE, 1)
  setPair(entry, DIFFERENCE, Y)
  complete()
  getWide(X, SUM_T)
  fieldMultiply(entry + ENTRY_T, X, twiceD)
  getWide(entry + ENTRY_Z, SUM_Z)
}

export function affineFromSimd(entry: usize, sum: usize, difference: usize, t: usize): void {
  setPair(entry, difference, sum)
  copyField(entry + ENTRY_T, t)
}

export function affineNegateSimd(out: usize, entry: usize): void {
  negateHead(out, entry)
}

export function cachedNegateSimd(out: usize, entry: usize): void {
  negateHead(out, entry)
  copyField(out + ENTRY_Z, entry + ENTRY_Z)
}

/** 2p in limbs. */
const TWO_P: usize = ASC_FEATURE_SIMD
  ? memory.data<u32>(
      [
        0x7ffffda, 0x3fffffe, 0x7fffffe, 0x3fffffe, 0x7fffffe, 0x3fffffe, 0x7fffffe, 0x3fffffe, 0x7fffffe, 0x3fffffe, 0,
        0,
      ],
      16,
    )
  : 0

/** Exchanges y - x and y + x, and turns the sign of 2 d x y. */
function negateHead(out: usize, entry: usize): void {
  for (let i: usize = 0; i < PAIR; i += 16) {
    const pair = v128.load(entry + i)
    v128.store(out + i, v128.shuffle<i32>(pair, pair, 1, 0, 3, 2))
  }
  for (let i: usize = 0; i < 48; i += 16) {
    v128.store(out + i, i32x4.sub(v128.load(TWO_P + i), v128.load(entry + i, ENTRY_T)), ENTRY_T)
  }
}

/**
 * Copies the entry at \`table\` with the number \`index\`, below 16, negated where \`negative\` is -1 and not where it is 0: reads all 16,
 * and does the same for each.
 */
export function affineSelectSimd(out: usize, table: usize, index: i32, negative: i32): void {
  const wanted = i32x4.splat(index)
  let number = i32x4.splat(0)
  const one = i32x4.splat(1)
  let v0 = i32x4.splat(0)
  let v1 = v0
  let v2 = v0
  let v3 = v0
  let v4 = v0
  let v5 = v0
  let v6 = v0
  let v7 = v0
  for (let at = table; at < table + 2048; at += 128) {
    const mask = i32x4.eq(wanted, number)
    v0 = v128.or(v0, v128.and(mask, v128.load(at)))
    v1 = v128.or(v1, v128.and(mask, v128.load(at, 16)))
    v2 = v128.or(v2, v128.and(mask, v128.load(at, 32)))
    v3 = v128.or(v3, v128.and(mask, v128.load(at, 48)))
    v4 = v128.or(v4, v128.and(mask, v128.load(at, 64)))
    v5 = v128.or(v5, v128.and(mask, v128.load(at, 80)))
    v6 = v128.or(v6, v128.and(mask, v128.load(at, 96)))
    v7 = v128.or(v7, v128.and(mask, v128.load(at, 112)))
    number = i32x4.add(number, one)
  }
  const minus = i32x4.splat(negative)
  v128.store(out, exchangeIf(minus, v0))
  v128.store(out, exchangeIf(minus, v1), 16)
  v128.store(out, exchangeIf(minus, v2), 32)
  v128.store(out, exchangeIf(minus, v3), 48)
  v128.store(out, exchangeIf(minus, v4), 64)
  v128.store(out, negateIf(minus, v5, v128.load(TWO_P)), 80)
  v128.store(out, negateIf(minus, v6, v128.load(TWO_P, 16)), 96)
  v128.store(out, negateIf(minus, v7, v128.load(TWO_P, 32)), 112)
}

function exchangeIf(mask: v128, pair: v128): v128 {
  return v128.xor(pair, v128.and(mask, v128.xor(pair, v128.shuffle<i32>(pair, pair, 1, 0, 3, 2))))
}

function negateIf(mask: v128, value: v128, twoP: v128): v128 {
  return i32x4.add(i32x4.sub(v128.xor(value, mask), mask), v128.and(mask, twoP))
}

export function sumWipeSimd(): void {
  wipe(SUM_XY, PAIR)
  wipe(SUM_Z, WIDE)
  wipe(SUM_T, WIDE)
  wipe(PRODUCT, WIDE)
  wipe(FG, PAIR)
  wipe(EH, PAIR)
  wipe(GH, PAIR)
  wipe(SCRATCH, 320)
  wipe(X, FIELD)
  wipe(Y, FIELD)
  wipe(DIFFERENCE, FIELD)
}
