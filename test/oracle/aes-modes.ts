import type { Aead, KeyWrap } from '../../runtime/crypto/crypto.ts'
import { DidCommError } from '../../runtime/errors.ts'
import {
  aesCtr,
  aesDecryptBlock,
  aesEncryptBlock,
  blocksOf,
  cbcDecrypt,
  cbcEncrypt,
  cbcMac,
  paddedWithZeros,
} from './aes.ts'
import { hmacSha512 } from './derivation.ts'
import { concat, fromBigEndian, toBigEndian, zeros } from './numbers.ts'

// The modes of AES as their standards write them.

type Bytes = Uint8Array

/** The ciphers that `Crypto` has over AES. */
export interface AesCiphers {
  readonly a256cbcHs512: Aead
  readonly a256gcm: Aead
  readonly aes128gcm: Aead
  readonly aesCcm16_64_128: Aead
  readonly aesCcm16_128_128: Aead
  readonly aesCcm16_64_256: Aead
  readonly aesCcm16_128_256: Aead
  readonly a256kw: KeyWrap
}

/** Multiplication of blocks in GF(2^128), NIST SP 800-38D §6.3: the first bit of a block is that of x^0. */
export function gcmMultiply(x: bigint, y: bigint): bigint {
  let product = 0n
  let v = y
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) product ^= v
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n
  }
  return product
}

/** GHASH, §6.4. */
export function ghash(hashKey: Bytes, bytes: Bytes): Bytes {
  const h = fromBigEndian(hashKey)
  const sum = blocksOf(bytes).reduce((y, block) => gcmMultiply(y ^ fromBigEndian(block), h), 0n)
  return toBigEndian(sum, 16)
}

const bits = (bytes: Bytes): Bytes => toBigEndian(BigInt(bytes.length) * 8n, 8)

/** GCM, §7, with a nonce of any length: returns the text, encrypted or decrypted, and the tag over the ciphertext. */
export function gcm(
  key: Bytes,
  nonce: Bytes,
  text: Bytes,
  aad: Bytes,
  opening: boolean,
): { result: Bytes; tag: Bytes } {
  const hashKey = aesEncryptBlock(key, zeros(16))
  const j0 =
    nonce.length === 12
      ? concat(nonce, Uint8Array.of(0, 0, 0, 1))
      : ghash(hashKey, concat(paddedWithZeros(nonce), zeros(8), bits(nonce)))
  const next = concat(j0.subarray(0, 12), toBigEndian((fromBigEndian(j0.subarray(12)) + 1n) & 0xffffffffn, 4))
  const result = aesCtr(key, next, text)
  const ciphertext = opening ? text : result
  const hash = ghash(hashKey, concat(paddedWithZeros(aad), paddedWithZeros(ciphertext), bits(aad), bits(ciphertext)))
  return { result, tag: aesCtr(key, j0, hash) }
}

/** CCM, RFC 3610 §2, with a length field of 15 - nonce bytes. */
export function ccm(
  key: Bytes,
  nonce: Bytes,
  input: Bytes,
  aad: Bytes,
  opening: boolean,
  tagBytes: number = 16,
): { result: Bytes; tag: Bytes } {
  const lengthBytes = 15 - nonce.length
  const counter = (i: number): Bytes =>
    concat(Uint8Array.of(lengthBytes - 1), nonce, toBigEndian(BigInt(i), lengthBytes))
  const result = aesCtr(key, counter(1), input)
  const text = opening ? result : input
  const flags = (aad.length > 0 ? 64 : 0) + 8 * ((tagBytes - 2) / 2) + (lengthBytes - 1)
  const first = concat(Uint8Array.of(flags), nonce, toBigEndian(BigInt(text.length), lengthBytes))
  const aadLength =
    aad.length < 0xff00
      ? toBigEndian(BigInt(aad.length), 2)
      : concat(Uint8Array.of(0xff, 0xfe), toBigEndian(BigInt(aad.length), 4))
  const data = aad.length > 0 ? paddedWithZeros(concat(aadLength, aad)) : zeros(0)
  const mac = cbcMac(key, concat(first, data, paddedWithZeros(text)))
  return { result, tag: aesCtr(key, counter(0), mac).slice(0, tagBytes) }
}

function refuse(): never {
  throw new DidCommError('ERR_CRYPTO_TAG', 'the tag is wrong')
}

const same = (a: Bytes, b: Bytes): boolean => Buffer.compare(a, b) === 0

