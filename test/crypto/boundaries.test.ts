import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { loadCore } from '../../runtime/crypto/core.ts'
import { chooseCore } from '../../runtime/crypto/core-choice.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import { nodeCrypto } from '../oracle/node-crypto.ts'
import { randomFrom } from '../oracle/random.ts'
import { hex } from './hex.ts'

const { chunkBytes } = loadCore(Buffer.from(chooseCore(), 'base64'))
const around = (...lengths: number[]): number[] => lengths.flatMap((length) => [length - 1, length, length + 1])

/** Around the blocks of Poly1305, ChaCha20, SHA-256 and SHA-512 and their paddings, and around the window. */
const short = [0, ...around(2, 16, 32, 48, 56, 64, 80, 112, 120, 128, 192, 240, 256, 384, 512)]
const long = [...around(chunkBytes, 2 * chunkBytes), 300_000]
const lengths = [...short, ...long]

const { bytes } = randomFrom(31)
const [key, nonce, seed] = [bytes(32), bytes(24), bytes(32)]
const data = bytes(300_100)
const aeads = ['chacha20poly1305', 'xchacha20poly1305'] as const
const nonceFor = (name: (typeof aeads)[number]): Uint8Array => nonce.subarray(0, crypto[name].nonceBytes)
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

describe('at every length around blocks and the window', () => {
  it('hashes and MACs are those of node:crypto', () => {
    for (const length of lengths) {
      const message = data.subarray(1, 1 + length)
      for (const name of ['sha256', 'sha512'] as const) {
        expect(equal(crypto[name](message), createHash(name).update(message).digest()), `${name} ${length}`).toBe(true)
      }
      expect(equal(crypto.hmacSha256(key, message), createHmac('sha256', key).update(message).digest())).toBe(true)
      expect(equal(crypto.hmacSha512(message, key), createHmac('sha512', message).update(key).digest())).toBe(true)
      expect(equal(crypto.hmacSha256(message, key), createHmac('sha256', message).update(key).digest())).toBe(true)
    }
  })

  it.each(aeads)('%s seals and opens like node:crypto', (name) => {
    for (const length of lengths) {
      const plaintext = data.subarray(3, 3 + length)
      const sealed = crypto[name].seal(key, nonceFor(name), plaintext, nonce)
      expect(equal(sealed, nodeCrypto[name].seal(key, nonceFor(name), plaintext, nonce)), `${length}`).toBe(true)
      expect(equal(crypto[name].open(key, nonceFor(name), sealed, nonce), plaintext), `${length}`).toBe(true)
    }
  })

  it.each(aeads)('%s takes additional data of that length', (name) => {
    for (const length of lengths) {
      const aad = data.subarray(5, 5 + length)
      const sealed = crypto[name].seal(key, nonceFor(name), seed, aad)
      expect(equal(sealed, nodeCrypto[name].seal(key, nonceFor(name), seed, aad)), `${length}`).toBe(true)
      expect(equal(crypto[name].open(key, nonceFor(name), sealed, aad), seed)).toBe(true)
    }
  })

  it('Ed25519 signs and verifies like node:crypto', () => {
    const publicKey = crypto.ed25519.getPublicKey(seed)
    for (const length of lengths) {
      const message = data.subarray(7, 7 + length)
      const signature = crypto.ed25519.sign(message, seed)
      expect(equal(signature, nodeCrypto.ed25519.sign(message, seed)), `${length}`).toBe(true)
      expect(crypto.ed25519.verify(signature, message, publicKey)).toBe(true)
    }
  })

  it('key derivations give every length up to their limit', () => {
    const whole = crypto.hkdfSha256.expand(key, nonce, 8160)
    const concat = crypto.concatKdfSha256(key, nonce, 8160)
    for (const length of [0, ...around(32, 64, 4096), 8159, 8160]) {
      expect(equal(crypto.hkdfSha256.expand(key, nonce, length), whole.subarray(0, length))).toBe(true)
      expect(equal(crypto.concatKdfSha256(key, nonce, length), concat.subarray(0, length))).toBe(true)
    }
    expect(equal(whole, nodeCrypto.hkdf(hex(''), hex(''), nonce, 8160))).toBe(false)
    expect(
      equal(
        crypto.hkdfSha256.expand(crypto.hkdfSha256.extract(key), nonce, 8160),
        nodeCrypto.hkdf(key, hex(''), nonce, 8160),
      ),
    ).toBe(true)
  })
})

