import { describe, expect, it } from 'vitest'
import { aeadsOver } from '../../runtime/crypto/aead.ts'
import { loadCore } from '../../runtime/crypto/core.ts'
import { chooseCore } from '../../runtime/crypto/core-choice.ts'
import type { Aead } from '../../runtime/crypto/crypto.ts'
import { nodeCrypto } from '../oracle/node-crypto.ts'
import { randomFrom } from '../oracle/random.ts'
import { slowCrypto } from '../oracle/slow-crypto.ts'

const names = ['chacha20poly1305', 'xchacha20poly1305'] as const
const core = loadCore(Buffer.from(chooseCore(), 'base64'))
const whole = aeadsOver(() => core)

/** The ciphers over a window of so many bytes: what is longer is streamed. */
function through(chunkBytes: number): Pick<typeof whole, (typeof names)[number]> {
  const narrow = { ...core, chunkBytes, end: core.data + chunkBytes, views: [] }
  return aeadsOver(() => narrow)
}

const { bytes, below } = randomFrom(41)
const key = bytes(32)
const nonce = bytes(24)
const data = bytes(140_000)
const nonceFor = (name: (typeof names)[number]): Uint8Array => nonce.subarray(0, whole[name].nonceBytes)
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

/** Seals into fresh bytes, into the caller's and over the plaintext, and opens in each of these ways. */
function expectRoundTrip(aead: Aead, peer: Aead, text: Uint8Array, aad: Uint8Array): void {
  const iv = nonce.subarray(0, aead.nonceBytes)
  const what = `${text.length} bytes, ${aad.length} bytes of additional data`
  const sealed = peer.seal(key, iv, text, aad)
  expect(equal(aead.seal(key, iv, text, aad), sealed), `seal ${what}`).toBe(true)
  expect(equal(aead.open(key, iv, sealed, aad), text), `open ${what}`).toBe(true)

  const place = new Uint8Array(text.length + 16)
  place.set(text)
  expect(aead.seal(key, iv, place.subarray(0, text.length), aad, place)).toBe(place)
  expect(equal(place, sealed), `seal in place ${what}`).toBe(true)
  const opened = aead.open(key, iv, place, aad, place.subarray(0, text.length))
  expect(opened.buffer).toBe(place.buffer)
  expect(equal(opened, text), `open in place ${what}`).toBe(true)
}

