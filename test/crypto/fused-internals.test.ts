import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type CoreExports, loadCore } from '../../runtime/crypto/core.ts'
import { chacha20, poly1305 } from '../oracle/chacha20-poly1305.ts'
import { randomFrom } from '../oracle/random.ts'
import { toHex } from './hex.ts'
import { compileInner } from './inner-core.ts'

interface Internals extends CoreExports {
  chacha20Init(key: number, nonce: number): void
  chacha20Xor(data: number, length: number): void
  poly1305Init(key: number): void
  poly1305Update(data: number, length: number): void
  poly1305Final(out: number): void
  xorFourBlocksAbsorbing(text: number, mac: number, macRounds: number): void
}

const inner = {
  bytes: ['wipe'],
  chacha20: ['chacha20Init', 'chacha20Xor'],
  'generated/chacha20-blocks': ['xorFourBlocksAbsorbing'],
  poly1305: ['poly1305Init', 'poly1305Update', 'poly1305Final'],
}

const { bytes, below } = randomFrom(71)

describe.runIf(inject('coreBuild') === 'simd')('four blocks of ChaCha20 beside Poly1305', () => {
  let wasm: Internals
  let memory: Uint8Array
  let at: number

  beforeAll(() => {
    const core = loadCore(compileInner('simd', inner))
    wasm = core.wasm as Internals
    ;({ memory, data: at } = core)
  }, 60_000)

  /** Encrypts 256 bytes while so many rounds absorb `mac`; returns the text and the tag. */
  function run(key: Uint8Array, oneTimeKey: Uint8Array, text: Uint8Array, mac: Uint8Array, rounds: number): string[] {
    const [macAt, textAt, keyAt, tagAt] = [at, at + 1024, at + 2048, at + 3072]
    memory.set(mac, macAt)
    memory.set(text, textAt)
    memory.set(key, keyAt)
    memory.set(oneTimeKey, keyAt + 64)
    wasm.chacha20Init(keyAt, keyAt + 32)
    wasm.poly1305Init(keyAt + 64)
    wasm.xorFourBlocksAbsorbing(textAt, macAt, rounds)
    wasm.poly1305Final(tagAt)
    return [toHex(memory.subarray(textAt, textAt + 256)), toHex(memory.subarray(tagAt, tagAt + 16))]
  }

  it('gives the key stream, and absorbs two blocks in each double round before the last that it is told', () => {
    for (let rounds = 0; rounds <= 20; rounds += 2) {
      const [key, oneTimeKey, text, mac] = [bytes(44), bytes(32), bytes(256), bytes(320)]
      expect(run(key, oneTimeKey, text, mac, rounds)).toStrictEqual([
        toHex(chacha20(key.subarray(0, 32), 0, key.subarray(32), text)),
        toHex(poly1305(oneTimeKey, mac.subarray(0, rounds * 16))),
      ])
    }
  })

  it('absorbs what makes every carry of Poly1305 as long as it can be', () => {
    const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte)
    const blocks = [filled(16, 0), filled(16, 0xff), filled(16, 0xff).fill(0xfb, 0, 1), filled(16, 1), filled(16, 0xfe)]
    const rs = [0, 1, 2, 4, 5, 0xff].map((first) => filled(16, first === 0xff ? 0xff : 0).fill(first, 0, 1))
    const [key, text] = [bytes(44), bytes(256)]
    for (const oneTimeKey of rs.flatMap((r) => [0, 0xff].map((s) => Buffer.concat([r, filled(16, s)])))) {
      const uniform = blocks.map((block) => Buffer.concat(Array<Uint8Array>(16).fill(block)))
      const mixed = uniform.map(() => Buffer.concat(Array.from({ length: 16 }, () => blocks[below(5)] ?? text)))
      for (const mac of [...uniform, ...mixed]) {
        for (const rounds of [2, 14, 16]) {
          const [, tag] = run(key, oneTimeKey, text, mac, rounds)
          expect(tag).toBe(toHex(poly1305(oneTimeKey, mac.subarray(0, rounds * 16))))
        }
      }
    }
  })

  it('reads what it absorbs before it writes, where both are the same bytes', () => {
    const [key, oneTimeKey, text] = [bytes(44), bytes(32), bytes(256)]
    memory.set(key, at + 2048)
    memory.set(oneTimeKey, at + 2112)
    memory.set(text, at)
    wasm.chacha20Init(at + 2048, at + 2080)
    wasm.poly1305Init(at + 2112)
    wasm.xorFourBlocksAbsorbing(at, at, 16)
    wasm.poly1305Final(at + 3072)
    expect(toHex(memory.subarray(at + 3072, at + 3088))).toBe(toHex(poly1305(oneTimeKey, text)))
  })
})
