import { concat, toBigEndian, zeros } from './numbers.ts'
import { sha256, sha512 } from './sha2.ts'

type Hash = (message: Uint8Array) => Uint8Array

/** HMAC as RFC 2104 §2 writes it: H(K XOR opad, H(K XOR ipad, text)). */
function hmac(hash: Hash, blockBytes: number, key: Uint8Array, text: Uint8Array): Uint8Array {
  const short = key.length > blockBytes ? hash(key) : key
  const padded = concat(short, zeros(blockBytes - short.length))
  const inner = padded.map((byte) => byte ^ 0x36)
  const outer = padded.map((byte) => byte ^ 0x5c)
  return hash(concat(outer, hash(concat(inner, text))))
}

export function hmacSha256(key: Uint8Array, text: Uint8Array): Uint8Array {
  return hmac(sha256, 64, key, text)
}

export function hmacSha512(key: Uint8Array, text: Uint8Array): Uint8Array {
  return hmac(sha512, 128, key, text)
}

/** RFC 5869 §2.2. */
export function hkdfExtract(ikm: Uint8Array, salt: Uint8Array = zeros(32)): Uint8Array {
  return hmacSha256(salt, ikm)
}

/** RFC 5869 §2.3: T(1) | T(2) | …, where T(i) = HMAC(PRK, T(i-1) | info | i). */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, lengthBytes: number): Uint8Array {
  let t = zeros(0)
  let okm = zeros(0)
  for (let i = 1; okm.length < lengthBytes; i++) {
    t = hmacSha256(prk, concat(t, info, Uint8Array.of(i)))
    okm = concat(okm, t)
  }
  return okm.slice(0, lengthBytes)
}

/** NIST SP 800-56A §5.8.1: H(counter | Z | OtherInfo) for counter = 1, 2, …, four bytes. */
export function concatKdf(sharedSecret: Uint8Array, otherInfo: Uint8Array, lengthBytes: number): Uint8Array {
  let derived = zeros(0)
  for (let counter = 1n; derived.length < lengthBytes; counter++) {
    derived = concat(derived, sha256(concat(toBigEndian(counter, 4), sharedSecret, otherInfo)))
  }
  return derived.slice(0, lengthBytes)
}
