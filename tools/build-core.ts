// Compiles assembly/ to build/core.wasm and writes it into runtime/crypto/core-wasm.ts, so that the module loads the
// same way everywhere. `--if-stale`: only where a source is newer than the result.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const wasmFile = join(root, 'build/core.wasm')
const moduleFile = join(root, 'runtime/crypto/core-wasm.ts')

function modified(file: string): number {
  return existsSync(file) ? statSync(file).mtimeMs : 0
}

const sources = readdirSync(join(root, 'assembly')).map((name) => join(root, 'assembly', name))
const newest = Math.max(...[...sources, join(root, 'asconfig.json')].map(modified))
const fresh = newest <= Math.min(modified(wasmFile), modified(moduleFile))

if (!(process.argv.includes('--if-stale') && fresh)) {
  mkdirSync(join(root, 'build'), { recursive: true })
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
  execFileSync(process.execPath, [asc, '--config', 'asconfig.json', '--target', 'base'], {
    cwd: root,
    stdio: 'inherit',
  })
  const wasm = readFileSync(wasmFile)
  const text = `// Written by tools/build-core.ts from assembly/.
/** The WebAssembly core, base64. */
export const coreWasm: string =
  '${wasm.toString('base64')}'
`
  writeFileSync(moduleFile, text)
  console.log(`core.wasm: ${wasm.length} bytes`)
}
