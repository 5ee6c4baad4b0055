import { describe, expect, it } from 'vitest'
import { crypto } from '../../runtime/crypto/index.ts'
import {
  add,
  basePoint,
  challenge,
  decodePoint,
  encodePoint,
  hasSmallOrder,
  L,
  multiply,
  multiplyBase,
  pointOfOrder8,
  verify as slowVerify,
} from '../oracle/ed25519.ts'
import { concat, fromLittleEndian, toLittleEndian } from '../oracle/numbers.ts'
import { randomFrom } from '../oracle/random.ts'
import { hex, toHex } from './hex.ts'

const { bytes } = randomFrom(41)
const p = 2n ** 255n - 19n
const { sign, verify, getPublicKey, toX25519PublicKey } = crypto.ed25519

const torsion = pointOfOrder8(bytes)
const smallOrder = Array.from({ length: 8 }, (_, i) => multiply(BigInt(i), torsion))

/** All encodings that some decoder takes for a small-order point: canonical, y + p, and the sign set where x is 0. */
const smallOrderEncodings = new Set(
  smallOrder.flatMap((point) => {
    const canonical = encodePoint(point)
    const number = fromLittleEndian(canonical)
    const y = number & (2n ** 255n - 1n)
    const both = [number, y, y | (1n << 255n)]
    return [...both, ...both.map((value) => value + p).filter((value) => value < 2n ** 256n)]
      .filter((value) => (value & (2n ** 255n - 1n)) % p === y)
      .map((value) => toHex(toLittleEndian(value, 32)))
  }),
)

