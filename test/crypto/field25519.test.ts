import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type CoreExports, loadCore } from '../../runtime/crypto/core.ts'
import { fromLittleEndian, mod, power, toLittleEndian } from '../oracle/numbers.ts'
import { randomFrom } from '../oracle/random.ts'
import { innerCore } from './inner-core.ts'

const p = 2n ** 255n - 19n
/** Where each limb of a field element begins (assembly/field25519.ts). */
const offsets = [0n, 26n, 51n, 77n, 102n, 128n, 153n, 179n, 204n, 230n]
const bitsOf = (i: number): number => (i % 2 === 0 ? 26 : 25)

interface Internals extends CoreExports {
  fieldAdd(out: number, f: number, g: number): void
  fieldAddSubtract(sum: number, difference: number, f: number, g: number): void
  fieldDecode(out: number, bytes: number): void
  fieldEncode(out: number, field: number): void
  fieldInvert(out: number, f: number): void
  fieldMultiply(out: number, f: number, g: number): void
  fieldMultiplySmall(out: number, f: number, small: number): void
  fieldNegate(out: number, f: number): void
  fieldNonZero(field: number): number
  fieldPowerForRoot(out: number, f: number): void
  fieldSign(field: number): number
  fieldSquare(out: number, f: number): void
  fieldSubtract(out: number, f: number, g: number): void
  fieldSwap(f: number, g: number, bit: number): void
}

let wasm: Internals
let memory: Uint8Array
let limbs: Uint32Array
/** Addresses with room for an element each. */
let [F, G, OUT, OTHER]: [number, number, number, number] = [0, 0, 0, 0]

beforeAll(() => {
  const core = loadCore(innerCore(inject('coreBuild')))
  wasm = core.wasm as Internals
  memory = core.memory
  limbs = new Uint32Array(memory.buffer)
  ;[F, G, OUT, OTHER] = [core.data, core.data + 64, core.data + 128, core.data + 192]
})

const { bytes, below } = randomFrom(61)

function setField(at: number, values: readonly number[]): void {
  limbs.set(values, at / 4)
}

const limbsAt = (at: number): number[] => [...limbs.subarray(at / 4, at / 4 + 10)]
const numberOf = (values: readonly number[]): bigint =>
  offsets.reduce((sum, offset, i) => sum + (BigInt(values[i] ?? 0) << offset), 0n)
const fieldAt = (at: number): bigint => numberOf(limbsAt(at))

/** The most that a limb of an n-fold element may be. */
const bound = (i: number, fold: number): number => Math.floor(1.01 * fold * 2 ** bitsOf(i))

/** An element with the limbs of `pattern` at their bound, and the others zero. */
const extreme = (fold: number, pattern: number): number[] =>
  offsets.map((_, i) => ((pattern >> i) & 1 ? bound(i, fold) : 0))
const anyField = (fold: number): number[] => offsets.map((_, i) => below(bound(i, fold) + 1))

/** A number in limbs that are all in range but the last, which has the rest. */
function limbsOf(value: bigint): number[] {
  return offsets.map((offset, i) => Number(i === 9 ? value >> offset : BigInt.asUintN(bitsOf(i), value >> offset)))
}

/** Elements near which carries go over all limbs, some of them not canonical. */
const edges: readonly (readonly number[])[] = [
  ...[0n, 1n, 2n, 18n, 19n, 20n, p - 2n, p - 1n, p, p + 1n, p + 18n, 2n * p - 1n, 2n * p].map(limbsOf),
  ...[2n ** 254n, 2n ** 255n - 1n, 2n ** 255n, (p - 1n) / 2n, (p + 1n) / 2n].map(limbsOf),
  // All limbs full, and then one more in one of them.
  ...offsets.map((_, over) => offsets.map((_, i) => 2 ** bitsOf(i) - (i === over ? 0 : 1))),
]

function expectReduced(at: number): void {
  const values = limbsAt(at)
  expect(
    values.every((value, i) => value <= bound(i, 1)),
    values.join(),
  ).toBe(true)
}