describe('the caller may give the output', () => {
  it('and gets it back, cut to what was written', () => {
    const out = new Uint8Array(100).fill(0xee)
    const digest = crypto.sha256(data, out)
    expect(digest.buffer).toBe(out.buffer)
    expect(equal(digest, crypto.sha256(data))).toBe(true)
    expect(out.subarray(32).every((byte) => byte === 0xee)).toBe(true)
    const exact = new Uint8Array(64)
    expect(crypto.sha512(data, exact)).toBe(exact)
    for (const make of [
      (out?: Uint8Array) => crypto.x25519.getPublicKey(seed, out),
      (out?: Uint8Array) => crypto.x25519.getSharedSecret(seed, crypto.x25519.getPublicKey(key), out),
      (out?: Uint8Array) => crypto.ed25519.getPublicKey(seed, out),
      (out?: Uint8Array) => crypto.ed25519.sign(data, seed, out),
      (out?: Uint8Array) => crypto.ed25519.toX25519PublicKey(crypto.ed25519.getPublicKey(seed), out),
      (out?: Uint8Array) => crypto.ed25519.toX25519SecretKey(seed, out),
      (out?: Uint8Array) => crypto.hmacSha256(key, data, out),
      (out?: Uint8Array) => crypto.hmacSha512(key, data, out),
    ]) {
      const fresh = make()
      const given = new Uint8Array(fresh.length)
      expect(make(given)).toBe(given)
      expect(equal(given, fresh)).toBe(true)
    }
  })

  it('over an input: keys, messages and signatures', () => {
    const secret = seed.slice()
    expect(equal(crypto.x25519.getPublicKey(secret, secret), crypto.x25519.getPublicKey(seed))).toBe(true)
    const message = data.slice(0, 100_000)
    const expected = crypto.ed25519.sign(message, seed)
    crypto.ed25519.sign(message, seed, message)
    expect(equal(message.subarray(0, 64), expected)).toBe(true)
  })

  it.each(aeads)('over the text of %s, before it, in it and behind it', (name) => {
    for (const length of [0, 1, 64, 1000, chunkBytes, chunkBytes + 1, 200_000]) {
      const plaintext = data.subarray(0, length)
      const expected = crypto[name].seal(key, nonceFor(name), plaintext, seed)
      for (const shift of [-1000, -64, -1, 0, 1, 16, 63, 64, 1000, chunkBytes]) {
        const from = 1000
        // A Buffer of Node, whose slice is no copy.
        const shared = Buffer.alloc(length + 16 + 2000 + chunkBytes)
        shared.set(plaintext, from)
        const sealed = shared.subarray(from + shift, from + shift + length + 16)
        crypto[name].seal(key, nonceFor(name), shared.subarray(from, from + length), seed, sealed)
        expect(equal(sealed, expected), `seal ${length} ${shift}`).toBe(true)

        shared.fill(0).set(expected, from)
        const opened = shared.subarray(from + shift, from + shift + length)
        crypto[name].open(key, nonceFor(name), shared.subarray(from, from + length + 16), seed, opened)
        expect(equal(opened, plaintext), `open ${length} ${shift}`).toBe(true)
      }
    }
  })

  it.each(aeads)('and %s leaves it untouched where the tag is wrong', (name) => {
    for (const length of [0, 1, 100, chunkBytes + 1, 200_000]) {
      const sealed = crypto[name].seal(key, nonceFor(name), data.subarray(0, length), seed)
      for (const position of [0, length >> 1, length, length + 15]) {
        const broken = sealed.slice()
        broken[position]! ^= 0x80
        const out = new Uint8Array(length).fill(0xee)
        expect(() => crypto[name].open(key, nonceFor(name), broken, seed, out)).toThrow('tag')
        expect(out.every((byte) => byte === 0xee)).toBe(true)
        // The core is ready again after the failure.
        expect(equal(crypto[name].open(key, nonceFor(name), sealed, seed), data.subarray(0, length))).toBe(true)
      }
    }
  })

  it('and a shared secret that is refused leaves it untouched', () => {
    const out = new Uint8Array(32).fill(0xee)
    expect(() => crypto.x25519.getSharedSecret(seed, new Uint8Array(32), out)).toThrow('public key')
    expect(out.every((byte) => byte === 0xee)).toBe(true)
  })
})

describe('memory that another thread shares', () => {
  it('works as input and output', () => {
    const length = chunkBytes * 2
    const shared = new Uint8Array(new SharedArrayBuffer(length))
    shared.set(data.subarray(0, length))
    expect(equal(crypto.ed25519.sign(shared, seed), crypto.ed25519.sign(data.subarray(0, length), seed))).toBe(true)
    const sealed = new Uint8Array(new SharedArrayBuffer(length + 16))
    crypto.chacha20poly1305.seal(key, nonce.subarray(12), shared, undefined, sealed)
    expect(equal(crypto.chacha20poly1305.open(key, nonce.subarray(12), sealed), shared)).toBe(true)
  })
})
