import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type Core, type CoreExports, loadCore } from '../../runtime/crypto/core.ts'
import { aesDecryptBlock, aesEncryptBlock, blocksOf } from '../oracle/aes.ts'
import { ghash } from '../oracle/aes-modes.ts'
import { concat } from '../oracle/numbers.ts'
import { randomFrom } from '../oracle/random.ts'
import { ownVectors } from '../vectors.ts'
import { hex, toHex } from './hex.ts'
import { innerCore } from './inner-core.ts'

// The parts of the AES modes by themselves, in the build under test.

const vectors = ownVectors<{
  fips197: { section: string; key: string; plaintext: string; ciphertext: string }[]
  cbc: { key: string; iv: string; plaintext: string; ciphertext: string }
  ctr: { key: string; counter: string; plaintext: string; ciphertext: string }
}>('aes.json')

interface Internals extends CoreExports {
  expand(key: number, keyBytes: number): void
  expandInverse(): void
  encryptBlocks(count: number): void
  decryptBlocks(count: number): void
  readonly AES_BLOCKS: { readonly value: number }
  cbcInit(key: number, iv: number): void
  cbcEncrypt(data: number, length: number): void
  cbcDecrypt(data: number, length: number): void
  ctrInit(block: number): void
  ctrXor(data: number, length: number): void
  ghashInit(key: number): void
  ghashUpdate(data: number, length: number): void
  ghashFinal(out: number, aadBytes: bigint, textBytes: bigint): void
}

let core: Core
let wasm: Internals

beforeAll(() => {
  core = loadCore(innerCore(inject('coreBuild')))
  wasm = core.wasm as Internals
})

const { bytes, below } = randomFrom(71)

function expandKey(key: Uint8Array): void {
  core.memory.set(key, core.key)
  wasm.expand(core.key, key.length)
}

function onBlocks(work: (count: number) => void, blocks: Uint8Array): Uint8Array {
  core.memory.set(blocks, wasm.AES_BLOCKS.value)
  work(blocks.length / 16)
  return core.memory.slice(wasm.AES_BLOCKS.value, wasm.AES_BLOCKS.value + blocks.length)
}

/** Passes `data` through the window in parts of the given lengths, and returns what becomes of it. */
function streamed(
  work: (data: number, length: number) => void,
  data: Uint8Array,
  parts: readonly number[],
): Uint8Array {
  core.memory.set(data, core.data)
  let at = 0
  for (const length of [...parts, data.length]) {
    const taken = Math.min(length, data.length - at)
    work(core.data + at, taken)
    at += taken
  }
  return core.memory.slice(core.data, core.data + data.length)
}

describe('a block of AES', () => {
  it.each(vectors.fips197)('is what FIPS 197 $section prints, wherever it stands', ({ key, plaintext, ciphertext }) => {
    expandKey(hex(key))
    wasm.expandInverse()
    for (const count of [1, 2, 4]) {
      expect(toHex(onBlocks(wasm.encryptBlocks, hex(plaintext.repeat(count))))).toBe(ciphertext.repeat(count))
    }
    for (const count of [1, 4]) {
      expect(toHex(onBlocks(wasm.decryptBlocks, hex(ciphertext.repeat(count))))).toBe(plaintext.repeat(count))
    }
    const [b, p] = [hex(plaintext), hex(ciphertext)]
    expect([toHex(aesEncryptBlock(hex(key), b)), toHex(aesDecryptBlock(hex(key), p))]).toEqual([ciphertext, plaintext])
  })

  it('agrees with the slow twin on 1,000 random keys, in every place', { timeout: 60_000 }, () => {
    for (let i = 0; i < 1000; i++) {
      const key = bytes(i % 2 === 0 ? 16 : 32)
      expandKey(key)
      wasm.expandInverse()
      const blocks = bytes(16 * (1 << below(3)))
      const encrypted = concat(...blocksOf(blocks).map((block) => aesEncryptBlock(key, block)))
      expect(toHex(onBlocks(wasm.encryptBlocks, blocks))).toBe(toHex(encrypted))
      if (blocks.length === 32) continue
      expect(toHex(onBlocks(wasm.decryptBlocks, encrypted))).toBe(toHex(blocks))
    }
  })

  it('substitutes every byte in every place, both ways', () => {
    const key = bytes(32)
    expandKey(key)
    wasm.expandInverse()
    for (let byte = 0; byte < 256; byte++) {
      const block = new Uint8Array(16).map((_, at) => byte ^ (at * 17))
      const encrypted = onBlocks(wasm.encryptBlocks, block)
      expect(toHex(encrypted)).toBe(toHex(aesEncryptBlock(key, block)))
      expect(toHex(onBlocks(wasm.decryptBlocks, encrypted))).toBe(toHex(block))
    }
  })
})

