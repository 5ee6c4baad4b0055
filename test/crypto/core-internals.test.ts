import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type CoreExports, loadCore } from '../../runtime/crypto/core.ts'
import { chacha20, poly1305 } from '../oracle/chacha20-poly1305.ts'
import { encodePoint, L, multiplyBase } from '../oracle/ed25519.ts'
import { fromLittleEndian, toLittleEndian } from '../oracle/numbers.ts'
import { randomFrom } from '../oracle/random.ts'
import { toHex } from './hex.ts'
import { innerCore } from './inner-core.ts'

interface Internals extends CoreExports {
  chacha20Init(key: number, nonce: number): void
  pointEncode(out: number, point: number): void
  multiplyBase(out: number, scalar: number): void
  poly1305Init(key: number): void
  poly1305Update(data: number, length: number): void
  poly1305Final(out: number): void
  xorFourBlocksAbsorbing(text: number, mac: number, macRounds: number): void
  scalarHalve(r: number, t: number, k: number): number
  scalarMultiplyAdd(out: number, a: number, b: number, c: number): void
  scalarReduceWide(out: number, number: number): void
}

let wasm: Internals
let memory: Uint8Array
/** Addresses with room for a point each. */
let [F, G, OUT]: [number, number, number] = [0, 0, 0]

beforeAll(() => {
  const core = loadCore(innerCore(inject('coreBuild')))
  wasm = core.wasm as Internals
  memory = core.memory
  ;[F, G, OUT] = [core.data, core.data + 256, core.data + 512]
})

const { bytes, below } = randomFrom(61)

describe('numbers modulo L', () => {
  const near = [0n, 1n, 2n, 2n ** 252n, 2n ** 252n - 1n, 2n ** 253n, 2n ** 255n, 2n ** 256n - 1n]
  const multiples = [1n, 2n, 3n, 15n].flatMap((k) => [-2n, -1n, 0n, 1n, 2n].map((d) => k * L + d))

  it('are reduced from 64 bytes, around multiples of L too', () => {
    const top = 2n ** 512n / L
    const large = [top, top - 1n, 2n ** 255n, 2n ** 128n, 2n ** 21n].flatMap((k) => [-1n, 0n, 1n].map((d) => k * L + d))
    const shifted = Array.from({ length: 512 }, (_, i) => 1n << BigInt(i))
    const filled = Array.from({ length: 512 }, (_, i) => (1n << BigInt(i + 1)) - 1n)
    const random = Array.from({ length: 1000 }, () => fromLittleEndian(bytes(64)))
    for (const number of [...near, ...multiples, ...large, ...shifted, ...filled, ...random]) {
      if (number >= 2n ** 512n) continue
      memory.set(toLittleEndian(number, 64), F)
      wasm.scalarReduceWide(OUT, F)
      expect(fromLittleEndian(memory.subarray(OUT, OUT + 32))).toBe(number % L)
    }
  })

  it('are multiplied and added', () => {
    const edges = [...near, L - 1n, L, L + 1n]
    const triples = edges.flatMap((a) => edges.flatMap((b) => [[a, b, a] as const, [a, b, 2n ** 256n - 1n] as const]))
    for (let i = 0; i < 1000; i++) {
      triples.push([fromLittleEndian(bytes(32)), fromLittleEndian(bytes(32)), fromLittleEndian(bytes(32))])
    }
    for (const [a, b, c] of triples) {
      memory.set(toLittleEndian(a, 32), F)
      memory.set(toLittleEndian(b, 32), F + 32)
      memory.set(toLittleEndian(c, 32), F + 64)
      wasm.scalarMultiplyAdd(OUT, F, F + 32, F + 64)
      expect(fromLittleEndian(memory.subarray(OUT, OUT + 32))).toBe((a * b + c) % L)
    }
  })

  it('are halved: r = t k modulo 8 L, t odd and below L', () => {
    const small = Array.from({ length: 40 }, (_, i) => BigInt(i))
    const powers = Array.from({ length: 252 }, (_, i) => 1n << BigInt(i))
    const fractions = small.slice(2).flatMap((i) => [(8n * L) / i, (8n * L) / i + 1n].filter((value) => value < L))
    const random = Array.from({ length: 1000 }, () => fromLittleEndian(bytes(32)) % L)
    for (const k of [...small, ...powers, ...fractions, L - 1n, L - 2n, (L - 1n) / 2n, ...random]) {
      memory.set(toLittleEndian(k, 32), F)
      const negative = wasm.scalarHalve(OUT, OUT + 32, F)
      const r = fromLittleEndian(memory.subarray(OUT, OUT + 32))
      const t = fromLittleEndian(memory.subarray(OUT + 32, OUT + 64))
      expect((t * k + (negative ? r : -r)) % (8n * L)).toBe(0n)
      expect(t % 2n).toBe(1n)
      expect(t).toBeLessThan(L)
      if (random.includes(k)) expect(r < 2n ** 128n && t < 2n ** 150n).toBe(true)
    }
  })

  it('multiply the base point, every digit of the comb among them', () => {
    const digits = Array.from({ length: 16 }, (_, digit) =>
      [0n, 1n, 2n, 3n].reduce((sum, i) => sum + (BigInt((digit >> Number(i)) & 1) << (64n * i)), 0n),
    )
    const powers = Array.from({ length: 255 }, (_, i) => 1n << BigInt(i))
    for (const scalar of [...digits, ...powers, L - 1n, L, L + 1n, 2n ** 252n - 1n, 2n ** 255n - 1n, 2n ** 255n - 8n]) {
      memory.set(toLittleEndian(scalar, 32), F)
      wasm.multiplyBase(G, F)
      wasm.pointEncode(OUT, G)
      expect(toHex(memory.subarray(OUT, OUT + 32))).toBe(toHex(encodePoint(multiplyBase(scalar % L))))
    }
  })
})

