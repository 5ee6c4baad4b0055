import { describe, expect, it } from 'vitest'
import type { Aead } from '../../runtime/crypto/crypto.ts'
import { crypto as core } from '../../runtime/crypto/index.ts'
import { concatKdf } from '../oracle/derivation.ts'
import { nobleCrypto } from '../oracle/noble-crypto.ts'
import { nodeCrypto } from '../oracle/node-crypto.ts'
import { randomFrom } from '../oracle/random.ts'
import { slowCrypto } from '../oracle/slow-crypto.ts'
import { toHex } from './hex.ts'

const CASES = 1000

describe('on random input the core agrees with the slow twin, node:crypto and noble', { timeout: 60_000 }, () => {
  it.each(['chacha20poly1305', 'xchacha20poly1305'] as const)('about %s', (name) => {
    const { bytes, below } = randomFrom(11)
    const peers: Aead[] = [slowCrypto[name], nodeCrypto[name], nobleCrypto[name]]
    for (let i = 0; i < CASES; i++) {
      const key = bytes(32)
      const nonce = bytes(core[name].nonceBytes)
      const plaintext = bytes(below(300))
      const aad = bytes(below(100))
      const sealed = core[name].seal(key, nonce, plaintext, aad)
      for (const peer of peers) expect(toHex(peer.seal(key, nonce, plaintext, aad))).toBe(toHex(sealed))
      expect(toHex(core[name].open(key, nonce, sealed, aad))).toBe(toHex(plaintext))
      const broken = [sealed, nonce, key][below(3)]!
      broken[below(broken.length)]! ^= 1 << below(8)
      expect(() => core[name].open(key, nonce, sealed, aad)).toThrow(
        expect.objectContaining({ code: 'ERR_CRYPTO_TAG' }),
      )
    }
  })

  it.each(['sha256', 'sha512'] as const)('about %s', (name) => {
    const { bytes, below } = randomFrom(12)
    for (let i = 0; i < CASES; i++) {
      const message = bytes(below(300))
      const digest = toHex(core[name](message))
      for (const peer of [slowCrypto, nodeCrypto, nobleCrypto]) expect(toHex(peer[name](message))).toBe(digest)
    }
  })

  it.each(['hmacSha256', 'hmacSha512'] as const)('about %s', (name) => {
    const { bytes, below } = randomFrom(13)
    for (let i = 0; i < CASES; i++) {
      const key = bytes(below(140))
      const message = bytes(below(140))
      const mac = toHex(core[name](key, message))
      for (const peer of [slowCrypto, nodeCrypto, nobleCrypto]) expect(toHex(peer[name](key, message))).toBe(mac)
    }
  })

  it('about HKDF', () => {
    const { bytes, below } = randomFrom(14)
    for (let i = 0; i < CASES; i++) {
      const ikm = bytes(below(70))
      const salt = bytes(below(70))
      const info = bytes(below(70))
      const lengthBytes = 1 + below(70)
      const prk = core.hkdfSha256.extract(ikm, salt)
      const okm = toHex(core.hkdfSha256.expand(prk, info, lengthBytes))
      expect(toHex(prk)).toBe(toHex(slowCrypto.hkdfSha256.extract(ikm, salt)))
      expect(okm).toBe(toHex(slowCrypto.hkdfSha256.expand(prk, info, lengthBytes)))
      expect(okm).toBe(toHex(nodeCrypto.hkdf(ikm, salt, info, lengthBytes)))
    }
  })

  it('about the Concat KDF', () => {
    const { bytes, below } = randomFrom(15)
    for (let i = 0; i < CASES; i++) {
      const secret = bytes(below(70))
      const otherInfo = bytes(below(130))
      const lengthBytes = 1 + below(70)
      const derived = toHex(core.concatKdfSha256(secret, otherInfo, lengthBytes))
      expect(derived).toBe(toHex(concatKdf(secret, otherInfo, lengthBytes)))
      expect(derived).toBe(toHex(nobleCrypto.concatKdfSha256(secret, otherInfo, lengthBytes)))
    }
  })
})
