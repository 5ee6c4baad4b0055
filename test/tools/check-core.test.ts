import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkCore } from '../../tools/check-core.ts'
import { coreBuilds } from '../../tools/core-builds.ts'
import { readBody, readModule } from '../../tools/wasm-module.ts'

/** LEB128. */
function number(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...number(value >>> 7)]
}

const vector = (...items: number[][]): number[] => [...number(items.length), ...items.flat()]
const text = (name: string): number[] => [...number(name.length), ...Buffer.from(name)]

/** The sections of a harmless module: a memory of one page, and one exported function from i32 to i32. */
const harmless: Readonly<Record<number, number[]>> = {
  1: vector([0x60, ...vector([0x7f]), ...vector([0x7f])]),
  3: vector([0]),
  5: vector([1, 1, 1]),
  7: vector([...text('f'), 0, 0]),
  10: vector(body(0x20, 0, 0x28, 2, 0)),
}

/** A function with no locals of these instructions. */
function body(...instructions: number[]): number[] {
  const bytes = [0, ...instructions, 0x0b]
  return [...number(bytes.length), ...bytes]
}

function assemble(changes: Record<number, number[]> = {}): Uint8Array {
  const sections = Object.entries({ ...harmless, ...changes })
  const bytes = sections.flatMap(([id, content]) => [Number(id), ...number(content.length), ...content])
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes)
}

const withCode = (...instructions: number[]): Uint8Array => assemble({ 10: vector(body(...instructions)) })
const withData = (bytes: Uint8Array): Uint8Array =>
  assemble({ 11: vector([0, 0x41, 0, 0x0b, ...number(bytes.length), ...bytes]) })

