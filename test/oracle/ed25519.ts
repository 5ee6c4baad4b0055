import type { SignedMessage } from '../../runtime/crypto/crypto.ts'
import { concat, fromLittleEndian, mod, power, toLittleEndian } from './numbers.ts'
import { sha512 } from './sha2.ts'
import { decodeScalar25519 } from './x25519.ts'

// Ed25519 from RFC 8032 §5.1 and the Python of its §6. Verification is strict, as crypto.ts says.

const p = 2n ** 255n - 19n
/** The order of the base point. */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n
const d = mod(-121665n * power(121666n, p - 2n, p), p)
const sqrtMinus1 = power(2n, (p - 1n) / 4n, p)

/** Extended homogeneous coordinates (§5.1.4). */
export type Point = readonly [x: bigint, y: bigint, z: bigint, t: bigint]

export const identity: Point = [0n, 1n, 1n, 0n]

export function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = ((y1 - x1) * (y2 - x2)) % p
  const b = ((y1 + x1) * (y2 + x2)) % p
  const c = (((2n * t1 * t2) % p) * d) % p
  const dd = (2n * z1 * z2) % p
  const [e, f, g, h] = [b - a, dd - c, dd + c, b + a]
  return [mod(e * f, p), mod(g * h, p), mod(f * g, p), mod(e * h, p)]
}

export function multiply(scalar: bigint, point: Point): Point {
  let sum = identity
  let doubled = point
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = add(sum, doubled)
    doubled = add(doubled, doubled)
  }
  return sum
}

export function equal([x1, y1, z1]: Point, [x2, y2, z2]: Point): boolean {
  return (x1 * z2 - x2 * z1) % p === 0n && (y1 * z2 - y2 * z1) % p === 0n
}

/** §5.1.3, step by step; `undefined` where decoding fails. */
export function decodePoint(bytes: Uint8Array): Point | undefined {
  const number = fromLittleEndian(bytes)
  const sign = number >> 255n
  const y = number & ((1n << 255n) - 1n)
  if (y >= p) return undefined
  const u = mod(y * y - 1n, p)
  const v = mod(d * y * y + 1n, p)
  let x = mod(u * v ** 3n * power(u * v ** 7n, (p - 5n) / 8n, p), p)
  if (mod(v * x * x, p) === mod(-u, p)) x = mod(x * sqrtMinus1, p)
  if (mod(v * x * x, p) !== u) return undefined
  if (x === 0n && sign === 1n) return undefined
  if ((x & 1n) !== sign) x = p - x
  return [x, y, 1n, mod(x * y, p)]
}

/** §5.1.2. */
export function encodePoint([x, y, z]: Point): Uint8Array {
  const inverse = power(z, p - 2n, p)
  const sign = mod(x * inverse, p) & 1n
  return toLittleEndian(mod(y * inverse, p) | (sign << 255n), 32)
}

export const basePoint: Point = decodePoint(toLittleEndian(mod(4n * power(5n, p - 2n, p), p), 32))!

/** Row i holds 0, 1, … 255 times 2^(8 i) B, so that a multiple of B is 32 additions. */
const baseTable: Point[][] = []
for (let row = 0, point = basePoint; row < 32; row++) {
  const multiples = [identity]
  for (let digit = 1; digit <= 256; digit++) multiples.push(add(multiples[digit - 1]!, point))
  point = multiples.pop()!
  baseTable.push(multiples)
}

export function multiplyBase(scalar: bigint): Point {
  return baseTable.reduce((sum, row, i) => add(sum, row[Number((scalar >> BigInt(8 * i)) & 255n)]!), identity)
}

/** §5.1.5. */
export function getPublicKey(secretKey: Uint8Array): Uint8Array {
  return encodePoint(multiplyBase(decodeScalar25519(sha512(secretKey).subarray(0, 32))))
}

/** The number k of §5.1.6 and §5.1.7. */
export function challenge(rBytes: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return fromLittleEndian(sha512(concat(rBytes, publicKey, message))) % L
}

/** §5.1.6. */
export function sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  const hashed = sha512(secretKey)
  const s = decodeScalar25519(hashed.subarray(0, 32))
  const publicKey = encodePoint(multiplyBase(s))
  const r = fromLittleEndian(sha512(concat(hashed.subarray(32), message))) % L
  const rBytes = encodePoint(multiplyBase(r))
  return concat(rBytes, toLittleEndian((r + challenge(rBytes, publicKey, message) * s) % L, 32))
}

export function hasSmallOrder(point: Point): boolean {
  return equal(multiply(8n, point), identity)
}

/** §5.1.7 with points of small order refused, and the equation multiplied by `cofactor`. */
function verifyTimes(cofactor: bigint, signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  const r = decodePoint(signature.subarray(0, 32))
  const a = decodePoint(publicKey)
  const s = fromLittleEndian(signature.subarray(32))
  if (!r || !a || s >= L || hasSmallOrder(r) || hasSmallOrder(a)) return false
  const k = challenge(signature.subarray(0, 32), publicKey, message)
  return equal(multiply(cofactor, multiplyBase(s)), multiply(cofactor, add(r, multiply(k, a))))
}

/** Without the factor 8. */
export function verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  return verifyTimes(1n, signature, message, publicKey)
}

/** Each with the factor 8. */
export function verifyBatch(items: readonly SignedMessage[]): boolean[] {
  return items.map(({ signature, message, publicKey }) => verifyTimes(8n, signature, message, publicKey))
}

/** L times a random point is one of the eight of small order; this is one that has order 8. */
export function pointOfOrder8(randomBytes: (lengthBytes: number) => Uint8Array): Point {
  for (;;) {
    const point = decodePoint(randomBytes(32))
    const torsion = point && multiply(L, point)
    if (torsion && !equal(multiply(4n, torsion), identity)) return torsion
  }
}

/** The birational map of RFC 7748 §4.1: u = (1 + y)/(1 - y). */
export function toX25519PublicKey(publicKey: Uint8Array): Uint8Array {
  const y = fromLittleEndian(publicKey) & ((1n << 255n) - 1n)
  return toLittleEndian(mod((1n + y) * power(1n - y, p - 2n, p), p), 32)
}

export function toX25519SecretKey(secretKey: Uint8Array): Uint8Array {
  return toLittleEndian(decodeScalar25519(sha512(secretKey).subarray(0, 32)), 32)
}
