import { describe, expect, it } from 'vitest'
import { crypto as core } from '../../runtime/crypto/index.ts'
import { encodePoint, multiplyBase, toX25519PublicKey } from '../oracle/ed25519.ts'
import { nobleCrypto } from '../oracle/noble-crypto.ts'
import { nodeCrypto } from '../oracle/node-crypto.ts'
import { randomFrom } from '../oracle/random.ts'
import { slowCrypto } from '../oracle/slow-crypto.ts'
import { decodeScalar25519 } from '../oracle/x25519.ts'
import { toHex } from './hex.ts'

const CASES = 1000
/** noble's curves take milliseconds: it is asked about fewer. */
const NOBLE_CASES = 50
const LADDER_CASES = 100

describe('on random keys the core agrees with the slow twin, node:crypto and noble', { timeout: 60_000 }, () => {
  it('about X25519', () => {
    const { bytes } = randomFrom(1)
    for (let i = 0; i < CASES; i++) {
      const secret = bytes(32)
      const peer = bytes(32)
      const shared = toHex(core.x25519.getSharedSecret(secret, peer))
      expect(shared).toBe(toHex(slowCrypto.x25519.getSharedSecret(secret, peer)))
      expect(shared).toBe(toHex(nodeCrypto.x25519.getSharedSecret(secret, peer)))
      if (i < NOBLE_CASES) expect(shared).toBe(toHex(nobleCrypto.x25519.getSharedSecret(secret, peer)))
    }
  })

  it('about X25519 public keys', () => {
    const { bytes } = randomFrom(2)
    for (let i = 0; i < CASES; i++) {
      const secret = bytes(32)
      const publicKey = toHex(core.x25519.getPublicKey(secret))
      // u = (1 + y)/(1 - y) of the multiple on the Edwards curve: quicker than the ladder, which is asked too.
      expect(publicKey).toBe(toHex(toX25519PublicKey(encodePoint(multiplyBase(decodeScalar25519(secret))))))
      expect(publicKey).toBe(toHex(nodeCrypto.x25519.getPublicKey(secret)))
      if (i < LADDER_CASES) expect(publicKey).toBe(toHex(slowCrypto.x25519.getPublicKey(secret)))
    }
  })

  it('about Ed25519 public keys and signatures', () => {
    const { bytes, below } = randomFrom(3)
    for (let i = 0; i < CASES; i++) {
      const secret = bytes(32)
      const message = bytes(below(70))
      const publicKey = toHex(core.ed25519.getPublicKey(secret))
      const signature = toHex(core.ed25519.sign(message, secret))
      expect(publicKey).toBe(toHex(slowCrypto.ed25519.getPublicKey(secret)))
      expect(signature).toBe(toHex(slowCrypto.ed25519.sign(message, secret)))
      const key = core.ed25519.signingKey(secret)
      expect(toHex(key.publicKey)).toBe(publicKey)
      expect(toHex(key.sign(message))).toBe(signature)
      expect(publicKey).toBe(toHex(nodeCrypto.ed25519.getPublicKey(secret)))
      expect(signature).toBe(toHex(nodeCrypto.ed25519.sign(message, secret)))
    }
  })

  it('about signatures that verify, and ones with a flipped bit', () => {
    const { bytes, below } = randomFrom(4)
    for (let i = 0; i < CASES; i++) {
      const secret = bytes(32)
      const message = bytes(1 + below(70))
      const publicKey = core.ed25519.getPublicKey(secret)
      const signature = core.ed25519.sign(message, secret)
      expect(core.ed25519.verify(signature, message, publicKey)).toBe(true)
      expect(slowCrypto.ed25519.verify(signature, message, publicKey)).toBe(true)
      const broken = [signature, message, publicKey][below(3)]!
      broken[below(broken.length)]! ^= 1 << below(8)
      expect(core.ed25519.verify(signature, message, publicKey)).toBe(false)
      if (i < NOBLE_CASES) expect(slowCrypto.ed25519.verify(signature, message, publicKey)).toBe(false)
    }
  })

  it('about the X25519 keys that belong to Ed25519 keys', () => {
    const { bytes } = randomFrom(5)
    for (let i = 0; i < CASES; i++) {
      const secret = bytes(32)
      const publicKey = core.ed25519.getPublicKey(secret)
      const converted = core.ed25519.toX25519PublicKey(publicKey)
      expect(toHex(converted)).toBe(toHex(slowCrypto.ed25519.toX25519PublicKey(publicKey)))
      const convertedSecret = core.ed25519.toX25519SecretKey(secret)
      expect(toHex(convertedSecret)).toBe(toHex(slowCrypto.ed25519.toX25519SecretKey(secret)))
      expect(toHex(core.x25519.getPublicKey(convertedSecret))).toBe(toHex(converted))
      if (i < NOBLE_CASES) {
        expect(toHex(converted)).toBe(toHex(nobleCrypto.ed25519.toX25519PublicKey(publicKey)))
        expect(toHex(convertedSecret)).toBe(toHex(nobleCrypto.ed25519.toX25519SecretKey(secret)))
      }
    }
  })
})
