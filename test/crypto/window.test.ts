import { describe, expect, it } from 'vitest'
import { openWindow } from '../../runtime/crypto/index.ts'
import { nodeCrypto } from '../oracle/node-crypto.ts'
import { randomFrom } from '../oracle/random.ts'
import { toHex } from './hex.ts'

const names = ['chacha20poly1305', 'xchacha20poly1305'] as const
const { bytes, below } = randomFrom(51)
const window = openWindow()
const { key, nonce, aad, text } = window

describe.each(names)('%s in the window', (name) => {
  const nonceOf = (): Uint8Array => nonce.subarray(0, nodeCrypto[name].nonceBytes)

  it('seals and opens like node:crypto, and leaves the key and the nonce as they are', () => {
    for (const length of [...Array(300).keys(), 511, 512, 513, 4096, text.length - 17, text.length - 16]) {
      const [message, extra, secret, iv] = [bytes(length), bytes(below(100)), bytes(32), bytes(24)]
      key.set(secret)
      nonce.set(iv)
      aad.set(extra)
      text.set(message)
      expect(window[name].seal(length, extra.length)).toBe(length + 16)
      const sealed = Buffer.from(text.subarray(0, length + 16))
      expect(sealed.equals(nodeCrypto[name].seal(secret, nonceOf(), message, extra)), `${length}`).toBe(true)
      expect(window[name].open(length + 16, extra.length)).toBe(length)
      expect(Buffer.from(text.subarray(0, length)).equals(message), `${length}`).toBe(true)
      expect([toHex(key), toHex(nonce)]).toStrictEqual([toHex(secret), toHex(iv)])
    }
  })

  it('wipes a text whose tag is wrong', () => {
    for (const length of [0, 1, 64, 65, 192, 193, 1000, text.length - 16]) {
      text.set(bytes(length))
      window[name].seal(length)
      text[length]! ^= 4
      expect(() => window[name].open(length + 16)).toThrow(expect.objectContaining({ code: 'ERR_CRYPTO_TAG' }))
      expect(text.subarray(0, length).every((byte) => byte === 0)).toBe(true)
    }
    expect(() => window[name].open(15)).toThrow(expect.objectContaining({ code: 'ERR_CRYPTO_TAG' }))
  })

  it('refuses lengths that are none, or for which there is no room', () => {
    const { length } = text
    const between = `"textBytes" expected integer 0..${length - 16}`
    expect(() => window[name].seal(-1)).toThrow(new RangeError(`${between}, got -1`))
    expect(() => window[name].seal(length - 15)).toThrow(new RangeError(`${between}, got ${length - 15}`))
    expect(() => window[name].seal(0, aad.length + 1)).toThrow('"aadBytes" expected integer 0..4096, got 4097')
    expect(() => window[name].open(length + 1)).toThrow(`"sealedBytes" expected integer 0..${length}`)
    expect(() => window[name].open(16, 0.5)).toThrow('"aadBytes" expected integer 0..4096, got 0.5')
  })
})

describe('a window', () => {
  it('has all its bytes wiped at once', () => {
    const arrays = [key, nonce, aad, text]
    for (const array of arrays) array.fill(0xee)
    window.wipe()
    for (const array of arrays) expect(array.every((byte) => byte === 0)).toBe(true)
  })

  it('is its own: another one does not see it', () => {
    const other = openWindow()
    text.fill(5, 0, 10)
    other.text.fill(9, 0, 10)
    expect(text[0]).toBe(5)
  })

  it('takes the core, and no other module', () => {
    expect(() => openWindow(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).toThrow(TypeError)
  })
})
