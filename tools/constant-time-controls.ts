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
  secretWholeVectorStore: 'address',
  secretSplatLoad: 'address',
  secretZeroLoad: 'address',
  secretExtendingLoad: 'address',
  secretLaneLoad: 'address',
  secretVectorSelect: 'select',
  branchOnAnyTrue: 'comparison',
  branchOnNotAllTrue: 'comparison',
  rareVectorBranch: 'comparison',
  switchOnBitmask: 'comparison',
  branchOnLane: 'branch',
  secretFill: 'bulk access',
}

/** Exports that must not be caught. */
export const sound: readonly string[] = [
  'maskedCompare',
  'maskedSelect',
  'wholeTable',
  'maskedVectorSelect',
  'secretSwizzle',
  'vectorCompare',
  'vectorThroughLocals',
]

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

  (func (export "secretWholeVectorStore") (param $at i32) (result i32)
    (v128.store offset=2048 align=1 (i32.load8_u (local.get $at)) (v128.const i32x4 1 2 3 4))
    (i32.const 0))

  (func (export "secretSplatLoad") (param $at i32) (result i32)
    (i32x4.extract_lane 0 (v128.load32_splat offset=1024 (i32.load8_u (local.get $at)))))

  (func (export "secretZeroLoad") (param $at i32) (result i32)
    (i32x4.extract_lane 0 (v128.load64_zero offset=1024 (i32.load8_u (local.get $at)))))

  (func (export "secretExtendingLoad") (param $at i32) (result i32)
    (i32x4.extract_lane 0 (v128.load16x4_u offset=1024 (i32.load8_u (local.get $at)))))

  (func (export "secretLaneLoad") (param $at i32) (result i32)
    (i32x4.extract_lane 0 (v128.load8_lane offset=1024 3 (i32.load8_u (local.get $at)) (v128.const i32x4 1 2 3 4))))

  (func (export "secretVectorSelect") (param $at i32) (result i32)
    (i32x4.extract_lane 1 (select (result v128) (v128.const i32x4 1 2 3 4) (v128.load (local.get $at))
      (i32.and (i32.load8_u (local.get $at)) (i32.const 1)))))

  (func (export "branchOnAnyTrue") (param $at i32) (result i32)
    (if (v128.any_true (v128.and (v128.load (local.get $at)) (v128.const i32x4 1 0 0 0)))
      (then (return (i32.const 1))))
    (i32.const 0))

  (func (export "branchOnNotAllTrue") (param $at i32) (result i32)
    (if (i32.eqz (i8x16.all_true (v128.load (local.get $at)))) (then (return (i32.const 1))))
    (i32.const 0))

  (func (export "rareVectorBranch") (param $at i32) (result i32)
    (if (v128.any_true (i32x4.eq (v128.load (local.get $at)) (i32x4.splat (i32.const 0))))
      (then (return (i32.const 1))))
    (i32.const 0))

  (func (export "switchOnBitmask") (param $at i32) (result i32)
    (block $two (block $one (block $zero
      (br_table $zero $one $two (i64x2.bitmask (v128.load (local.get $at))))) (return (i32.const 7)))
      (return (i32.const 8)))
    (i32.const 9))

  (func (export "branchOnLane") (param $at i32) (result i32)
    (if (i16x8.extract_lane_u 3 (v128.load (local.get $at))) (then (return (i32.const 1))))
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

  (func (export "maskedVectorSelect") (param $at i32) (result i32)
    (i32x4.extract_lane 2 (v128.bitselect (v128.const i32x4 1 2 3 4) (v128.load offset=1024 (i32.const 0))
      (v128.load (local.get $at)))))

  (func (export "secretSwizzle") (param $at i32) (result i32)
    (i8x16.extract_lane_u 5 (i8x16.swizzle (v128.load offset=1024 (i32.const 0))
      (i8x16.shuffle 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30
        (v128.load8_splat (local.get $at)) (v128.load align=1 (local.get $at))))))

  (func (export "vectorCompare") (param $at i32) (result i32)
    (i32.or (i8x16.bitmask (i8x16.eq (v128.load (local.get $at)) (v128.load offset=4096 (i32.const 0))))
      (v128.any_true (v128.load (local.get $at)))))

  (func $twice (param $vector v128) (result v128)
    (i32x4.add (local.get $vector) (local.get $vector)))

  (func (export "vectorThroughLocals") (param $at i32) (result i32)
    (local $vector v128)
    (local.set $vector (call $twice (v128.load (local.get $at))))
    (v128.store64_lane offset=2048 1 (local.get $at) (select (result v128) (local.get $vector)
      (local.tee $vector (i16x8.shl (local.get $vector) (i32.const 3))) (local.get $at)))
    (i32x4.extract_lane 0 (local.get $vector)))

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

/** Assembles a module from its text, without optimising it: in another process, since tsx would take seconds to read binaryen. */
export function assembleText(input: string): Uint8Array {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  return execFileSync(process.execPath, ['--input-type=module', '--eval', assembler], { cwd, input })
}

export function controlModule(): Uint8Array {
  return assembleText(text)
}
