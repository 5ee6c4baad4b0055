// Code that is not constant-time, one fault each, and some that is: a check that cannot see the first or blames the second is
// worth nothing. Each export takes the address of 16 bytes and computes something from them.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Site } from './wasm-trace.ts'

/** Exports that must be caught, and at what. */
export const leaks: Readonly<Record<string, Site['what']>> = {
  earlyExitCompare: 'comparison',
  secretLoopCount: 'comparison',
  rareBranch: 'comparison',
  rareBranch64: 'comparison',
  secretIf: 'branch',
  secretSwitch: 'branch',
  secretSelect: 'select',
  secretLoad: 'address',
  secretStore: 'address',
  secretStore64: 'address',
  secretVectorLoad: 'address',
  secretVectorStore: 'address',
  secretFill: 'bulk access',
}

/** Exports that must not be caught. */
export const sound: readonly string[] = ['maskedCompare', 'maskedSelect', 'wholeTable']

const text = `(module
  (memory (export "memory") 1 1)
  (data (i32.const 1024) "0123456789abcdef")

  (func (export "earlyExitCompare") (param $at i32) (result i32)
    (local $i i32)
    (loop $next
      (if (i32.ne (i32.load8_u (i32.add (local.get $at) (local.get $i)))
                  (i32.load8_u offset=4096 (local.get $i))) (then (return (i32.const 1))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16))))
    (i32.const 0))

  (func (export "secretLoopCount") (param $at i32) (result i32)
    (local $left i32) (local $sum i32)
    (local.set $left (i32.load8_u (local.get $at)))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (local.get $left)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (local.get $sum))

  (func (export "rareBranch") (param $at i32) (result i32)
    (if (i32.eq (i32.load (local.get $at)) (i32.const 0x12345678)) (then (return (i32.const 1))))
    (i32.const 0))

  (func (export "rareBranch64") (param $at i32) (result i32)
    (if (i32.eqz (i64.lt_u (i64.load (local.get $at)) (i64.const -2))) (then (return (i32.const 1))))
    (i32.const 0))

  (func (export "secretIf") (param $at i32) (result i32)
    (if (result i32) (i32.and (i32.load8_u offset=15 (local.get $at)) (i32.const 1))
      (then (i32.const 3)) (else (i32.const 5))))

  (func (export "secretSwitch") (param $at i32) (result i32)
    (block $one (block $zero
      (br_table $zero $one (i32.and (i32.load8_u (local.get $at)) (i32.const 1))))
      (return (i32.const 7)))
    (i32.const 9))

  (func (export "secretSelect") (param $at i32) (result i32)
    (select (i32.const 3) (i32.const 5) (i32.and (i32.load8_u (local.get $at)) (i32.const 1))))

  (func (export "secretLoad") (param $at i32) (result i32)
    (i32.load8_u offset=1024 (i32.and (i32.load8_u (local.get $at)) (i32.const 15))))

  (func (export "secretStore") (param $at i32) (result i32)
    (i32.store8 offset=2048 (i32.load8_u (local.get $at)) (i32.const 1))
    (i32.const 0))

  (func (export "secretStore64") (param $at i32) (result i32)
    (i64.store offset=2048 (i32.load8_u (local.get $at)) (i64.const 1))
    (i32.const 0))

  (func (export "secretVectorLoad") (param $at i32) (result i32)
    (i32x4.extract_lane 0 (v128.load offset=1024 (i32.load8_u (local.get $at)))))

  (func (export "secretVectorStore") (param $at i32) (result i32)
    (v128.store32_lane offset=2048 0 (i32.load8_u (local.get $at)) (v128.const i32x4 1 2 3 4))
    (i32.const 0))

  (func (export "secretFill") (param $at i32) (result i32)
    (memory.fill (i32.const 2048) (i32.const 0) (i32.load8_u (local.get $at)))
    (i32.const 0))

  (func (export "maskedCompare") (param $at i32) (result i32)
    (local $i i32) (local $difference i32)
    (loop $next
      (local.set $difference (i32.or (local.get $difference)
        (i32.xor (i32.load8_u (i32.add (local.get $at) (local.get $i))) (i32.load8_u offset=4096 (local.get $i)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16))))
    (local.get $difference))

  (func (export "maskedSelect") (param $at i32) (result i32)
    (i32.xor (i32.const 5)
      (i32.and (i32.const 6) (i32.sub (i32.const 0) (i32.and (i32.load8_u (local.get $at)) (i32.const 1))))))

  (func (export "wholeTable") (param $at i32) (result i32)
    (local $i i32) (local $found i32)
    (loop $next
      (local.set $found (i32.or (local.get $found) (i32.mul (i32.load8_u offset=1024 (local.get $i))
        (i32.eq (local.get $i) (i32.and (i32.load8_u (local.get $at)) (i32.const 15))))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16))))
    (local.get $found))
)`

const assembler = `import binaryen from 'binaryen'
import { readFileSync } from 'node:fs'
const module = binaryen.parseText(readFileSync(0, 'utf8'))
module.setFeatures(binaryen.Features.All)
process.stdout.write(module.emitBinary())`

/** Assembles the module, without optimising it: in another process, since tsx would take seconds to read binaryen. */
export function controlModule(): Uint8Array {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  return execFileSync(process.execPath, ['--input-type=module', '--eval', assembler], { cwd, input: text })
}
