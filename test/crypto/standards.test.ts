import { describe, expect, it } from 'vitest'
import type { Crypto } from '../../runtime/crypto/crypto.ts'
import { crypto as core } from '../../runtime/crypto/index.ts'
import { chacha20Block, hchacha20, poly1305 } from '../oracle/chacha20-poly1305.ts'
import { nobleCrypto } from '../oracle/noble-crypto.ts'
import { slowCrypto } from '../oracle/slow-crypto.ts'
import { ownVectors } from '../vectors.ts'
import { hex, toHex } from './hex.ts'

interface AeadVector {
  key: string
  nonce: string
  aad: string
  plaintext: string
  ciphertext: string
  tag: string
}

const rfc7748 = ownVectors<{
  x25519: { scalar: string; u: string; out: string }[]
  iterated: Record<string, string>
  diffieHellman: Record<'alicePrivate' | 'alicePublic' | 'bobPrivate' | 'bobPublic' | 'shared', string>
}>('rfc7748.json')
const rfc8032 = ownVectors<{
  tests: { name: string; secretKey: string; publicKey: string; message: string; signature: string }[]
}>('rfc8032.json')
const rfc8439 = ownVectors<{
  block: { key: string; counter: number; nonce: string; out: string }
  poly1305: { key: string; message: string; tag: string }
  aead: AeadVector[]
}>('rfc8439.json')
const xchacha = ownVectors<{ hchacha20: { key: string; nonce: string; out: string }; aead: AeadVector }>('xchacha.json')
const sha2 = ownVectors<{ tests: { text: string; repeat: number; sha256: string; sha512: string }[] }>('sha2.json')
const rfc4231 = ownVectors<{ tests: { key: string; data: string; hmacSha256: string; hmacSha512: string }[] }>(
  'rfc4231.json',
)
const rfc5869 = ownVectors<{
  tests: { ikm: string; salt: string; info: string; length: number; prk: string; okm: string }[]
}>('rfc5869.json')
const rfc7518 = ownVectors<{
  a256cbcHs512: AeadVector
  concatKdf: { sharedSecret: string; otherInfo: string; lengthBytes: number; out: string }
}>('rfc7518.json')
const aes = ownVectors<{
  gcm: ({ testCase: string } & AeadVector)[]
  ccm: { packet: string; key: string; nonce: string; aad: string; plaintext: string; sealed: string }[]
}>('aes.json')
const rfc3394 = ownVectors<{ tests: { section: string; kek: string; key: string; wrapped: string }[] }>('rfc3394.json')

const implementations: [name: string, crypto: Crypto][] = [
  ['the core', core],
  ['noble', nobleCrypto],
  ['the slow twin', slowCrypto],
]

/** Hashing a million letters takes the slow twin minutes. */
const maxTwinBytes = 10_000

