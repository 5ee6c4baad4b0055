import { readFileSync } from 'node:fs'
import { describe, expect, inject, it } from 'vitest'
import { type Core, loadCore } from '../../runtime/crypto/core.ts'
import { chooseCore } from '../../runtime/crypto/core-choice.ts'
import { basePoint, encodePoint, L } from '../oracle/ed25519.ts'
import { concat, toLittleEndian } from '../oracle/numbers.ts'

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

const aesStarts: Record<string, (core: Core) => number> = {
  GCM: ({ wasm, key, input }) => wasm.aesGcmInit(key, 32, input),
  CCM: ({ wasm, key, input }) => wasm.aesCcmInit(key, 16, input, 16, 0, 128),
  'A256CBC-HS512': ({ wasm, key, input }) => wasm.aesCbcHs512Init(key, input),
}

describe.each(Object.entries(aesStarts))('%s in the core refuses calls that are out of order', (name, start) => {
  function ready(): Core {
    const core = loadCore(Buffer.from(chooseCore(), 'base64'))
    expect(start(core)).toBe(OK)
    return core
  }

  it('decrypting before the tag was compared, or after it was wrong', () => {
    const { wasm, data, result } = ready()
    expect(wasm.aesDecrypt(data, 64)).toBe(MISUSE)
    expect(wasm.aesAuthenticate(data, 128)).toBe(OK)
    expect(wasm.aesDecrypt(data, 64)).toBe(MISUSE)
    expect(wasm.aesVerify(result)).toBe(NOT_AUTHENTIC)
    expect(wasm.aesDecrypt(data, 64)).toBe(MISUSE)
    expect(wasm.aesVerify(result)).toBe(MISUSE)
  })

  it('decrypting more than was authenticated, or after the end', () => {
    const core = ready()
    const { wasm, memory, data, result } = core
    // As padding, where that is looked at: the last byte is 1.
    memory[data + 127] = 1
    expect(wasm.aesEncrypt(data, 128)).toBe(OK)
    expect(wasm.aesTag(result)).toBe(OK)
    const sealed = memory.slice(data, data + 128)
    expect(start(core)).toBe(OK)
    expect(wasm.aesAuthenticate(data, 128)).toBe(OK)
    expect(wasm.aesVerify(result)).toBe(OK)
    expect(wasm.aesPadding()).toBe(name === 'A256CBC-HS512' ? 1 : 0)
    expect(wasm.aesDecrypt(data, 192)).toBe(MISUSE)
    expect(memory.slice(data, data + 128)).toStrictEqual(sealed)
    expect(wasm.aesDecrypt(data, 128)).toBe(OK)
    expect(memory[data + 127]).toBe(1)
    expect(wasm.aesDecrypt(data, 64)).toBe(MISUSE)
    wasm.aesEnd()
    expect(wasm.aesDecrypt(data, 64)).toBe(MISUSE)
    expect(wasm.aesPadding()).toBe(0)
  })

  it('text before the start, mixing of seal and open, and additional data after text', () => {
    const core = loadCore(Buffer.from(chooseCore(), 'base64'))
    const { wasm, data, result } = core
    expect(wasm.aesEncrypt(data, 64)).toBe(MISUSE)
    expect(wasm.aesTag(result)).toBe(MISUSE)
    expect(start(core)).toBe(OK)
    expect(wasm.aesEncrypt(data, 128)).toBe(OK)
    expect(wasm.aesAuthenticate(data, 64)).toBe(MISUSE)
    expect(wasm.aesVerify(result)).toBe(MISUSE)
    expect(wasm.aesAad(data, 64)).toBe(MISUSE)
    expect(wasm.aesTag(result)).toBe(OK)
    expect(wasm.aesTag(result)).toBe(MISUSE)
  })

  it('a part after one that ended inside 64 bytes', () => {
    const { wasm, data } = ready()
    expect(wasm.aesEncrypt(data, 64)).toBe(OK)
    expect(wasm.aesEncrypt(data, 48)).toBe(OK)
    expect(wasm.aesEncrypt(data, 16)).toBe(MISUSE)
  })
})

describe('the ciphers over AES refuse', () => {
  const core = loadCore(Buffer.from(chooseCore(), 'base64'))
  const { wasm, key, input, data, result } = core

  it('keys and tags of other lengths, and more text than CCM has', () => {
    for (const keyBytes of [0, 15, 24, 33]) {
      expect(wasm.aesGcmInit(key, keyBytes, input)).toBe(MISUSE)
      expect(wasm.aesCcmInit(key, keyBytes, input, 8, 0, 0)).toBe(MISUSE)
    }
    for (const tagBytes of [0, 4, 12, 17]) expect(wasm.aesCcmInit(key, 16, input, tagBytes, 0, 0)).toBe(MISUSE)
    expect(wasm.aesCcmInit(key, 16, input, 8, 0, 65_536)).toBe(MISUSE)
  })

  it('other lengths than CCM was told', () => {
    expect(wasm.aesCcmInit(key, 16, input, 8, 20, 64)).toBe(OK)
    expect(wasm.aesEncrypt(data, 64)).toBe(MISUSE)
    expect(wasm.aesAad(data, 20)).toBe(OK)
    expect(wasm.aesEncrypt(data, 65)).toBe(MISUSE)
    expect(wasm.aesCcmInit(key, 16, input, 8, 0, 64)).toBe(OK)
    expect(wasm.aesEncrypt(data, 63)).toBe(OK)
    expect(wasm.aesTag(result)).toBe(MISUSE)
    expect(wasm.aesCcmInit(key, 16, input, 8, 0, 64)).toBe(OK)
    expect(wasm.aesAuthenticate(data, 63)).toBe(OK)
    expect(wasm.aesVerify(result)).toBe(NOT_AUTHENTIC)
  })

  it('part of a block for A256CBC-HS512, and keys to wrap of other lengths', () => {
    expect(wasm.aesCbcHs512Init(key, input)).toBe(OK)
    expect(wasm.aesEncrypt(data, 15)).toBe(MISUSE)
    for (const length of [0, 8, 17]) {
      expect(wasm.aesKeyWrap(key, data, length)).toBe(MISUSE)
      expect(wasm.aesKeyUnwrap(key, data, length)).toBe(MISUSE)
    }
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
    const { options, targets } = JSON.parse(readFileSync(new URL('../../asconfig.json', import.meta.url), 'utf8')) as {
      options: Record<string, number>
      targets: Record<string, Record<string, number>>
    }
    const { lowMemoryLimit, maximumMemory } = { ...options, ...targets[inject('coreBuild')] }
    expect(key).toBeLessThanOrEqual(lowMemoryLimit ?? 0)
    expect([key % 16, data % 16, chunkBytes % 128]).toEqual([0, 0, 0])
    expect(data + chunkBytes).toBeLessThanOrEqual(memory.length)
    expect(memory.length).toBe((maximumMemory ?? 0) * 65_536)
    expect(chunkBytes).toBe(65_536)
  })
})