describe.each(names)('%s', (name) => {
  it('agrees with node:crypto at every length of text from 0 to 600', () => {
    for (let length = 0; length <= 600; length++) {
      expectRoundTrip(whole[name], nodeCrypto[name], data.subarray(0, length), data.subarray(7, 7 + below(40)))
    }
  })

  it('agrees with node:crypto at every length of additional data from 0 to 300', () => {
    for (let length = 0; length <= 300; length++) {
      expectRoundTrip(whole[name], nodeCrypto[name], data.subarray(0, below(300)), data.subarray(9, 9 + length))
    }
  })

  it('agrees with node:crypto around each count of blocks', () => {
    for (let blocks = 9; blocks <= 40; blocks++) {
      for (const length of [64 * blocks - 1, 64 * blocks, 64 * blocks + 1]) {
        expectRoundTrip(whole[name], nodeCrypto[name], data.subarray(0, length), data.subarray(0, 20))
      }
    }
  })

  it('agrees with the slow twin on 1,000 random messages up to 1,100 bytes', { timeout: 60_000 }, () => {
    for (let i = 0; i < 1000; i++) {
      const [text, aad] = [bytes(below(1100)), bytes(below(50))]
      const sealed = slowCrypto[name].seal(key, nonceFor(name), text, aad)
      expect(equal(whole[name].seal(key, nonceFor(name), text, aad), sealed), `${text.length}`).toBe(true)
      expect(equal(whole[name].open(key, nonceFor(name), sealed, aad), text), `${text.length}`).toBe(true)
    }
  })

  it('agrees with node:crypto where text and additional data together just fit the window, and just do not', () => {
    const { chunkBytes } = core
    for (const textBytes of [0, 1, 100, chunkBytes - 300, chunkBytes - 48]) {
      const room = chunkBytes - ((textBytes + 16 + 15) & ~15)
      for (const aadBytes of [room - 1, room, room + 1]) {
        expectRoundTrip(whole[name], nodeCrypto[name], data.subarray(0, textBytes), data.subarray(0, aadBytes))
      }
    }
    for (let textBytes = chunkBytes - 33; textBytes <= chunkBytes + 1; textBytes++) {
      expectRoundTrip(whole[name], nodeCrypto[name], data.subarray(0, textBytes), data.subarray(0, 0))
    }
  })

  it.each([64, 128, 192, 256, 320, 448, 512])('agrees with node:crypto in chunks of %i bytes', (chunkBytes) => {
    const narrow = through(chunkBytes)[name]
    for (let length = 0; length <= 1700; length += length < 70 ? 1 : 13) {
      expectRoundTrip(narrow, nodeCrypto[name], data.subarray(0, length), data.subarray(0, below(700)))
    }
  })

  it('refuses a message in which any byte is wrong, and leaves the output as it was', () => {
    const invalid = expect.objectContaining({ code: 'ERR_CRYPTO_TAG' })
    for (const length of [0, 1, 15, 16, 17, 64, 65, 190, 193, 300, 460, 600]) {
      const aad = data.subarray(0, 21)
      const sealed = whole[name].seal(key, nonceFor(name), data.subarray(0, length), aad)
      const out = new Uint8Array(length).fill(0xee)
      const inputs = [Uint8Array.from(key), Uint8Array.from(nonceFor(name)), sealed, Uint8Array.from(aad)] as const
      for (const input of inputs) {
        for (let i = 0; i < input.length; i++) {
          const bit = 1 << below(8)
          input[i]! ^= bit
          expect(() => whole[name].open(...inputs, out)).toThrow(invalid)
          input[i]! ^= bit
        }
      }
      expect(out.every((byte) => byte === 0xee)).toBe(true)
      expect(() => whole[name].open(key, nonceFor(name), sealed.subarray(0, -1), aad)).toThrow(invalid)
      expect(equal(whole[name].open(...inputs, out), data.subarray(0, length))).toBe(true)
    }
  })

  it('leaves what is opened in place as it was where the tag is wrong', () => {
    for (const length of [0, 50, 64, 200, 700, 70_000]) {
      const sealed = whole[name].seal(key, nonceFor(name), data.subarray(0, length))
      sealed[length]! ^= 1
      const before = Uint8Array.from(sealed)
      expect(() => whole[name].open(key, nonceFor(name), sealed, undefined, sealed)).toThrow('tag')
      expect(equal(sealed, before)).toBe(true)
    }
  })
})

describe('opening in the window', () => {
  it.each(['chacha20Poly1305Open', 'xchacha20Poly1305Open'] as const)(
    '%s wipes the text where the tag is wrong',
    (open) => {
      const { wasm, memory, key, input, data: at } = core
      for (const length of [0, 1, 8, 63, 64, 65, 191, 192, 193, 256, 500, 1000]) {
        memory.set(data.subarray(0, length + 32), at)
        expect(wasm[open](key, input, at, 0, at, length)).toBe(2)
        expect(memory.subarray(at, at + length).every((byte) => byte === 0)).toBe(true)
      }
    },
  )

  it('gives up a stream that was begun', () => {
    const { wasm, key, input, data: at } = core
    wasm.chacha20Poly1305Init(key, input)
    expect(wasm.aeadEncrypt(at, 64)).toBe(0)
    wasm.chacha20Poly1305Seal(key, input, at, 0, at, 10)
    expect(wasm.aeadEncrypt(at, 64)).toBe(3)
  })
})
