import { FIELD, fieldMultiply, fieldSquare } from './field25519'
import { pairMultiply, pairSquare } from './generated/edwards25519'

// Powers in the field of Curve25519 with fixed exponents, by addition chains: the same steps for every base. For public numbers.
// The build with SIMD raises two elements in little more than the time of one.

const T0 = memory.data(ASC_FEATURE_SIMD ? 80 : 40, 16)
const T1 = memory.data(ASC_FEATURE_SIMD ? 80 : 40, 16)
const T2 = memory.data(ASC_FEATURE_SIMD ? 80 : 40, 16)
const T3 = memory.data(ASC_FEATURE_SIMD ? 80 : 40, 16)

function multiply(out: usize, f: usize, g: usize, pairs: bool): void {
  if (ASC_FEATURE_SIMD) {
    if (pairs) {
      pairMultiply(out, f, g)
      return
    }
  }
  fieldMultiply(out, f, g)
}

/** Squares `times` times, at least once. */
function squareTimes(out: usize, f: usize, times: i32, pairs: bool): void {
  if (ASC_FEATURE_SIMD) {
    if (pairs) {
      pairSquare(out, f)
      for (let i = 1; i < times; i++) pairSquare(out, out)
      return
    }
  }
  fieldSquare(out, f)
  for (let i = 1; i < times; i++) fieldSquare(out, out)
}

/** z^(2^252 - 3) of an element, or of both of a pair. */
function power(out: usize, z: usize, pairs: bool): void {
  squareTimes(T0, z, 1, pairs) // 2
  squareTimes(T1, T0, 2, pairs) // 8
  multiply(T1, z, T1, pairs) // 9
  multiply(T0, T0, T1, pairs) // 11
  squareTimes(T2, T0, 1, pairs) // 22
  multiply(T1, T1, T2, pairs) // 31 = 2^5 - 1
  squareTimes(T2, T1, 5, pairs)
  multiply(T1, T2, T1, pairs) // 2^10 - 1
  squareTimes(T2, T1, 10, pairs)
  multiply(T2, T2, T1, pairs) // 2^20 - 1
  squareTimes(T3, T2, 20, pairs)
  multiply(T2, T3, T2, pairs) // 2^40 - 1
  squareTimes(T2, T2, 10, pairs)
  multiply(T1, T2, T1, pairs) // 2^50 - 1
  squareTimes(T2, T1, 50, pairs)
  multiply(T2, T2, T1, pairs) // 2^100 - 1
  squareTimes(T3, T2, 100, pairs)
  multiply(T2, T3, T2, pairs) // 2^200 - 1
  squareTimes(T2, T2, 50, pairs)
  multiply(T1, T2, T1, pairs) // 2^250 - 1
  squareTimes(T1, T1, 2, pairs)
  multiply(out, T1, z, pairs)
}

/** Raises to (p - 5) / 8 = 2^252 - 3, the heart of a square root. `z` is reduced, and not `out`. */
export function fieldPowerForRoot(out: usize, z: usize): void {
  power(out, z, false)
}

const PAIR = memory.data(ASC_FEATURE_SIMD ? 80 : 8, 16)
const POWERS = memory.data(ASC_FEATURE_SIMD ? 80 : 8, 16)

/** Raises two elements in place. */
export function fieldPowersForRoots(x: usize, y: usize): void {
  if (ASC_FEATURE_SIMD) {
    for (let i: usize = 0; i < FIELD; i += 4) {
      store<u32>(PAIR + 2 * i, load<u32>(x + i))
      store<u32>(PAIR + 2 * i, load<u32>(y + i), 4)
    }
    power(POWERS, PAIR, true)
    for (let i: usize = 0; i < FIELD; i += 4) {
      store<u32>(x + i, load<u32>(POWERS + 2 * i))
      store<u32>(y + i, load<u32>(POWERS + 2 * i, 4))
    }
  } else {
    power(T3, x, false)
    for (let i: usize = 0; i < FIELD; i += 8) store<u64>(x + i, load<u64>(T3 + i))
    power(T3, y, false)
    for (let i: usize = 0; i < FIELD; i += 8) store<u64>(y + i, load<u64>(T3 + i))
  }
}
