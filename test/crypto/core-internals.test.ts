import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { type CoreExports, loadCore } from '../../runtime/crypto/core.ts'
import { poly1305 } from '../oracle/chacha20-poly1305.ts'
import { encodePoint, L, multiplyBase } from '../oracle/ed25519.ts'
import { fromLittleEndian, mod, power, toLittleEndian } from '../oracle/numbers.ts'
import { randomFrom } from '../oracle/random.ts'
import { toHex } from './hex.ts'

const p = 2n ** 255n - 19n
/** Where each limb of a field element begins (assembly/field25519.ts). */
const offsets = [0n, 26n, 51n, 77n, 102n, 128n, 153n, 179n, 204n, 230n]

interface Internals extends CoreExports {
  pointEncode(out: number, point: number): void
  multiplyBase(out: number, scalar: number): void
  fieldDecode(out: number, bytes: number): void
  fieldEncode(out: number, field: number): void
  fieldNonZero(field: number): number
  fieldSign(field: number): number
  fieldMultiply(out: number, f: number, g: number): void
  fieldMultiplySmall(out: number, f: number, small: number): void
  fieldSquare(out: number, f: number): void
  fieldInvert(out: number, f: number): void
  poly1305Init(key: number): void
  poly1305Update(data: number, length: number): void
  poly1305Final(out: number): void
  scalarMultiplyAdd(out: number, a: number, b: number, c: number): void
  scalarReduceWide(out: number, number: number): void
}

let wasm: Internals
let memory: Uint8Array
let limbs: Int32Array
/** Addresses with room for a point each. */
let [F, G, OUT]: [number, number, number] = [0, 0, 0]

/** Inner functions that are exported for this test, beside those of assembly/index.ts. */
const inner = {
  edwards25519: ['pointEncode'],
  'edwards25519-multiply': ['multiplyBase'],
  field25519: ['fieldDecode', 'fieldEncode', 'fieldNonZero', 'fieldSign'],
  'field25519-multiply': ['fieldMultiply', 'fieldMultiplySmall', 'fieldSquare'],
  'field25519-power': ['fieldInvert'],
  poly1305: ['poly1305Final', 'poly1305Init', 'poly1305Update'],
  scalar25519: ['scalarMultiplyAdd', 'scalarReduceWide'],
}

