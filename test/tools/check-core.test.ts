import { readFileSync } from 'node:fs'
import binaryen from 'binaryen'
import { describe, expect, it } from 'vitest'
import { coreWasm } from '../../runtime/crypto/core-wasm.ts'
import { checkCore } from '../../tools/check-core.ts'

const memory = '(memory $m 1 1)'

function assemble(...fields: string[]): Uint8Array {
  const module = binaryen.parseText(`(module ${fields.join('\n')})`)
  const wasm = module.emitBinary()
  module.dispose()
  return wasm
}

/** A module with one exported function of that body. */
function withBody(body: string, ...fields: string[]): Uint8Array {
  return assemble(memory, ...fields, `(func $f (export "f") (param $p i32) (result i32) ${body})`)
}

describe('the static rules of the core', () => {
  it('are kept by the core that ships', () => {
    expect(checkCore(Buffer.from(coreWasm, 'base64'))).toEqual([])
    expect(checkCore(readFileSync(new URL('../../build/core.wasm', import.meta.url)))).toEqual([])
  })

  it('are kept by a harmless module', () => {
    expect(checkCore(withBody('(i32.load (local.get $p))'))).toEqual([])
  })

  const offences: [name: string, wasm: Uint8Array, failure: RegExp][] = [
    ['an import', assemble('(import "env" "abort" (func $abort))', memory), /an import/],
    [
      'a start function',
      assemble(memory, '(func $s (i32.store (i32.const 0) (i32.const 1)))', '(start $s)'),
      /a start/,
    ],
    [
      'an indirect call',
      withBody('(call_indirect (type $t) (local.get $p))', '(type $t (func (result i32)))', '(table 1 1 funcref)'),
      /a table/,
    ],
    ['a float', withBody('(i32.trunc_f64_s (f64.convert_i32_s (local.get $p)))'), /a float/],
    ['a division', withBody('(i32.div_u (local.get $p) (i32.const 7))'), /a division/],
    ['a 64-bit remainder', withBody('(i32.wrap_i64 (i64.rem_s (i64.const 9) (i64.const 7)))'), /a division/],
    ['memory.grow', withBody('(memory.grow (local.get $p))'), /memory\.grow/],
    ['bulk memory', withBody('(memory.fill (local.get $p) (i32.const 0) (i32.const 8)) (i32.const 0)'), /bulk memory/],
    ['sign extension', withBody('(i32.extend8_s (local.get $p))'), /sign extension/],
    ['SIMD', withBody('(i8x16.extract_lane_s 0 (v128.const i64x2 1 2))'), /SIMD/],
    ['an unaligned access', withBody('(i32.load align=1 (local.get $p))'), /naturally aligned/],
    ['a memory that grows', assemble('(memory $m 1 2)'), /not fixed/],
    ['a memory without a maximum', assemble('(memory $m 1)'), /not fixed/],
    ['too much memory', assemble('(memory $m 4 4)'), /not fixed/],
    ['an i64 in the ABI', assemble(memory, '(func (export "f") (param i64))'), /more than i32/],
    ['an exported global', assemble(memory, '(global $g (export "g") i32 (i32.const 1))'), /neither a function/],
    ['too many bytes', assemble(memory, `(data (i32.const 0) "${'abcdefgh'.repeat(7000)}")`), /the budget is 49152/],
    [
      'too many bytes compressed',
      assemble(memory, `(data (i32.const 0) "${noise(21_000)}")`),
      /gzipped, the budget is 20480/,
    ],
  ]

  it.each(offences)('catch %s', (_, wasm, failure) => {
    expect(checkCore(wasm)).toEqual([expect.stringMatching(failure)])
  })
})

/** Bytes that gzip cannot make smaller, as the text format writes them. */
function noise(length: number): string {
  let state = 1
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return `\\${(state >>> 24).toString(16).padStart(2, '0')}`
  }).join('')
}
