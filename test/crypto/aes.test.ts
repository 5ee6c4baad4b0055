import { describe, expect, it } from 'vitest'
import { loadCore } from '../../runtime/crypto/core.ts'
import { chooseCore } from '../../runtime/crypto/core-choice.ts'
import type { Aead } from '../../runtime/crypto/crypto.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import { nobleAes } from '../oracle/noble-aes.ts'
import { cbcHs512Tag, nodeAes, sealCbcHs512 } from '../oracle/node-aes.ts'
import { randomFrom } from '../oracle/random.ts'
import { toHex } from './hex.ts'

const CASES = 1000
const ciphers = [
  'a256gcm',
  'aes128gcm',
  'aesCcm16_64_128',
  'aesCcm16_128_128',
  'aesCcm16_64_256',
  'aesCcm16_128_256',
  'a256cbcHs512',
] as const
const wrongTag = expect.objectContaining({ code: 'ERR_CRYPTO_TAG', message: 'the authentication tag does not match' })
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const { chunkBytes } = loadCore(Buffer.from(chooseCore(), 'base64'))
const around = (...lengths: number[]): number[] => lengths.flatMap((length) => [length - 1, length, length + 1])

/** What OpenSSL can do: its CCM takes no empty text. */
function peersFor(name: (typeof ciphers)[number], textBytes: number): Aead[] {
  const node = textBytes === 0 && name.startsWith('aesCcm') ? [] : [nodeAes[name]]
  return [...node, nobleAes[name]]
}

describe.each(ciphers)('%s', (name) => {
  const cipher = crypto[name]
  const { bytes, below } = randomFrom(ciphers.indexOf(name) + 51)
  const inputs = (textBytes: number, aadBytes: number) =>
    [bytes(cipher.keyBytes), bytes(cipher.nonceBytes), bytes(textBytes), bytes(aadBytes)] as const
  const maxBytes = name.startsWith('aesCcm') ? 65_535 : Infinity

  it('refuses what was tampered with, wherever it was', () => {
    for (let i = 0; i < CASES; i++) {
      const [key, nonce, plaintext, aad] = inputs(below(100), 1 + below(40))
      const sealed = cipher.seal(key, nonce, plaintext, aad)
      const broken = [key, nonce, sealed, aad][below(4)]!
      // Of the key of A256CBC-HS512, the half that the MAC uses.
      broken[below(Math.min(broken.length, broken === key ? 32 : Infinity))]! ^= 1 << below(8)
      expect(() => cipher.open(key, nonce, sealed, aad)).toThrow(wrongTag)
    }
    const [key, nonce, plaintext, aad] = inputs(40, 20)
    const sealed = cipher.seal(key, nonce, plaintext, aad)
    for (let length = 0; length < sealed.length; length++) {
      expect(() => cipher.open(key, nonce, sealed.subarray(0, length), aad)).toThrow(wrongTag)
    }
    for (let bit = 0; bit < 8 * cipher.tagBytes; bit++) {
      const forged = sealed.slice()
      forged[sealed.length - 1 - (bit >> 3)]! ^= 1 << (bit & 7)
      expect(() => cipher.open(key, nonce, forged, aad)).toThrow(wrongTag)
    }
  })

  it('agrees with node:crypto and noble at every length around blocks and the window', { timeout: 60_000 }, () => {
    const short = [0, ...around(2, 16, 32, 64, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096)]
    const [key, nonce, data] = inputs(0, 300_000).filter((part) => part.length > 0)
    if (!key || !nonce || !data) throw new Error('no inputs')
    for (const length of [...short, ...around(chunkBytes, 2 * chunkBytes), 65_535, 300_000]) {
      const text = data.subarray(0, Math.min(length, maxBytes))
      const aad = data.subarray(1, 1 + length)
      for (const [plaintext, also] of [
        [text, key],
        [nonce, aad],
      ] as const) {
        const sealed = cipher.seal(key, nonce, plaintext, also)
        for (const peer of peersFor(name, plaintext.length)) {
          expect(equal(peer.seal(key, nonce, plaintext, also), sealed), `${plaintext.length} ${also.length}`).toBe(true)
        }
        expect(equal(cipher.open(key, nonce, sealed, also), plaintext), `${plaintext.length} ${also.length}`).toBe(true)
      }
    }
  })

  it('writes over its input, before it, in it and behind it', () => {
    const [key, nonce, data, aad] = inputs(140_000, 77)
    for (const length of [0, 1, 64, 1000, 65_000, chunkBytes + 1, 140_000].filter((bytes) => bytes <= maxBytes)) {
      const plaintext = data.subarray(0, length)
      const expected = cipher.seal(key, nonce, plaintext, aad)
      for (const shift of [-1000, -64, -1, 0, 1, 16, 63, 1000, chunkBytes]) {
        const from = 1000
        // A Buffer of Node, whose slice is no copy.
        const shared = Buffer.alloc(expected.length + 2000 + chunkBytes)
        shared.set(plaintext, from)
        const sealed = shared.subarray(from + shift, from + shift + expected.length)
        cipher.seal(key, nonce, shared.subarray(from, from + length), aad, sealed)
        expect(equal(sealed, expected), `seal ${length} ${shift}`).toBe(true)

        shared.fill(0).set(expected, from)
        const room = shared.subarray(from + shift, from + shift + expected.length - cipher.tagBytes)
        const opened = cipher.open(key, nonce, shared.subarray(from, from + expected.length), aad, room)
        expect(equal(opened, plaintext), `open ${length} ${shift}`).toBe(true)
        expect(opened.buffer).toBe(shared.buffer)
      }
    }
  })

  it('leaves the output untouched where the tag is wrong, and works on', () => {
    const [key, nonce, data, aad] = inputs(140_000, 77)
    for (const length of [0, 1, 100, 65_000, chunkBytes + 1, 140_000].filter((bytes) => bytes <= maxBytes)) {
      const sealed = cipher.seal(key, nonce, data.subarray(0, length), aad)
      for (const position of [0, length >> 1, sealed.length - 1]) {
        const broken = sealed.slice()
        broken[position]! ^= 0x80
        const out = new Uint8Array(sealed.length).fill(0xee)
        expect(() => cipher.open(key, nonce, broken, aad, out)).toThrow(wrongTag)
        expect(out.every((byte) => byte === 0xee)).toBe(true)
        expect(equal(cipher.open(key, nonce, sealed, aad), data.subarray(0, length))).toBe(true)
      }
    }
  })

  it('takes memory that another thread shares', () => {
    const [key, nonce, data] = inputs(1000, 0)
    const shared = new Uint8Array(new SharedArrayBuffer(1000))
    shared.set(data)
    const sealed = cipher.seal(key, nonce, shared)
    const sharedSealed = new Uint8Array(new SharedArrayBuffer(sealed.length))
    cipher.seal(key, nonce, data, undefined, sharedSealed)
    expect(equal(sealed, sharedSealed)).toBe(true)
    expect(equal(cipher.open(key, nonce, sharedSealed), data)).toBe(true)
  })
})