describe('Ed25519 is verified strictly', () => {
  const secret = bytes(32)
  const publicKey = getPublicKey(secret)
  const message = bytes(40)
  const signature = sign(message, secret)

  it('the eight points of small order and their other encodings are known here', () => {
    expect(smallOrder.every(hasSmallOrder)).toBe(true)
    expect(smallOrderEncodings.size).toBeGreaterThanOrEqual(14)
  })

  it('S of L or more does not verify', () => {
    const s = fromLittleEndian(signature.subarray(32))
    expect(verify(signature, message, publicKey)).toBe(true)
    for (const larger of [s + L, s + 2n * L, s + 8n * L, L]) {
      const changed = concat(signature.subarray(0, 32), toLittleEndian(larger, 32))
      expect(verify(changed, message, publicKey)).toBe(false)
    }
  })

  it('S just below L verifies where it is right', () => {
    // With a public key of known discrete logarithm, R can be computed for any S.
    const a = 12345n
    const signer = encodePoint(multiplyBase(a))
    const r = bytes(32)
    const rPoint = multiplyBase(fromLittleEndian(r) % L)
    const k = challenge(encodePoint(rPoint), signer, message)
    const s = (fromLittleEndian(r) + k * a) % L
    expect(verify(concat(encodePoint(rPoint), toLittleEndian(s, 32)), message, signer)).toBe(true)
    expect(verify(concat(encodePoint(rPoint), toLittleEndian(s === 0n ? L - 1n : s - 1n, 32)), message, signer)).toBe(
      false,
    )
  })

  it('a public key of small order verifies nothing, not even S = 0 and R = identity', () => {
    for (const encoded of smallOrderEncodings) {
      for (const r of smallOrderEncodings) {
        expect(verify(concat(hex(r), new Uint8Array(32)), message, hex(encoded))).toBe(false)
      }
      expect(verify(signature, message, hex(encoded))).toBe(false)
    }
  })

  it('R of small order does not verify, though the equation holds', () => {
    const a = 98765n
    const signer = encodePoint(multiplyBase(a))
    // R = identity is the commitment to r = 0: then S = k a makes the equation true.
    const r = encodePoint(multiply(0n, basePoint))
    const s = (challenge(r, signer, message) * a) % L
    const forged = concat(r, toLittleEndian(s, 32))
    expect(verify(forged, message, signer)).toBe(false)
    expect(slowVerify(forged, message, signer)).toBe(false)
  })

  it('a public key with a component of small order verifies only where the equation holds without the cofactor', () => {
    const a = 31337n
    const mixed = encodePoint(add(multiplyBase(a), torsion))
    let accepted = 0
    for (let i = 0n; i < 64n; i++) {
      const r = encodePoint(multiplyBase(1000n + i))
      const k = challenge(r, mixed, message)
      const candidate = concat(r, toLittleEndian((1000n + i + k * a) % L, 32))
      // S B - k A differs from R by k times the torsion point: by nothing where 8 divides k.
      expect(verify(candidate, message, mixed)).toBe(k % 8n === 0n)
      expect(slowVerify(candidate, message, mixed)).toBe(k % 8n === 0n)
      if (k % 8n === 0n) accepted++
    }
    expect(accepted).toBeGreaterThan(0)
  })

  it('with components of small order in R, in A or in both, verifies exactly where the slow twin does', () => {
    const a = 4242n
    let accepted = 0
    for (let i = 0n; i < 64n; i++) {
      const mixedKey = encodePoint(add(multiplyBase(a), multiply(i % 8n, torsion)))
      const mixedR = encodePoint(add(multiplyBase(2000n + i), multiply(i / 8n, torsion)))
      const s = (2000n + i + challenge(mixedR, mixedKey, message) * a) % L
      const candidate = concat(mixedR, toLittleEndian(s, 32))
      const expected = slowVerify(candidate, message, mixedKey)
      expect(verify(candidate, message, mixedKey)).toBe(expected)
      if (expected) accepted++
    }
    expect(accepted).toBeGreaterThan(0)
    expect(accepted).toBeLessThan(64)
  })

  it('encodings that are not canonical or not on the curve are no public keys', () => {
    const invalid = expect.objectContaining({ code: 'ERR_KEY_INVALID' })
    let refused = 0
    for (let i = 0n; i < 19n; i++) {
      // y = i, written as p + i.
      for (const sign of [0n, 1n << 255n]) {
        const encoded = toLittleEndian((p + i) | sign, 32)
        expect(verify(signature, message, encoded)).toBe(false)
        expect(() => toX25519PublicKey(encoded)).toThrow(invalid)
      }
    }
    for (let i = 0n; i < 40n; i++) {
      const encoded = toLittleEndian(i, 32)
      const point = decodePoint(encoded)
      if (point && !hasSmallOrder(point)) continue
      expect(() => toX25519PublicKey(encoded)).toThrow(invalid)
      refused++
    }
    expect(refused).toBeGreaterThan(10)
    for (const encoded of smallOrderEncodings) expect(() => toX25519PublicKey(hex(encoded))).toThrow(invalid)
  })

  it('points near p and zero that are on the curve convert as the slow twin does', () => {
    for (const y of [2n, 3n, 4n, 5n, p - 2n, p - 3n, p - 4n, p - 5n, 2n ** 254n, 2n ** 255n - 20n - 19n]) {
      const encoded = toLittleEndian(y, 32)
      const point = decodePoint(encoded)
      if (!point || hasSmallOrder(point)) continue
      expect(toHex(toX25519PublicKey(encoded))).toBe(toHex(slowToX25519(y)))
    }
  })

  it('extreme seeds sign what the slow twin verifies', () => {
    for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
      const seed = new Uint8Array(32).fill(byte)
      const made = sign(message, seed)
      expect(slowVerify(made, message, getPublicKey(seed))).toBe(true)
      expect(verify(made, message, getPublicKey(seed))).toBe(true)
    }
  })
})

function slowToX25519(y: bigint): Uint8Array {
  let inverse = 1n
  for (let exponent = p - 2n, square = (((1n - y) % p) + p) % p; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) inverse = (inverse * square) % p
    square = (square * square) % p
  }
  return toLittleEndian(((1n + y) * inverse) % p, 32)
}
