// The static rules of the WebAssembly core: what a microcontroller, an ahead-of-time compiler and constant time ask of it.
// `node --import tsx tools/check-core.ts [file]` prints what is broken.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import binaryen from 'binaryen'

const maxRawBytes = 48 * 1024
const maxGzipBytes = 20 * 1024
const maxPages = 3

// The kinds of exports in the binary format.
const functionKind = 0
const memoryKind = 2

/** Patterns of the text format that may not occur, and why not. */
const forbidden: readonly (readonly [rule: string, pattern: RegExp])[] = [
  ['an import: hosts on devices offer none', /\(import /],
  ['a start function: nothing may run before it is called', /\(start /],
  ['a table or an indirect call', /\(table |call_indirect|call_ref|ref\.func/],
  ['a float: its timing depends on values', /\bf(32|64)\b/],
  ['a division or remainder: its timing depends on values', /\bi(32|64)\.(div|rem)_[su]/],
  ['memory.grow: views of the memory would detach', /memory\.grow/],
  ['bulk memory, which is not MVP', /memory\.(copy|fill|init)|data\.drop/],
  ['sign extension, which is not MVP', /\.extend(8|16|32)_s\b/],
  ['SIMD, which is not MVP', /\bv128\b|\b[if]\d+x\d+\./],
  ['atomics, which are not MVP', /\.atomic\.|atomic\.fence/],
  ['an access that is not naturally aligned', /\balign=/],
]

/** Checks the bytes of a core; returns one line for each rule that it breaks. */
export function checkCore(wasm: Uint8Array): string[] {
  const failures: string[] = []
  const module = binaryen.readBinary(wasm)
  // Data can spell anything: strings are not read.
  const text = module.emitText().replace(/"(?:[^"\\]|\\.)*"/g, '""')

  for (const [rule, pattern] of forbidden) {
    const found = pattern.exec(text)
    if (found) failures.push(`core: ${rule} (${found[0].trim()})`)
  }

  const memory = /\(memory \S+ (\d+)(?: (\d+))?/.exec(text)
  if (!memory || memory[1] !== memory[2] || Number(memory[1]) > maxPages) {
    failures.push(`core: the memory is not fixed at up to ${maxPages} pages (${memory?.[0] ?? 'none'})`)
  }

  failures.push(...checkExports(module))

  const gzipBytes = gzipSync(wasm, { level: 9 }).length
  if (wasm.length > maxRawBytes) failures.push(`core: ${wasm.length} bytes, the budget is ${maxRawBytes}`)
  if (gzipBytes > maxGzipBytes) failures.push(`core: ${gzipBytes} bytes gzipped, the budget is ${maxGzipBytes}`)
  module.dispose()
  return failures
}

function checkExports(module: binaryen.Module): string[] {
  const failures: string[] = []
  for (let i = 0; i < module.getNumExports(); i++) {
    const exported = binaryen.getExportInfo(module.getExportByIndex(i))
    if (exported.kind === functionKind) {
      const { params, results } = binaryen.getFunctionInfo(module.getFunction(exported.value))
      const types = [...binaryen.expandType(params), ...binaryen.expandType(results)]
      if (types.some((type) => type !== binaryen.i32))
        failures.push(`core: ${exported.name} takes or returns more than i32`)
    } else if (exported.kind !== memoryKind) {
      failures.push(`core: ${exported.name} is exported, and neither a function nor the memory`)
    }
  }
  return failures
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? fileURLToPath(new URL('../build/core.wasm', import.meta.url))
  const failures = existsSync(file) ? checkCore(readFileSync(file)) : [`${file} is not built: npm run build:core`]
  for (const failure of failures) console.error(failure)
  process.exitCode = failures.length > 0 ? 1 : 0
}