describe('A256CBC-HS512', () => {
  const { bytes } = randomFrom(61)
  const { a256cbcHs512 } = crypto

  it('says the same about wrong padding as about a wrong tag', () => {
    const [key, nonce] = [bytes(64), bytes(16)]
    const refusedWith = (block: Uint8Array): void => {
      const sealed = sealCbcHs512(key, nonce, block, new Uint8Array(0), false)
      const out = new Uint8Array(block.length).fill(0xee)
      expect(() => a256cbcHs512.open(key, nonce, sealed, undefined, out)).toThrow(wrongTag)
      expect(out.every((byte) => byte === 0xee)).toBe(true)
    }
    for (const length of [16, 32, 48]) {
      const block = bytes(length)
      for (const last of [0, 17, 0x20, 0x80, 0xff]) refusedWith(block.fill(last, length - 1))
      for (let padding = 2; padding <= 16; padding++) {
        for (let wrong = 2; wrong <= padding; wrong++) {
          const padded = block.fill(padding, length - padding).slice()
          padded[length - wrong]! ^= 1
          refusedWith(padded)
        }
      }
    }
  })

  it('takes every padding that is right', () => {
    const [key, nonce] = [bytes(64), bytes(16)]
    for (const length of [16, 32, 80]) {
      for (let padding = 1; padding <= 16; padding++) {
        const padded = bytes(length).fill(padding, length - padding)
        const sealed = sealCbcHs512(key, nonce, padded, new Uint8Array(0), false)
        expect(toHex(a256cbcHs512.open(key, nonce, sealed))).toBe(toHex(padded.subarray(0, length - padding)))
      }
    }
  })

  it('says the same about text that is no whole number of blocks, or none at all', () => {
    const [key, nonce, aad] = [bytes(64), bytes(16), new Uint8Array(0)]
    for (const text of [bytes(20), bytes(0)]) {
      const sealed = Buffer.concat([text, cbcHs512Tag(key, nonce, text, aad)])
      expect(() => a256cbcHs512.open(key, nonce, sealed)).toThrow(wrongTag)
    }
  })
})

describe('AES-CCM', () => {
  it('refuses to seal more than its length field holds, and opens nothing of that length', () => {
    const [key, nonce] = [new Uint8Array(16), new Uint8Array(13)]
    const text = new Uint8Array(65_536)
    const message = '"plaintext" expected Uint8Array of length 0..65535, got length=65536'
    expect(() => crypto.aesCcm16_64_128.seal(key, nonce, text)).toThrow(new RangeError(message))
    expect(() => crypto.aesCcm16_64_128.open(key, nonce, new Uint8Array(65_536 + 8))).toThrow(wrongTag)
    const sealed = crypto.aesCcm16_64_128.seal(key, nonce, text.subarray(1))
    expect(crypto.aesCcm16_64_128.open(key, nonce, sealed)).toHaveLength(65_535)
  })
})

describe('A256KW', () => {
  const { bytes } = randomFrom(52)
  const { a256kw } = crypto

  it('wraps the longest key', () => {
    const [kek, key] = [bytes(32), bytes(16_384)]
    const wrapped = a256kw.wrapKey(kek, key)
    expect(equal(wrapped, nodeAes.a256kw.wrapKey(kek, key))).toBe(true)
    expect(equal(a256kw.unwrapKey(kek, wrapped), key)).toBe(true)
  })
})