describe('Poly1305', () => {
  it('agrees with the slow twin where its carries and its last reduction are at the edge (RFC 8439 A.3)', () => {
    const filled = (byte: number): Uint8Array => new Uint8Array(16).fill(byte)
    const starting = (first: number, rest: number): Uint8Array => filled(rest).fill(first, 0, 1)
    const rs = [filled(0), starting(1, 0), starting(2, 0), starting(4, 0), starting(5, 0), filled(0xff)]
    const blocks = [filled(0), filled(0xff), starting(0xfb, 0xff), starting(0xfa, 0xff), starting(0xfc, 0xff)]
    blocks.push(starting(0xf0, 0xff), starting(0xfb, 0xfe), filled(1), starting(0x11, 0), starting(2, 0))
    const keys = rs.flatMap((r) => [filled(0), filled(0xff)].map((s) => Buffer.concat([r, s])))
    const messages = blocks.flatMap((one) => blocks.map((two) => Buffer.concat([one, two, one])))
    const parts = messages.flatMap((message) => [16, 32, 48].map((length) => message.subarray(0, length)))
    for (const [key, part] of keys.flatMap((key) => parts.map((part) => [key, part] as const))) {
      memory.set(key, F)
      memory.set(part, G)
      wasm.poly1305Init(F)
      wasm.poly1305Update(G, part.length)
      wasm.poly1305Final(OUT)
      expect(toHex(memory.subarray(OUT, OUT + 16))).toBe(toHex(poly1305(key, part)))
    }
  })
})

describe.runIf(inject('coreBuild') === 'simd')('four blocks of ChaCha20 beside Poly1305', () => {
  /** Encrypts 256 bytes while so many rounds absorb `mac`; returns the text and the tag. */
  function run(key: Uint8Array, oneTimeKey: Uint8Array, text: Uint8Array, mac: Uint8Array, rounds: number): string[] {
    const [macAt, textAt, keyAt, tagAt] = [F, F + 1024, F + 2048, F + 3072]
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
    memory.set(key, F + 2048)
    memory.set(oneTimeKey, F + 2112)
    memory.set(text, F)
    wasm.chacha20Init(F + 2048, F + 2080)
    wasm.poly1305Init(F + 2112)
    wasm.xorFourBlocksAbsorbing(F, F, 16)
    wasm.poly1305Final(F + 3072)
    expect(toHex(memory.subarray(F + 3072, F + 3088))).toBe(toHex(poly1305(oneTimeKey, text)))
  })
})