describe('a mode', () => {
  const parts = [[], [16], [64], [16, 64, 32]]

  it('is the CBC of SP 800-38A F.2.5, in parts too', () => {
    const { key, iv, plaintext, ciphertext } = vectors.cbc
    for (const lengths of parts) {
      const start = (): void => {
        core.memory.set(hex(key), core.key)
        core.memory.set(hex(iv), core.input)
        wasm.cbcInit(core.key, core.input)
      }
      start()
      expect(toHex(streamed(wasm.cbcEncrypt, hex(plaintext), lengths))).toBe(ciphertext)
      start()
      wasm.expandInverse()
      expect(toHex(streamed(wasm.cbcDecrypt, hex(ciphertext), lengths))).toBe(plaintext)
    }
  })

  it('is the counter mode of SP 800-38A F.5.5', () => {
    const { key, counter, plaintext, ciphertext } = vectors.ctr
    for (let length = 0; length <= 64; length++) {
      expandKey(hex(key))
      core.memory.set(hex(counter), core.input)
      wasm.ctrInit(core.input)
      const text = hex(plaintext).subarray(0, length)
      expect(toHex(streamed(wasm.ctrXor, text, []))).toBe(ciphertext.slice(0, 2 * length))
    }
  })
})

describe('GHASH', () => {
  function hashed(key: Uint8Array, data: Uint8Array, parts: readonly number[]): string {
    core.memory.set(key, core.key)
    wasm.ghashInit(core.key)
    streamed(wasm.ghashUpdate, data, parts)
    wasm.ghashFinal(core.result, 5n, BigInt(data.length))
    return toHex(core.memory.slice(core.result, core.result + 16))
  }

  function expected(key: Uint8Array, data: Uint8Array): string {
    const lengths = Buffer.alloc(16)
    lengths.writeBigUInt64BE(40n)
    lengths.writeBigUInt64BE(BigInt(data.length) * 8n, 8)
    return toHex(ghash(key, concat(data, new Uint8Array(-data.length & 15), lengths)))
  }

  it('agrees with the slow twin at every length around its blocks, in parts too', { timeout: 60_000 }, () => {
    const lengths = [0, 1, 15, 16, 17, 255, 256, 257, 511, 512, 513, 767, 768, 1023, 1024, 1025, 1279, 1280, 2048, 3000]
    for (const length of lengths) {
      const [key, data] = [bytes(16), bytes(length)]
      for (const parts of [[], [64], [1024], [256, 1024]]) {
        expect(hashed(key, data, parts), `${length} ${parts}`).toBe(expected(key, data))
      }
    }
  })

  it('agrees with it on words at their extremes', { timeout: 60_000 }, () => {
    const extremes = [0, 1, 0x0f, 0x10, 0x80, 0x55, 0xaa, 0xf0, 0xff].map((byte) => new Uint8Array(1024).fill(byte))
    for (const key of extremes) {
      for (const data of extremes) {
        expect(hashed(key.subarray(0, 16), data, [])).toBe(expected(key.subarray(0, 16), data))
      }
    }
    const one = new Uint8Array(1024)
    for (let bit = 0; bit < 128; bit++) {
      one.fill(0)[bit >> 3] = 0x80 >> (bit & 7)
      expect(hashed(one.slice(0, 16), one, [])).toBe(expected(one.slice(0, 16), one))
    }
  })
})