function expectProduct(f: readonly number[], g: readonly number[]): void {
  setField(F, f)
  setField(G, g)
  wasm.fieldMultiply(OUT, F, G)
  expectReduced(OUT)
  expect(mod(fieldAt(OUT), p)).toBe(mod(numberOf(f) * numberOf(g), p))
}

function expectSquare(f: readonly number[]): void {
  setField(F, f)
  wasm.fieldSquare(OUT, F)
  expectReduced(OUT)
  expect(mod(fieldAt(OUT), p)).toBe(mod(numberOf(f) ** 2n, p))
}

describe('the field of Curve25519', () => {
  it('multiplies with limbs at their bounds, in every pattern', () => {
    const folds = [
      [5, 4],
      [4, 5],
      [20, 1],
      [1, 20],
      [10, 2],
    ] as const
    for (const [f, g] of folds) expectProduct(extreme(f, 1023), extreme(g, 1023))
    for (let pattern = 0; pattern < 1024; pattern++) {
      const [f, g] = folds[pattern % folds.length] ?? [1, 1]
      expectProduct(extreme(f, pattern), extreme(g, 1023))
      expectProduct(extreme(f, 1023 - pattern), extreme(g, below(1024)))
    }
  })

  it('squares with limbs at their bounds, in every pattern', () => {
    for (let pattern = 0; pattern < 1024; pattern++) expectSquare(extreme(3, pattern))
  })

  it('multiplies and squares random elements', () => {
    for (let i = 0; i < 1000; i++) {
      expectProduct(anyField(5), anyField(4))
      expectSquare(anyField(3))
    }
  })

  it('multiplies where carries go over all limbs, and into 0, 1 and p - 1', () => {
    for (const f of edges) {
      expectSquare(f)
      for (const g of edges) expectProduct(f, g)
    }
    for (let i = 0; i < 20; i++) {
      const value = fromLittleEndian(bytes(32)) % p
      const inverse = power(value, p - 2n, p)
      expectProduct(limbsOf(value), limbsOf(inverse))
      expectProduct(limbsOf(value), limbsOf(p - inverse))
    }
  })

  it('multiplies by small numbers, up to 16-fold elements', () => {
    for (const small of [0, 1, 2, 121665, 131072]) {
      for (const f of [...edges, extreme(16, 1023), extreme(16, 0x155), extreme(16, 0x2aa), anyField(16)]) {
        setField(F, f)
        wasm.fieldMultiplySmall(OUT, F, small)
        expectReduced(OUT)
        expect(mod(fieldAt(OUT), p)).toBe(mod(numberOf(f) * BigInt(small), p))
      }
    }
  })

  it('overwrites arguments with results', () => {
    const [f, g] = [anyField(1), anyField(1)]
    const product = mod(numberOf(f) * numberOf(g), p)
    for (const out of [F, G]) {
      setField(F, f)
      setField(G, g)
      wasm.fieldMultiply(out, F, G)
      expect(mod(fieldAt(out), p)).toBe(product)
    }
    setField(F, f)
    wasm.fieldMultiply(F, F, F)
    expect(mod(fieldAt(F), p)).toBe(mod(numberOf(f) ** 2n, p))
    setField(F, f)
    setField(G, g)
    wasm.fieldAddSubtract(G, F, F, G)
    expect(fieldAt(G)).toBe(numberOf(f) + numberOf(g))
    expect(fieldAt(F)).toBe(numberOf(f) + 2n * p - numberOf(g))
  })

  it('adds and subtracts without a limb that overflows or becomes negative', () => {
    const pairs = edges.map((g) => [extreme(29, 1023), g.map((limb, i) => Math.min(limb, bound(i, 1)))] as const)
    pairs.push(
      [extreme(29, 1023), extreme(1, 1023)],
      [extreme(29, 0), extreme(1, 1023)],
      [extreme(1, 0), extreme(1, 0)],
    )
    for (let i = 0; i < 300; i++) pairs.push([anyField(29), anyField(1)])
    for (const [f, g] of pairs) {
      setField(F, f)
      setField(G, g)
      wasm.fieldAdd(OUT, F, G)
      expect(fieldAt(OUT)).toBe(numberOf(f) + numberOf(g))
      wasm.fieldSubtract(OUT, F, G)
      expect(fieldAt(OUT)).toBe(numberOf(f) + 2n * p - numberOf(g))
      wasm.fieldAddSubtract(OUT, OTHER, F, G)
      expect(fieldAt(OUT)).toBe(numberOf(f) + numberOf(g))
      expect(fieldAt(OTHER)).toBe(numberOf(f) + 2n * p - numberOf(g))
      wasm.fieldNegate(OUT, G)
      expectReduced(OUT)
      expect(mod(fieldAt(OUT) + numberOf(g), p)).toBe(0n)
    }
  })

  it('exchanges two elements, or leaves them', () => {
    const [f, g] = [extreme(32, 1023), anyField(32)]
    setField(F, f)
    setField(G, g)
    wasm.fieldSwap(F, G, 0)
    expect([limbsAt(F), limbsAt(G)]).toEqual([f, g])
    wasm.fieldSwap(F, G, 1)
    expect([limbsAt(F), limbsAt(G)]).toEqual([g, f])
  })

  it('encodes the one number below p, up to 16-fold elements and around multiples of p', () => {
    const elements = [...edges]
    for (let pattern = 0; pattern < 1024; pattern++) elements.push(extreme(16, pattern))
    for (let i = 0; i < 1000; i++) elements.push(anyField(16))
    for (let multiple = 0n; multiple <= 16n; multiple++) {
      for (let n = -25n; n <= 25n; n++) if (n + multiple * p >= 0n) elements.push(limbsOf(n + multiple * p))
    }
    for (const f of elements) {
      setField(F, f)
      wasm.fieldEncode(OUT, F)
      const value = mod(numberOf(f), p)
      expect(fromLittleEndian(memory.subarray(OUT, OUT + 32))).toBe(value)
      expect(wasm.fieldSign(F)).toBe(Number(value & 1n))
      expect(wasm.fieldNonZero(F) === 0).toBe(value === 0n)
    }
  })

  it('decodes every 255-bit number, without bit 255', () => {
    const numbers = [0n, 1n, p - 1n, p, p + 1n, p + 18n, 2n ** 255n - 1n, 2n ** 256n - 1n]
    for (let i = 0; i < 256; i++) numbers.push(1n << BigInt(i))
    for (let i = 0; i < 300; i++) numbers.push(fromLittleEndian(bytes(32)))
    for (const number of numbers) {
      memory.set(toLittleEndian(number, 32), F)
      wasm.fieldDecode(OUT, F)
      expectReduced(OUT)
      expect(fieldAt(OUT)).toBe(BigInt.asUintN(255, number))
    }
  })

  it('inverts every element, and zero to zero', () => {
    const elements = [...edges, extreme(16, 1023), extreme(16, 0x155)]
    for (let i = 0n; i < 255n; i++) elements.push(limbsOf(1n << i), limbsOf(p - (1n << i)))
    for (let i = 0; i < 1000; i++) elements.push(anyField(1 + below(16)))
    for (const f of elements) {
      setField(F, f)
      wasm.fieldInvert(OUT, F)
      expectReduced(OUT)
      expect(mod(fieldAt(OUT), p)).toBe(power(mod(numberOf(f), p), p - 2n, p))
    }
  })

  it('raises to the power of which square roots are made', () => {
    for (const f of [...edges.slice(0, 9), anyField(3), anyField(3)]) {
      setField(F, f)
      wasm.fieldPowerForRoot(OUT, F)
      expect(mod(fieldAt(OUT), p)).toBe(power(mod(numberOf(f), p), (p - 5n) / 8n, p))
    }
  })
})