function aead(
  [keyBytes, nonceBytes, tagBytes]: readonly [number, number, number],
  run: (key: Bytes, nonce: Bytes, text: Bytes, aad: Bytes, opening: boolean) => { result: Bytes; tag: Bytes },
): Aead {
  return {
    keyBytes,
    nonceBytes,
    tagBytes,
    seal(key, nonce, plaintext, aad = zeros(0)) {
      const { result, tag } = run(key, nonce, plaintext, aad, false)
      return concat(result, tag)
    },
    open(key, nonce, ciphertext, aad = zeros(0)) {
      if (ciphertext.length < tagBytes) refuse()
      const { result, tag } = run(key, nonce, ciphertext.slice(0, -tagBytes), aad, true)
      return same(tag, ciphertext.slice(-tagBytes)) ? result : refuse()
    },
  }
}

const ccmAead = (keyBytes: number, tagBytes: number): Aead =>
  aead([keyBytes, 13, tagBytes], (key, nonce, text, aad, opening) => ccm(key, nonce, text, aad, opening, tagBytes))

/** RFC 7518 §5.2.2 with the parameters of §5.2.5. */
const a256cbcHs512: Aead = {
  keyBytes: 64,
  nonceBytes: 16,
  tagBytes: 32,
  seal(key, nonce, plaintext, aad = zeros(0)) {
    const padding = 16 - (plaintext.length % 16)
    const encrypted = cbcEncrypt(key.subarray(32), nonce, concat(plaintext, zeros(padding).fill(padding)))
    return concat(encrypted, cbcHs512Tag(key, nonce, encrypted, aad))
  },
  open(key, nonce, ciphertext, aad = zeros(0)) {
    const encrypted = ciphertext.slice(0, -32)
    if (ciphertext.length < 48 || encrypted.length % 16 !== 0) refuse()
    if (!same(cbcHs512Tag(key, nonce, encrypted, aad), ciphertext.slice(-32))) refuse()
    const padded = cbcDecrypt(key.subarray(32), nonce, encrypted)
    const padding = padded.at(-1) ?? 0
    if (padding < 1 || padding > 16 || !padded.subarray(-padding).every((byte) => byte === padding)) refuse()
    return padded.slice(0, -padding)
  },
}

function cbcHs512Tag(key: Bytes, nonce: Bytes, encrypted: Bytes, aad: Bytes): Bytes {
  return hmacSha512(key.subarray(0, 32), concat(aad, nonce, encrypted, bits(aad))).slice(0, 32)
}

/** RFC 3394 §2.2, by index. */
const a256kw: KeyWrap = {
  keyBytes: 32,
  wrapKey(kek, key) {
    const r = Array.from({ length: key.length / 8 }, (_, i) => key.slice(8 * i, 8 * i + 8))
    let a: Bytes = zeros(8).fill(0xa6)
    let t = 0n
    for (let j = 0; j < 6; j++) {
      r.forEach((half, i) => {
        const b = aesEncryptBlock(kek, concat(a, half))
        a = toBigEndian(fromBigEndian(b.subarray(0, 8)) ^ ++t, 8)
        r[i] = b.slice(8)
      })
    }
    return concat(a, ...r)
  },
  unwrapKey(kek, wrapped) {
    let a = wrapped.slice(0, 8)
    const r = Array.from({ length: wrapped.length / 8 - 1 }, (_, i) => wrapped.slice(8 * i + 8, 8 * i + 16))
    let t = BigInt(6 * r.length)
    for (let j = 0; j < 6; j++) {
      for (let i = r.length - 1; i >= 0; i--) {
        const b = aesDecryptBlock(kek, concat(toBigEndian(fromBigEndian(a) ^ t--, 8), r[i] ?? zeros(8)))
        a = b.slice(0, 8)
        r[i] = b.slice(8)
      }
    }
    return same(a, zeros(8).fill(0xa6)) ? concat(...r) : refuse()
  },
}

export const slowAes: AesCiphers = {
  a256cbcHs512,
  a256gcm: aead([32, 12, 16], gcm),
  aes128gcm: aead([16, 12, 16], gcm),
  aesCcm16_64_128: ccmAead(16, 8),
  aesCcm16_128_128: ccmAead(16, 16),
  aesCcm16_64_256: ccmAead(32, 8),
  aesCcm16_128_256: ccmAead(32, 16),
  a256kw,
}
