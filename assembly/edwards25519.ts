import { differenceOfWords, wipe } from './bytes'
import {
  FIELD,
  fieldAdd,
  fieldCopy,
  fieldDecode,
  fieldEncode,
  fieldMultiply,
  fieldMultiplySmall,
  fieldNegate,
  fieldNonZero,
  fieldSet,
  fieldSign,
  fieldSquare,
  fieldSubtract,
  fieldWipe,
} from './field25519'
import { fieldInvert } from './field25519-invert'
import { fieldPowerForRoot, fieldPowersForRoots } from './field25519-power'

// Points of edwards25519, -x^2 + y^2 = 1 + d x^2 y^2, RFC 8032 §5.1.
//
// A point is X, Y, Z, T in memory, all reduced, with x = X/Z, y = Y/Z, xy = T/Z (§5.1.4). Points are added in edwards25519-sum.ts.

export const POINT: usize = 160
const Y: usize = 40
const Z: usize = 80
const T: usize = 120

/** d = -121665/121666. */
const D = memory.data<u32>(
  [56195235, 13857412, 51736253, 6949390, 114729, 24766616, 60832955, 30306712, 48412415, 21499315],
  16,
)
const SQRT_MINUS_1 = memory.data<u32>(
  [34513072, 25610706, 9377949, 3500415, 12389472, 33281959, 41962654, 31548777, 326685, 11406482],
  16,
)
/** y = 4/5, x even, and their product (§5.1). */
const BASE_X = memory.data<u32>(
  [52811034, 25909283, 16144682, 17082669, 27570973, 30858332, 40966398, 8378388, 20764389, 8758491],
  16,
)
const BASE_Y = memory.data<u32>(
  [40265304, 26843545, 13421772, 20132659, 26843545, 6710886, 53687091, 13421772, 40265318, 26843545],
  16,
)
const BASE_T = memory.data<u32>(
  [28827043, 27438313, 39759291, 244362, 8635006, 11264893, 19351346, 13413597, 16611511, 27139452],
  16,
)

const A = memory.data(40, 16)
const B = memory.data(40, 16)
const E = memory.data(40, 16)
const F = memory.data(40, 16)
const G = memory.data(40, 16)
const BYTES = memory.data(32, 16)
export function pointSetBase(out: usize): void {
  fieldCopy(out, BASE_X)
  fieldCopy(out + Y, BASE_Y)
  fieldSet(out + Z, 1)
  fieldCopy(out + T, BASE_T)
}

export function pointNegate(out: usize, p: usize): void {
  fieldNegate(out, p)
  fieldCopy(out + Y, p + Y)
  fieldCopy(out + Z, p + Z)
  fieldNegate(out + T, p + T)
}

/**
 * Tells whether 8 P is the identity. x is 0 where P has order 1 or 2, y where it has order 4, and x^2 + y^2, the numerator of the y
 * of 2 P, where it has order 8. For public points.
 */
export function pointHasSmallOrder(p: usize): bool {
  fieldSquare(A, p)
  fieldSquare(B, p + Y)
  fieldAdd(A, A, B)
  fieldMultiply(B, p, p + Y)
  fieldMultiply(A, A, B)
  return fieldNonZero(A) == 0
}

/** Writes the 32 bytes of §5.1.2: y, and the sign of x in bit 255. */
export function pointEncode(out: usize, p: usize): void {
  fieldInvert(A, p + Z)
  fieldMultiply(B, p, A)
  fieldMultiply(A, p + Y, A)
  fieldEncode(out, A)
  store<u32>(out, load<u32>(out, 28) | (fieldSign(B) << 31), 28)
}

/** Writes u = (1 + y)/(1 - y), the x-coordinate on Curve25519 (RFC 7748 §4.1). */
export function pointToMontgomery(out: usize, p: usize): void {
  fieldSubtract(A, p + Z, p + Y)
  fieldInvert(A, A)
  fieldAdd(B, p + Z, p + Y)
  fieldMultiply(A, B, A)
  fieldEncode(out, A)
}

/** A = u = y^2 - 1 and B = v = d y^2 + 1, where x^2 = u/v; E = v^3. u is 3-fold, v 2-fold. */
function computeFraction(p: usize): void {
  fieldSquare(A, p + Y)
  fieldMultiply(B, A, D)
  fieldSubtract(A, A, p + Z)
  fieldAdd(B, B, p + Z)
  fieldSquare(E, B)
  fieldMultiply(E, E, B)
}

/** Reads y, and writes u v^7, whose power (p - 5)/8 is the heart of x. False where the bytes are not canonical. */
function decodeY(out: usize, bytes: usize, base: usize): bool {
  fieldDecode(out + Y, bytes)
  fieldSet(out + Z, 1)
  fieldEncode(BYTES, out + Y)
  store<u32>(BYTES, load<u32>(BYTES, 28) | (load<u32>(bytes, 28) & 0x80000000), 28)
  if (differenceOfWords(BYTES, bytes, 32) != 0) return false
  computeFraction(out)
  fieldSquare(base, E)
  fieldMultiply(base, base, B)
  fieldMultiply(base, base, A)
  return true
}

/** Computes x and T from y and the power. False where there is no such point. */
function decodeX(out: usize, sign: u32, power: usize): bool {
  computeFraction(out)
  fieldMultiply(out, power, E)
  fieldMultiply(out, out, A) // u v^3 (u v^7)^((p - 5)/8)
  fieldSquare(E, out)
  fieldMultiply(E, E, B) // v x^2: u, or -u, or there is no root
  fieldMultiplySmall(A, A, 1) // u, reduced, to be subtracted
  fieldSubtract(B, E, A)
  if (fieldNonZero(B) != 0) {
    fieldAdd(B, E, A)
    if (fieldNonZero(B) != 0) return false
    fieldMultiply(out, out, SQRT_MINUS_1)
  }
  if (fieldSign(out) != sign) {
    if (fieldNonZero(out) == 0) return false
    fieldNegate(out, out)
  }
  fieldMultiply(out + T, out, out + Y)
  return true
}

function signOf(bytes: usize): u32 {
  return load<u32>(bytes, 28) >>> 31
}

/** Reads a point (§5.1.3). False where the bytes are not canonical or no point of the curve. For public points. */
export function pointDecode(out: usize, bytes: usize): bool {
  if (!decodeY(out, bytes, F)) return false
  fieldPowerForRoot(G, F)
  return decodeX(out, signOf(bytes), G)
}

/** Reads two points, with SIMD quicker than one by one. False where either cannot be read. */
export function pointDecodeTwo(out1: usize, bytes1: usize, out2: usize, bytes2: usize): bool {
  if (!decodeY(out1, bytes1, F) || !decodeY(out2, bytes2, G)) return false
  fieldPowersForRoots(F, G)
  return decodeX(out1, signOf(bytes1), F) && decodeX(out2, signOf(bytes2), G)
}

export function edwardsWipe(): void {
  wipe(A, FIELD)
  wipe(B, FIELD)
  wipe(E, FIELD)
  wipe(F, FIELD)
  wipe(G, FIELD)
  fieldWipe()
}
