import { createCipheriv, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { a256cbcHs512, a256kw } from '../../runtime/crypto/aes.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import { randomFrom } from '../oracle/random.ts'
import { slowCrypto } from '../oracle/slow-crypto.ts'
import { toHex } from './hex.ts'

const cbc = a256cbcHs512(crypto)
const wrongTag = expect.objectContaining({ code: 'ERR_CRYPTO_TAG', message: 'the authentication tag does not match' })

/** A256CBC-HS512 of node:crypto; without `padded`, the plaintext is encrypted as it is. */
function sealWithNode(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  aad: Uint8Array,
  padded = true,
): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key.subarray(32), nonce).setAutoPadding(padded)
  const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()])
  const bits = Buffer.alloc(8)
  bits.writeBigUInt64BE(BigInt(aad.length) * 8n)
  const mac = createHmac('sha512', key.subarray(0, 32))
    .update(aad)
    .update(nonce)
    .update(encrypted)
    .update(bits)
    .digest()
  return Buffer.concat([encrypted, mac.subarray(0, 32)])
}

describe('A256CBC-HS512', () => {
  const { bytes, below } = randomFrom(51)

  it('seals and opens like node:crypto, on 1,000 random cases', () => {
    for (let i = 0; i < 1000; i++) {
      const [key, nonce, plaintext, aad] = [bytes(64), bytes(16), bytes(below(200)), bytes(below(100))]
      const sealed = cbc.seal(key, nonce, plaintext, aad)
      expect(toHex(sealed)).toBe(toHex(sealWithNode(key, nonce, plaintext, aad)))
      expect(toHex(cbc.open(key, nonce, sealed, aad))).toBe(toHex(plaintext))
      const broken = [key, nonce, sealed][below(3)]!
      // Of the key, the half that the MAC uses.
      broken[below(Math.min(broken.length, 32))]! ^= 1 << below(8)
      expect(() => cbc.open(key, nonce, sealed, aad)).toThrow(wrongTag)
    }
  })

  it('says the same about wrong padding as about a wrong tag', () => {
    const [key, nonce] = [bytes(64), bytes(16)]
    const block = bytes(32)
    for (const last of [0, 17, 0x80, 0xff]) {
      block[31] = last
      const sealed = sealWithNode(key, nonce, block, new Uint8Array(0), false)
      expect(() => cbc.open(key, nonce, sealed)).toThrow(wrongTag)
    }
    block[31] = 1
    expect(cbc.open(key, nonce, sealWithNode(key, nonce, block, new Uint8Array(0), false))).toHaveLength(31)
  })

  it('says the same about text that is no whole number of blocks', () => {
    const [key, nonce, text] = [bytes(64), bytes(16), bytes(20)]
    const mac = createHmac('sha512', key.subarray(0, 32)).update(nonce).update(text).update(Buffer.alloc(8)).digest()
    expect(() => cbc.open(key, nonce, Buffer.concat([text, mac.subarray(0, 32)]))).toThrow(wrongTag)
  })

  it('writes to the output of the caller, and nothing where the tag is wrong', () => {
    const [key, nonce, plaintext] = [bytes(64), bytes(16), bytes(33)]
    const out = new Uint8Array(100).fill(0xee)
    const sealed = cbc.seal(key, nonce, plaintext, undefined, out)
    expect([sealed.buffer, sealed.length]).toEqual([out.buffer, 48 + 32])
    expect(toHex(sealed)).toBe(toHex(cbc.seal(key, nonce, plaintext)))
    const opened = cbc.open(key, nonce, sealed, undefined, sealed)
    expect(toHex(opened)).toBe(toHex(plaintext))
    const untouched = new Uint8Array(33).fill(0xee)
    expect(() => cbc.open(key, nonce, bytes(80), undefined, untouched)).toThrow(wrongTag)
    expect(untouched.every((byte) => byte === 0xee)).toBe(true)
  })

  it('works over any Crypto', () => {
    const [key, nonce] = [bytes(64), bytes(16)]
    expect(toHex(a256cbcHs512(slowCrypto).seal(key, nonce, key))).toBe(toHex(cbc.seal(key, nonce, key)))
  })
})

describe('A256KW', () => {
  const { bytes, below } = randomFrom(52)

  it('wraps and unwraps like node:crypto, on 1,000 random cases', () => {
    for (let i = 0; i < 1000; i++) {
      const [kek, key] = [bytes(32), bytes(16 + 8 * below(8))]
      const cipher = createCipheriv('id-aes256-wrap', kek, Buffer.alloc(8, 0xa6))
      const wrapped = a256kw.wrapKey(kek, key)
      expect(toHex(wrapped)).toBe(toHex(Buffer.concat([cipher.update(key), cipher.final()])))
      expect(toHex(a256kw.unwrapKey(kek, wrapped))).toBe(toHex(key))
      const broken = [kek, wrapped][below(2)]!
      broken[below(broken.length)]! ^= 1 << below(8)
      expect(() => a256kw.unwrapKey(kek, wrapped)).toThrow(wrongTag)
    }
  })
})