describe.each(implementations)('%s gives what the standards print', (_, crypto) => {
  it('for the scalar multiplications of RFC 7748 §5.2', () => {
    for (const { scalar, u, out } of rfc7748.x25519) {
      expect(toHex(crypto.x25519.getSharedSecret(hex(scalar), hex(u)))).toBe(out)
    }
  })

  it('for the key agreement of RFC 7748 §6.1', () => {
    const { alicePrivate, alicePublic, bobPrivate, bobPublic, shared } = rfc7748.diffieHellman
    expect(toHex(crypto.x25519.getPublicKey(hex(alicePrivate)))).toBe(alicePublic)
    expect(toHex(crypto.x25519.getPublicKey(hex(bobPrivate)))).toBe(bobPublic)
    expect(toHex(crypto.x25519.getSharedSecret(hex(alicePrivate), hex(bobPublic)))).toBe(shared)
    expect(toHex(crypto.x25519.getSharedSecret(hex(bobPrivate), hex(alicePublic)))).toBe(shared)
  })

  it.each(rfc8032.tests)('for $name of RFC 8032 §7.1', ({ secretKey, publicKey, message, signature }) => {
    expect(toHex(crypto.ed25519.getPublicKey(hex(secretKey)))).toBe(publicKey)
    expect(toHex(crypto.ed25519.sign(hex(message), hex(secretKey)))).toBe(signature)
    expect(crypto.ed25519.verify(hex(signature), hex(message), hex(publicKey))).toBe(true)
  })

  it('for the AEADs of RFC 8439 §2.8.2, A.5 and draft-irtf-cfrg-xchacha-03 A.3.1', () => {
    const cases = [
      ...rfc8439.aead.map((vector) => [crypto.chacha20poly1305, vector] as const),
      [crypto.xchacha20poly1305, xchacha.aead] as const,
    ]
    for (const [aead, { key, nonce, aad, plaintext, ciphertext, tag }] of cases) {
      expect(toHex(aead.seal(hex(key), hex(nonce), hex(plaintext), hex(aad)))).toBe(ciphertext + tag)
      expect(toHex(aead.open(hex(key), hex(nonce), hex(ciphertext + tag), hex(aad)))).toBe(plaintext)
    }
  })

  it('for the hashes of FIPS 180-4 and RFC 6234', () => {
    for (const { text, repeat, sha256, sha512 } of sha2.tests) {
      const message = new TextEncoder().encode(text.repeat(repeat))
      if (crypto === slowCrypto && message.length > maxTwinBytes) continue
      expect(toHex(crypto.sha256(message))).toBe(sha256)
      expect(toHex(crypto.sha512(message))).toBe(sha512)
    }
  })

  it('for the MACs of RFC 4231', () => {
    for (const { key, data, hmacSha256, hmacSha512 } of rfc4231.tests) {
      expect(toHex(crypto.hmacSha256(hex(key), hex(data)))).toBe(hmacSha256)
      expect(toHex(crypto.hmacSha512(hex(key), hex(data)))).toBe(hmacSha512)
    }
  })

  it('for the key derivations of RFC 5869 and RFC 7518 appendix C', () => {
    for (const { ikm, salt, info, length, prk, okm } of rfc5869.tests) {
      expect(toHex(crypto.hkdfSha256.extract(hex(ikm), hex(salt)))).toBe(prk)
      expect(toHex(crypto.hkdfSha256.expand(hex(prk), hex(info), length))).toBe(okm)
      if (salt === '') expect(toHex(crypto.hkdfSha256.extract(hex(ikm)))).toBe(prk)
    }
    const { sharedSecret, otherInfo, lengthBytes, out } = rfc7518.concatKdf
    expect(toHex(crypto.concatKdfSha256(hex(sharedSecret), hex(otherInfo), lengthBytes))).toBe(out)
  })

  it.each(aes.gcm)('for test case $testCase of GCM', ({ key, nonce, aad, plaintext, ciphertext, tag }) => {
    const aead = key.length === 32 ? crypto.aes128gcm : crypto.a256gcm
    expect(toHex(aead.seal(hex(key), hex(nonce), hex(plaintext), hex(aad)))).toBe(ciphertext + tag)
    expect(toHex(aead.open(hex(key), hex(nonce), hex(ciphertext + tag), hex(aad)))).toBe(plaintext)
  })

  it.each(aes.ccm)('for packet vector $packet of RFC 3610 §8', ({ key, nonce, aad, plaintext, sealed }) => {
    const aead = crypto.aesCcm16_64_128
    expect(toHex(aead.seal(hex(key), hex(nonce), hex(plaintext), hex(aad)))).toBe(sealed)
    expect(toHex(aead.open(hex(key), hex(nonce), hex(sealed), hex(aad)))).toBe(plaintext)
  })

  it('for A256CBC-HS512 of RFC 7518 appendix B.3', () => {
    const { key, nonce, aad, plaintext, ciphertext, tag } = rfc7518.a256cbcHs512
    const aead = crypto.a256cbcHs512
    expect(toHex(aead.seal(hex(key), hex(nonce), hex(plaintext), hex(aad)))).toBe(ciphertext + tag)
    expect(toHex(aead.open(hex(key), hex(nonce), hex(ciphertext + tag), hex(aad)))).toBe(plaintext)
  })
})

describe('the standards also print', () => {
  it('a thousand iterations of X25519 (RFC 7748 §5.2)', () => {
    let k = hex(`09${'00'.repeat(31)}`)
    let u = k
    for (let i = 1; i <= 1000; i++) {
      const next = core.x25519.getSharedSecret(k, u)
      u = k
      k = next
      const printed = rfc7748.iterated[i]
      if (printed) expect(toHex(k)).toBe(printed)
    }
    expect(toHex(k)).toBe(rfc7748.iterated[1000])
  })

  it('the parts of the AEADs, which the slow twin gives', () => {
    const { block } = rfc8439
    expect(toHex(chacha20Block(hex(block.key), block.counter, hex(block.nonce)))).toBe(block.out)
    expect(toHex(poly1305(hex(rfc8439.poly1305.key), hex(rfc8439.poly1305.message)))).toBe(rfc8439.poly1305.tag)
    expect(toHex(hchacha20(hex(xchacha.hchacha20.key), hex(xchacha.hchacha20.nonce)))).toBe(xchacha.hchacha20.out)
  })

  it.each(rfc3394.tests)('the wrapped key of RFC 3394 §$section', ({ kek, key, wrapped }) => {
    for (const { a256kw } of [core, nobleCrypto, slowCrypto]) {
      expect(toHex(a256kw.wrapKey(hex(kek), hex(key)))).toBe(wrapped)
      expect(toHex(a256kw.unwrapKey(hex(kek), hex(wrapped)))).toBe(key)
    }
  })
})
