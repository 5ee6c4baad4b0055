// Compiles assembly/ to build/core.wasm and writes it into runtime/crypto/core-wasm.ts, so that the module loads the
// same way everywhere. `--if-stale`: only where the result was made from something else.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const wasmFile = join(root, 'build/core.wasm')
const moduleFile = join(root, 'runtime/crypto/core-wasm.ts')

/** The hash of all that decides the result. Times would lie after a checkout. */
function sourcesHash(): string {
  const sources = readdirSync(join(root, 'assembly'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('assembly', name))
    .sort()
  const hash = createHash('sha256')
  for (const file of [...sources, 'asconfig.json', 'tools/build-core.ts', 'node_modules/assemblyscript/package.json']) {
    const text = readFileSync(join(root, file))
    hash.update(`${file}\0${text.length}\0`).update(text)
  }
  return hash.digest('hex')
}

const header = `// Written by tools/build-core.ts from assembly/, whose hash is ${sourcesHash()}.\n`
const made = existsSync(wasmFile) && existsSync(moduleFile)
const fresh = made && readFileSync(moduleFile, 'utf8').startsWith(header)

function build(): void {
  mkdirSync(dirname(wasmFile), { recursive: true })
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
  const { status } = spawnSync(process.execPath, [asc, '--config', 'asconfig.json', '--target', 'base'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) {
    process.exitCode = 1
    return
  }
  const wasm = readFileSync(wasmFile)
  const literal = `/** The WebAssembly core, base64. */\nexport const coreWasm: string =\n  '${wasm.toString('base64')}'\n`
  mkdirSync(dirname(moduleFile), { recursive: true })
  writeFileSync(moduleFile, header + literal)
  console.log(`core.wasm: ${wasm.length} bytes`)
}

if (!(process.argv.includes('--if-stale') && fresh)) build()
