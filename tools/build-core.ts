// Compiles assembly/ once for each build of the core, and writes each into a module of runtime/crypto/, so that it loads the
// same way everywhere. `--if-stale`: only where the result was made from something else.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CoreBuild, coreBuilds } from './core-builds.ts'
import { kernels } from './kernels/index.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const inputs = [
  'asconfig.json',
  'tools/build-core.ts',
  'tools/core-builds.ts',
  'node_modules/assemblyscript/package.json',
]

/** The hash of all that decides the result. Times would lie after a checkout. */
function sourcesHash(): string {
  const sources = readdirSync(join(root, 'assembly'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('generated'))
    .map((name) => join('assembly', name))
    .sort()
  const hash = createHash('sha256')
  const add = (name: string, text: string): void => {
    hash.update(`${name}\0${text.length}\0`).update(text)
  }
  for (const file of [...sources, ...inputs]) add(file, readFileSync(join(root, file), 'utf8'))
  for (const [name, write] of Object.entries(kernels)) add(name, write())
  return hash.digest('hex')
}

const header = `// Written by tools/build-core.ts from assembly/, whose hash is ${sourcesHash()}.\n`

function isFresh({ wasmFile, moduleFile }: CoreBuild): boolean {
  return existsSync(wasmFile) && existsSync(moduleFile) && readFileSync(moduleFile, 'utf8').startsWith(header)
}

function writeKernels(): void {
  const folder = join(root, 'assembly/generated')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [name, write] of Object.entries(kernels)) {
    writeFileSync(join(folder, name), `// Written by tools/kernels.\n${write()}`)
  }
}

function compile({ name, fileName, wasmFile, moduleFile, exportName }: CoreBuild): boolean {
  mkdirSync(dirname(wasmFile), { recursive: true })
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
  const { status } = spawnSync(process.execPath, [asc, '--config', 'asconfig.json', '--target', name], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) return false
  const wasm = readFileSync(wasmFile)
  const literal = `/** The \`${name}\` build of the core, base64. */\nexport const ${exportName}: string =\n  '${wasm.toString('base64')}'\n`
  writeFileSync(moduleFile, header + literal)
  console.log(`${fileName}: ${wasm.length} bytes`)
  return true
}

const stale = coreBuilds.filter((build) => !(process.argv.includes('--if-stale') && isFresh(build)))
if (stale.length > 0) {
  writeKernels()
  if (!stale.every(compile)) process.exitCode = 1
}
