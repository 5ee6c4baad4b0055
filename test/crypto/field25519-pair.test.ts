import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { pairAt, pairConstants, pairMultiply, pairSquare, pairTo } from '../../tools/kernels/field25519-pair.ts'
import { statements } from '../../tools/kernels/weave.ts'
import { mod } from '../oracle/numbers.ts'
import { randomFrom } from '../oracle/random.ts'

/** The part of the host's `WebAssembly` that is used here: the types of Node leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

const p = 2n ** 255n - 19n
const offsets = [0n, 26n, 51n, 77n, 102n, 128n, 153n, 179n, 204n, 230n]
const bitsOf = (i: number): number => (i % 2 === 0 ? 26 : 25)
/** Addresses above the constants. */
const [F, G, OUT, SCRATCH] = [4096, 4224, 4352, 4480]

interface Kernels {
  readonly memory: { readonly buffer: ArrayBuffer }
  multiply(): void
  square(): void
}

/** Compiles the kernels alone, far from the configuration of the core. */
function compileKernels(): Buffer {
  const body = (lines: readonly string[]): string => lines.join('\n')
  const product = pairMultiply('p', `${SCRATCH}`, pairAt(`${F}`), pairAt(`${G}`), pairTo(`${OUT}`))
  const squared = pairSquare('s', pairAt(`${F}`), pairTo(`${OUT}`))
  const folder = mkdtempSync(join(tmpdir(), 'field25519-pair-'))
  const source = `${pairConstants()}
export function multiply(): void {\n${body(statements(product))}\n}
export function square(): void {\n${body(statements(squared))}\n}`
  writeFileSync(join(folder, 'kernels.ts'), source)
  const asc = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js')
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--initialMemory', '1']
  try {
    execFileSync(process.execPath, [asc, 'kernels.ts', ...options, '--outFile', 'kernels.wasm'], { cwd: folder })
    return readFileSync(join(folder, 'kernels.wasm'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

let kernels: Kernels
let lanes: Uint32Array

beforeAll(() => {
  if (inject('coreBuild') !== 'simd') return
  const instance = new WebAssembly.Instance(new WebAssembly.Module(compileKernels()))
  kernels = instance.exports as Kernels
  lanes = new Uint32Array(kernels.memory.buffer)
}, 180_000)

const { below } = randomFrom(62)
type Element = readonly number[]

/** The most that a limb of an n-fold element may be. */
const bound = (i: number, fold: number): number => Math.floor(1.01 * fold * 2 ** bitsOf(i))
const extreme = (fold: number, pattern: number): Element =>
  offsets.map((_, i) => ((pattern >> i) & 1 ? bound(i, fold) : 0))
const anyElement = (fold: number): Element => offsets.map((_, i) => below(bound(i, fold) + 1))
const numberOf = (element: Element): bigint =>
  offsets.reduce((sum, offset, i) => sum + (BigInt(element[i] ?? 0) << offset), 0n)
const limbsOf = (value: bigint): Element =>
  offsets.map((offset, i) => Number(i === 9 ? value >> offset : BigInt.asUintN(bitsOf(i), value >> offset)))

/** Elements near which carries go over all limbs. */
const edges: readonly Element[] = [
  ...[0n, 1n, 19n, p - 1n, p, p + 1n, 2n * p - 1n, 2n ** 255n - 1n, 2n ** 255n].map(limbsOf),
  ...offsets.map((_, over) => offsets.map((_, i) => 2 ** bitsOf(i) - (i === over ? 0 : 1))),
]

function setPair(at: number, x: Element, y: Element): void {
  for (const i of offsets.keys()) lanes.set([x[i] ?? 0, y[i] ?? 0], at / 4 + 2 * i)
}

/** Checks both elements of the result: what they are modulo p, and that they are reduced. */
function expectPair(x: bigint, y: bigint): void {
  for (const [half, value] of [x, y].entries()) {
    const limbs = [...offsets.keys()].map((i) => lanes[OUT / 4 + 2 * i + half] ?? 0)
    expect(
      limbs.every((limb, i) => limb <= bound(i, 1)),
      limbs.join(),
    ).toBe(true)
    expect(mod(numberOf(limbs), p)).toBe(mod(value, p))
  }
}

function expectProducts(x: Element, y: Element, u: Element, v: Element): void {
  setPair(F, x, y)
  setPair(G, u, v)
  kernels.multiply()
  expectPair(numberOf(x) * numberOf(u), numberOf(y) * numberOf(v))
}

function expectSquares(x: Element, y: Element): void {
  setPair(F, x, y)
  kernels.square()
  expectPair(numberOf(x) ** 2n, numberOf(y) ** 2n)
}

describe.runIf(inject('coreBuild') === 'simd')('pairs in the field of Curve25519', () => {
  it('are multiplied with limbs at their bounds, in every pattern', () => {
    for (let pattern = 0; pattern < 1024; pattern++) {
      expectProducts(extreme(8, pattern), extreme(8, 1023 - pattern), extreme(2, 1023), extreme(2, below(1024)))
      expectProducts(extreme(8, 1023), extreme(8, below(1024)), extreme(2, pattern), extreme(2, 1023 - pattern))
    }
  })

  it('are squared with limbs at their bounds, in every pattern', () => {
    for (let pattern = 0; pattern < 1024; pattern++) expectSquares(extreme(3, pattern), extreme(3, 1023 - pattern))
  })

  it('are multiplied and squared at random', () => {
    for (let i = 0; i < 1000; i++) {
      expectProducts(anyElement(8), anyElement(8), anyElement(2), anyElement(2))
      expectSquares(anyElement(3), anyElement(3))
    }
  })

  it('are multiplied and squared where carries go over all limbs', () => {
    for (const [i, f] of edges.entries()) {
      for (const [j, g] of edges.entries()) {
        expectProducts(f, edges[j] ?? f, g, edges[i] ?? g)
        expectSquares(f, g)
      }
    }
  })
})
