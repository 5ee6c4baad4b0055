import { describe, expect, inject, it } from 'vitest'
import { type Core, loadCore } from '../../runtime/crypto/core.ts'
import { chooseCore } from '../../runtime/crypto/core-choice.ts'
import { basePoint, encodePoint, L } from '../oracle/ed25519.ts'
import { concat, toLittleEndian } from '../oracle/numbers.ts'

/** `lowMemoryLimit` and `maximumMemory` of asconfig.json. */
const limits = { base: { staticBytes: 20_480, pages: 2 }, simd: { staticBytes: 98_304, pages: 3 } }

const OK = 0
const NOT_AUTHENTIC = 2
const MISUSE = 3

function started(): Core {
  const core = loadCore(Buffer.from(chooseCore(), 'base64'))
  core.wasm.chacha20Poly1305Init(core.key, core.input)
  return core
}

describe('the AEAD of the core refuses calls that are out of order', () => {
  it('decrypting before the tag was compared', () => {
    const { wasm, data } = started()
    expect(wasm.aeadDecrypt(data, 64)).toBe(MISUSE)
    expect(wasm.aeadAuthenticate(data, 64)).toBe(OK)
    expect(wasm.aeadDecrypt(data, 64)).toBe(MISUSE)
  })

  it('decrypting after the tag was wrong', () => {
    const { wasm, data, result } = started()
    expect(wasm.aeadAuthenticate(data, 64)).toBe(OK)
    expect(wasm.aeadVerify(result)).toBe(NOT_AUTHENTIC)
    expect(wasm.aeadDecrypt(data, 64)).toBe(MISUSE)
    expect(wasm.aeadVerify(result)).toBe(MISUSE)
  })

  it('decrypting more than was authenticated, or after the end', () => {
    const core = started()
    const { wasm, memory, data, result, key, input } = core
    expect(wasm.aeadEncrypt(data, 100)).toBe(OK)
    expect(wasm.aeadTag(result)).toBe(OK)
    const sealed = memory.slice(data, data + 100)
    wasm.chacha20Poly1305Init(key, input)
    expect(wasm.aeadAuthenticate(data, 100)).toBe(OK)
    expect(wasm.aeadVerify(result)).toBe(OK)
    expect(wasm.aeadDecrypt(data, 128)).toBe(MISUSE)
    expect(memory.slice(data, data + 100)).toStrictEqual(sealed)
    wasm.aeadEnd()
    expect(wasm.aeadDecrypt(data, 64)).toBe(MISUSE)
  })

  it('text before the start, mixing of seal and open, and additional data after text', () => {
    const core = loadCore(Buffer.from(chooseCore(), 'base64'))
    const { wasm, data, result, key, input } = core
    expect(wasm.aeadEncrypt(data, 64)).toBe(MISUSE)
    expect(wasm.aeadTag(result)).toBe(MISUSE)
    wasm.xchacha20Poly1305Init(key, input)
    expect(wasm.aeadEncrypt(data, 64)).toBe(OK)
    expect(wasm.aeadAuthenticate(data, 64)).toBe(MISUSE)
    expect(wasm.aeadVerify(result)).toBe(MISUSE)
    expect(wasm.aeadAad(data, 64)).toBe(MISUSE)
    expect(wasm.aeadTag(result)).toBe(OK)
    expect(wasm.aeadTag(result)).toBe(MISUSE)
  })

  it('a part after one that ended inside a block', () => {
    const { wasm, data } = started()
    expect(wasm.aeadAad(data, 64)).toBe(OK)
    expect(wasm.aeadAad(data, 5)).toBe(OK)
    expect(wasm.aeadAad(data, 1)).toBe(MISUSE)
    expect(wasm.aeadEncrypt(data, 128)).toBe(OK)
    expect(wasm.aeadEncrypt(data, 65)).toBe(OK)
    expect(wasm.aeadEncrypt(data, 64)).toBe(MISUSE)
    expect(wasm.aeadEncrypt(data, 0)).toBe(OK)
  })

  it('key derivations that are too long', () => {
    const { wasm, data } = started()
    expect(wasm.hkdfSha256Expand(data, 32, data, 0, data, 8161)).toBe(MISUSE)
    expect(wasm.concatKdfSha256(data, 32, data, 0, data, 8161)).toBe(MISUSE)
  })
})

describe('the start of a verification', () => {
  it('takes every S below L, and no other', () => {
    const core = loadCore(Buffer.from(chooseCore(), 'base64'))
    const publicKey = encodePoint(basePoint)
    const statusOf = (s: bigint): number => {
      core.memory.set(concat(publicKey, toLittleEndian(s, 32)), core.key)
      core.memory.set(publicKey, core.input)
      return core.wasm.ed25519VerifyBegin(core.key, core.input)
    }
    const steps = [0n, 32n, 64n, 96n, 128n, 160n, 192n, 224n].map((bit) => 1n << bit)
    for (const s of [0n, 1n, 2n ** 252n - 1n, 2n ** 252n, ...steps.map((step) => L - step)]) {
      expect(statusOf(s), s.toString(16)).toBe(OK)
    }
    for (const s of [L, 2n ** 253n, 2n ** 256n - 1n, ...steps.map((step) => L + step)]) {
      expect(statusOf(s), s.toString(16)).toBe(NOT_AUTHENTIC)
    }
  })
})

describe('the window of the core', () => {
  it('starts behind all static data, is aligned, and reaches the end of the memory', () => {
    const { key, data, chunkBytes, memory } = loadCore(Buffer.from(chooseCore(), 'base64'))
    const { staticBytes, pages } = limits[inject('coreBuild')]
    expect(key).toBeLessThanOrEqual(staticBytes)
    expect([key % 16, data % 16, chunkBytes % 128]).toEqual([0, 0, 0])
    expect(data + chunkBytes).toBeLessThanOrEqual(memory.length)
    expect(memory.length).toBe(pages * 65_536)
  })
})
