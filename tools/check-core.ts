// The static rules of the WebAssembly core: what a microcontroller, an ahead-of-time compiler and constant time ask of it.
// `node --import tsx tools/check-core.ts [file]` prints what is broken.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type Instruction, i32, i64, readBody, readModule, type WasmModule } from './wasm-module.ts'

const maxRawBytes = 48 * 1024
const maxGzipBytes = 20 * 1024
const maxPages = 3

const functionKind = 0
const memoryKind = 2

const between =
  (...ranges: readonly (readonly [first: number, last: number])[]) =>
  ({ opcode }: Instruction): boolean =>
    ranges.some(([first, last]) => opcode >= first && opcode <= last)

/** The exponents of natural alignment, from i32.load (0x28) to i64.store32 (0x3e). */
const natural = [2, 3, 2, 3, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 2, 3, 2, 3, 0, 1, 0, 1, 2]

const forbidden: readonly (readonly [rule: string, matches: (instruction: Instruction) => boolean])[] = [
  ['a division or remainder: its timing depends on values', between([0x6d, 0x70], [0x7f, 0x82])],
  [
    'a float: its timing depends on values',
    between([0x2a, 0x2b], [0x38, 0x39], [0x43, 0x44], [0x5b, 0x66], [0x8b, 0xa6], [0xa8, 0xab], [0xae, 0xbf]),
  ],
  ['an indirect call', between([0x11, 0x11])],
  ['memory.grow: views of the memory would detach', between([0x40, 0x40])],
  ['sign extension, which is not MVP', between([0xc0, 0xc4])],
  ['bulk memory or saturating conversion, which is not MVP', between([0xfc, 0xfc])],
  ['SIMD, which is not MVP', between([0xfd, 0xfd])],
  ['atomics, which are not MVP', between([0xfe, 0xfe])],
  [
    'an opcode that is not MVP',
    between([0xc5, 0xfb], [0xff, 0xff], [0x06, 0x0a], [0x12, 0x19], [0x1c, 0x1f], [0x25, 0x27]),
  ],
  [
    'an access that is not naturally aligned',
    ({ opcode, align }) => align !== undefined && align !== natural[opcode - 0x28],
  ],
]

/** Checks the bytes of a core; returns one line for each rule that it breaks. */
export function checkCore(wasm: Uint8Array): string[] {
  const module = readModule(wasm)
  const failures = [...checkShape(module), ...checkExports(module), ...checkCode(module)]
  const gzipBytes = gzipSync(wasm, { level: 9 }).length
  if (wasm.length > maxRawBytes) failures.push(`${wasm.length} bytes, the budget is ${maxRawBytes}`)
  if (gzipBytes > maxGzipBytes) failures.push(`${gzipBytes} bytes gzipped, the budget is ${maxGzipBytes}`)
  return failures.map((failure) => `core: ${failure}`)
}

function checkShape({ imports, hasStart, hasTable, memories }: WasmModule): string[] {
  const failures: string[] = []
  if (imports > 0) failures.push('an import: hosts on devices offer none')
  if (hasStart) failures.push('a start function: nothing may run before it is called')
  if (hasTable) failures.push('a table')
  const [memory] = memories
  if (!memory || memory.initial !== memory.maximum || memory.initial > maxPages) {
    failures.push(`the memory is not fixed at up to ${maxPages} pages`)
  }
  return failures
}

function checkExports({ imports, exports, types, functionTypes }: WasmModule): string[] {
  const failures: string[] = []
  for (const { name, kind, index } of exports) {
    if (kind === functionKind) {
      const type = types[functionTypes[index - imports] ?? -1] ?? []
      if (type.some((value) => value !== i32)) failures.push(`${name} takes or returns more than i32`)
    } else if (kind !== memoryKind) {
      failures.push(`${name} is exported, and neither a function nor the memory`)
    }
  }
  return failures
}

function checkCode({ bodies }: WasmModule): string[] {
  const failures = new Set<string>()
  for (const body of bodies) {
    const { locals, instructions } = readBody(body)
    if (locals.some((type) => type !== i32 && type !== i64)) failures.add('a local that is no integer')
    for (const instruction of instructions) {
      for (const [rule, matches] of forbidden) if (matches(instruction)) failures.add(rule)
    }
  }
  return [...failures]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? fileURLToPath(new URL('../build/core.wasm', import.meta.url))
  const failures = existsSync(file) ? checkCore(readFileSync(file)) : [`${file} is not built: npm run build:core`]
  for (const failure of failures) console.error(failure)
  process.exitCode = failures.length > 0 ? 1 : 0
}