/** Compiles the core as it ships, with the inner functions exported. The compiler reads inside the repository only. */
function compile(): Buffer {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  mkdirSync(join(root, 'build'), { recursive: true })
  const folder = mkdtempSync(join(root, 'build/core-internals-'))
  const exported = Object.entries(inner).map(([file, names]) => `export { ${names} } from '../../assembly/${file}'`)
  writeFileSync(join(folder, 'entry.ts'), exported.join('\n'))
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
  const options = ['--config', 'asconfig.json', '--target', 'base', '--outFile', join(folder, 'core.wasm')]
  try {
    execFileSync(process.execPath, [asc, join(relative(root, folder), 'entry.ts'), ...options], {
      cwd: root,
      stdio: 'pipe',
    })
    return readFileSync(join(folder, 'core.wasm'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

beforeAll(() => {
  const core = loadCore(compile())
  wasm = core.wasm as Internals
  memory = core.memory
  limbs = new Int32Array(memory.buffer)
  ;[F, G, OUT] = [core.data, core.data + 256, core.data + 512]
}, 60_000)

const { bytes, below } = randomFrom(61)

function setField(at: number, values: readonly number[]): void {
  limbs.set(values, at / 4)
}

function fieldAt(at: number): bigint {
  return offsets.reduce((sum, offset, i) => sum + (BigInt(limbs[at / 4 + i] ?? 0) << offset), 0n)
}

/** The most that a limb of an n-fold element may be. */
const bound = (i: number, fold: number): number => Math.floor(1.01 * fold * 2 ** (i % 2 === 0 ? 25 : 24))

/** An element with every limb at its bound, with signs by the bits of `signs`, or random below it. */
function extreme(fold: number, signs: number): number[] {
  return offsets.map((_, i) => ((signs >> i) & 1 ? -1 : 1) * bound(i, fold))
}

function anyField(fold: number): number[] {
  return offsets.map((_, i) => (below(2) ? 1 : -1) * below(bound(i, fold) + 1))
}

function expectReduced(at: number): void {
  for (let i = 0; i < 10; i++) expect(Math.abs(limbs[at / 4 + i] ?? 0)).toBeLessThanOrEqual(bound(i, 1))
}

describe('the field of Curve25519', () => {
  function check(f: number[], g: number[]): void {
    setField(F, f)
    setField(G, g)
    wasm.fieldMultiply(OUT, F, G)
    expectReduced(OUT)
    expect(mod(fieldAt(OUT) - fieldAt(F) * fieldAt(G), p)).toBe(0n)
    wasm.fieldSquare(OUT, G)
    expectReduced(OUT)
    expect(mod(fieldAt(OUT) - fieldAt(G) ** 2n, p)).toBe(0n)
    for (const small of [1, 121665, 131072]) {
      wasm.fieldMultiplySmall(OUT, F, small)
      expectReduced(OUT)
      expect(mod(fieldAt(OUT) - fieldAt(F) * BigInt(small), p)).toBe(0n)
    }
  }

  it('multiplies with all limbs at their bounds, in every pattern of signs', () => {
    for (let signs = 0; signs < 1024; signs++) check(extreme(4, signs), extreme(3, 1023 - signs))
    for (let i = 0; i < 300; i++) check(extreme(4, below(1024)), extreme(3, below(1024)))
  })

  it('multiplies random elements', () => {
    for (let i = 0; i < 1000; i++) check(anyField(4), anyField(3))
  })

  it('encodes the one number below p, up to 2-fold elements and around multiples of p', () => {
    const encoded = (): bigint => {
      wasm.fieldEncode(OUT, F)
      return fromLittleEndian(memory.subarray(OUT, OUT + 32))
    }
    for (let signs = 0; signs < 1024; signs++) {
      setField(F, extreme(2, signs))
      expect(encoded()).toBe(mod(fieldAt(F), p))
    }
    for (let i = 0; i < 1000; i++) {
      setField(F, anyField(2))
      expect(encoded()).toBe(mod(fieldAt(F), p))
      expect(wasm.fieldSign(F)).toBe(Number(mod(fieldAt(F), p) & 1n))
    }
    for (let n = -25n; n <= 25n; n++) {
      for (const multiple of [-p, 0n, p]) {
        setField(F, limbsOf(n + multiple))
        expect(fieldAt(F)).toBe(n + multiple)
        expect(encoded()).toBe(mod(n, p))
        expect(wasm.fieldNonZero(F) === 0).toBe(n === 0n)
      }
    }
  })

  it('decodes every 255-bit number modulo p, without bit 255', () => {
    const numbers = [0n, 1n, p - 1n, p, p + 1n, p + 18n, 2n ** 255n - 1n, 2n ** 256n - 1n]
    for (let i = 0; i < 300; i++) numbers.push(fromLittleEndian(bytes(32)))
    for (const number of numbers) {
      memory.set(toLittleEndian(number, 32), F)
      wasm.fieldDecode(OUT, F)
      expectReduced(OUT)
      expect(mod(fieldAt(OUT), p)).toBe((number & (2n ** 255n - 1n)) % p)
    }
  })

  it('inverts every element, and zero to zero', () => {
    for (const fold of [1, 2, 3, 3, 3]) {
      setField(F, anyField(fold))
      wasm.fieldInvert(OUT, F)
      expect(mod(fieldAt(OUT), p)).toBe(power(mod(fieldAt(F), p), p - 2n, p))
    }
    setField(F, new Array(10).fill(0))
    wasm.fieldInvert(OUT, F)
    expect(mod(fieldAt(OUT), p)).toBe(0n)
  })
})

/** Writes a number in centred limbs. */
function limbsOf(value: bigint): number[] {
  let rest = value
  return offsets.map((_, i) => {
    const width = i % 2 === 0 ? 26n : 25n
    const limb = i === 9 ? rest : BigInt.asIntN(Number(width), rest)
    rest = (rest - limb) >> width
    return Number(limb)
  })
}

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
