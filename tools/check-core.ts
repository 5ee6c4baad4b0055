// The static rules of the WebAssembly core: what a microcontroller, an ahead-of-time compiler and constant time ask of it.
// `node --import tsx tools/check-core.ts [base|simd file]` prints what is broken, of all builds or of a file by the rules of one.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Report } from './check-tree.ts'
import { type CoreBuild, coreBuilds } from './core-builds.ts'
import {
  bulkMemory,
  type Instruction,
  i32,
  i64,
  readBody,
  readModule,
  simd,
  v128,
  type WasmModule,
} from './wasm-module.ts'

const maxPages = 3

const functionKind = 0
const memoryKind = 2

const between =
  (...ranges: readonly (readonly [first: number, last: number])[]) =>
  ({ opcode }: Instruction): boolean =>
    ranges.some(([first, last]) => opcode >= first && opcode <= last)

/** The same for instructions of SIMD, by their numbers behind the prefix. */
const vectors = (...ranges: readonly (readonly [first: number, last: number])[]) =>
  between(...ranges.map(([first, last]) => [simd + first, simd + last] as const))

/** The exponents of natural alignment, from i32.load (0x28) to i64.store32 (0x3e). */
const natural = [2, 3, 2, 3, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 2, 3, 2, 3, 0, 1, 0, 1, 2]

/** The rule that is broken, and by what. */
type Rule = readonly [rule: string, matches: (instruction: Instruction) => boolean]

/** What no build may have. */
const forbidden: readonly Rule[] = [
  ['a division or remainder: its timing depends on values', between([0x6d, 0x70], [0x7f, 0x82])],
  [
    'a float: its timing depends on values',
    between([0x2a, 0x2b], [0x38, 0x39], [0x43, 0x44], [0x5b, 0x66], [0x8b, 0xa6], [0xa8, 0xab], [0xae, 0xbf]),
  ],
  ['an indirect call', between([0x11, 0x11])],
  ['memory.grow: views of the memory would detach', between([0x40, 0x40])],
  ['sign extension, which is not MVP', between([0xc0, 0xc4])],
  ['bulk memory or saturating conversion, which is not MVP', between([bulkMemory, simd - 1])],
  ['atomics, which are not MVP', between([0xfe, 0xfe])],
  [
    'an opcode that is not MVP',
    between([0xc5, 0xfb], [0xff, 0xff], [0x06, 0x0a], [0x12, 0x19], [0x1d, 0x1f], [0x25, 0x27]),
  ],
  [
    // Of vectors alignment is a hint that costs nothing.
    'an access that is not naturally aligned',
    ({ opcode, align }) => opcode < bulkMemory && align !== undefined && align !== natural[opcode - 0x28],
  ],
]

interface BuildRules {
  readonly maxRawBytes: number
  readonly maxGzipBytes: number
  readonly locals: readonly number[]
  readonly forbidden: readonly Rule[]
}

const rules: Readonly<Record<CoreBuild['name'], BuildRules>> = {
  base: {
    maxRawBytes: 48 * 1024,
    maxGzipBytes: 20 * 1024,
    locals: [i32, i64],
    forbidden: [
      ...forbidden,
      ['SIMD, which is not MVP', between([simd, 0xfdfff])],
      ['a select with types, which is not MVP', between([0x1c, 0x1c])],
    ],
  },
  simd: {
    // Browsers and servers load it: more room, but no less a decision.
    maxRawBytes: 100 * 1024,
    maxGzipBytes: 36 * 1024,
    locals: [i32, i64, v128],
    forbidden: [
      ...forbidden,
      [
        'a lane that is a float: its timing depends on values',
        vectors([19, 20], [31, 34], [65, 76], [94, 95], [103, 106], [116, 117], [122, 122], [148, 148], [224, 255]),
      ],
      ['relaxed SIMD, whose results depend on the processor', vectors([0x100, 0xfff])],
    ],
  },
}

/** Checks the bytes of a build of the core; returns one line for each rule that it breaks. */
export function checkCore(wasm: Uint8Array, name: CoreBuild['name']): string[] {
  const { maxRawBytes, maxGzipBytes, ...ofCode } = rules[name]
  const module = readModule(wasm)
  const failures = [...checkShape(module), ...checkExports(module), ...checkCode(module, ofCode)]
  const gzipBytes = gzipSync(wasm, { level: 9 }).length
  if (wasm.length > maxRawBytes) failures.push(`${wasm.length} bytes, the budget is ${maxRawBytes}`)
  if (gzipBytes > maxGzipBytes) failures.push(`${gzipBytes} bytes gzipped, the budget is ${maxGzipBytes}`)
  return failures.map((failure) => `${name}: ${failure}`)
}

/** Checks all builds, which must be there. */
export function checkCores(): Report {
  const reports = coreBuilds.map(({ name, fileName, wasmFile }): Report => {
    if (!existsSync(wasmFile)) return { failures: [`${fileName} is not built: npm run build:core`] }
    const wasm = readFileSync(wasmFile)
    const sizes = `${fileName}: ${wasm.length} bytes, ${gzipSync(wasm, { level: 9 }).length} gzipped`
    return { failures: checkCore(wasm, name), notes: [sizes] }
  })
  return {
    failures: reports.flatMap(({ failures }) => failures),
    notes: reports.flatMap(({ notes }) => notes ?? []),
  }
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

function checkCode(
  { bodies }: WasmModule,
  { locals: allowed, forbidden }: Pick<BuildRules, 'locals' | 'forbidden'>,
): string[] {
  const failures = new Set<string>()
  for (const body of bodies) {
    const { locals, instructions } = readBody(body)
    if (!locals.every((type) => allowed.includes(type))) failures.add('a local of a type that this build may not have')
    for (const instruction of instructions) {
      for (const [rule, matches] of forbidden) if (matches(instruction)) failures.add(rule)
    }
    // Else what stands behind it would be passed over.
    if (instructions.at(-1)?.unknown && failures.size === 0) failures.add('an opcode that cannot be read')
  }
  return [...failures]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, file] = process.argv.slice(2)
  const build = coreBuilds.find((one) => one.name === name)
  const report = build && file ? { failures: checkCore(readFileSync(file), build.name) } : checkCores()
  for (const note of report.notes ?? []) console.log(note)
  for (const failure of report.failures) console.error(failure)
  process.exitCode = report.failures.length > 0 ? 1 : 0
}