describe('the static rules of the core', () => {
  it.each(coreBuilds)('are kept by the build $name that ships, as a file and as text', ({ name, ...build }) => {
    const wasm = readFileSync(build.wasmFile)
    expect(checkCore(wasm, name)).toEqual([])
    expect(readFileSync(build.moduleFile, 'utf8')).toContain(`'${wasm.toString('base64')}'`)
  })

  it('are kept by a harmless module', () => {
    expect(checkCore(assemble(), 'base')).toEqual([])
    expect(checkCore(assemble(), 'simd')).toEqual([])
    // Control flow, constants and calls are read to their end: what follows them is found.
    const flow = [0x02, 0x40, 0x41, 0, 0x0e, 1, 0, 0, 0x0b, 0x42, 0xff, 0x7f, 0x1a, 0x20, 0, 0x10, 0]
    expect(checkCore(withCode(...flow), 'base')).toEqual([])
    expect(checkCore(withCode(...flow, 0x40, 0), 'base')).toHaveLength(1)
  })

  it('read every SIMD instruction to its end: what follows it is found', () => {
    const vector = [0xfd, 12, ...new Array<number>(16).fill(0x6d)]
    const loads = [0, 7, 11, 92].flatMap((number) => [0x20, 0, ...vector, 0xfd, number, 0, 0])
    const lanes = [84, 88, 91].flatMap((number) => [0x20, 0, ...vector, 0xfd, number, 0, 0, 0x6d & 3])
    const others = [...vector, ...vector, 0xfd, 13, ...new Array<number>(16).fill(0x40), 0xfd, 27, 3, 0xfd, 0xae, 1]
    const body = [...loads, ...lanes, ...others, 0x1c, 1, 0x7b]
    expect(checkCore(withCode(...body), 'simd')).toEqual([])
    expect(checkCore(withCode(...body, 0x6d), 'simd')).toEqual([expect.stringMatching(/a division/)])
  })

  it.each(coreBuilds)('look at every function of the build $name to its end', ({ wasmFile }) => {
    const { bodies } = readModule(readFileSync(wasmFile))
    expect(bodies.length).toBeGreaterThan(50)
    for (const code of bodies) expect(readBody(code).instructions.at(-1)).toEqual({ opcode: 0x0b })
  })

  const offences: [name: string, wasm: Uint8Array, failure: RegExp][] = [
    ['an import', assemble({ 2: vector([...text('env'), ...text('abort'), 0, 0]) }), /an import/],
    ['a start function', assemble({ 8: [0] }), /a start/],
    ['a table', assemble({ 4: vector([0x70, 0, 1]) }), /a table/],
    ['an indirect call', withCode(0x20, 0, 0x20, 0, 0x11, 0, 0), /an indirect call/],
    ['a float', withCode(0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x1a, 0x20, 0), /a float/],
    ['a conversion to a float', withCode(0x20, 0, 0xb7, 0xaa), /a float/],
    ['a division', withCode(0x20, 0, 0x41, 7, 0x6e), /a division/],
    ['a 64-bit remainder', withCode(0x42, 9, 0x42, 7, 0x81, 0xa7), /a division/],
    ['memory.grow', withCode(0x20, 0, 0x40, 0), /memory\.grow/],
    ['bulk memory', withCode(0x20, 0, 0x41, 0, 0x41, 8, 0xfc, 11, 0, 0x20, 0), /bulk memory/],
    ['sign extension', withCode(0x20, 0, 0xc0), /sign extension/],
    ['SIMD', withCode(0x20, 0, 0xfd, 15, 0xfd, 21, 0), /SIMD/],
    ['a SIMD-era select', withCode(0x20, 0, 0x1c, 1, 0x7f), /select with types/],
    ['an atomic access', withCode(0x20, 0, 0xfe, 16, 2, 0), /atomics/],
    ['a tail call', withCode(0x20, 0, 0x12, 0), /not MVP/],
    ['an unaligned load', withCode(0x20, 0, 0x28, 0, 0), /naturally aligned/],
    ['an unaligned 64-bit store', withCode(0x20, 0, 0x42, 0, 0x37, 2, 0, 0x20, 0), /naturally aligned/],
    ['a local that is a float', assemble({ 10: vector([6, 1, 1, 0x7c, 0x20, 0, 0x0b]) }), /a local of a type/],
    ['a memory that grows', assemble({ 5: vector([1, 1, 2]) }), /not fixed/],
    ['a memory without a maximum', assemble({ 5: vector([0, 1]) }), /not fixed/],
    ['too much memory', assemble({ 5: vector([1, 4, 4]) }), /not fixed/],
    ['an i64 argument', assemble({ 1: vector([0x60, ...vector([0x7e]), ...vector([0x7f])]) }), /more than i32/],
    ['an i64 result', assemble({ 1: vector([0x60, ...vector([0x7f]), ...vector([0x7e])]) }), /more than i32/],
    ['an exported global', assemble({ 7: vector([...text('g'), 3, 0]) }), /neither a function/],
    ['too many bytes', withData(new Uint8Array(50_000)), /the budget is 49152/],
    ['too many bytes compressed', withData(randomBytes(21_000)), /gzipped, the budget is 20480/],
  ]

  it.each(offences)('catch %s', (_, wasm, failure) => {
    expect(checkCore(wasm, 'base')).toEqual([expect.stringMatching(failure)])
  })

  const alsoOfSimd = offences.filter(([name]) => !/SIMD|bytes/.test(name))

  it.each([
    ...alsoOfSimd,
    ['a sum of float lanes', withCode(0x20, 0, 0xfd, 0xe4, 1), /a lane that is a float/],
    ['a splat of a float', withCode(0x20, 0, 0xfd, 20), /a lane that is a float/],
    ['a relaxed multiply-add', withCode(0x20, 0, 0xfd, 0x87, 2), /relaxed SIMD/],
    ['an instruction that nobody knows', withCode(0x20, 0, 0xfd, 0x94, 2), /relaxed SIMD/],
    ['too many bytes', withData(new Uint8Array(120_000)), /the budget is 114688/],
    ['too many bytes compressed', withData(randomBytes(42_000)), /gzipped, the budget is 40960/],
  ] as typeof offences)('catch %s in the build simd', (_, wasm, failure) => {
    expect(checkCore(wasm, 'simd')).toEqual([expect.stringMatching(failure)])
  })
})
