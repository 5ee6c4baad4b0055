// Writes dist/: the JavaScript and types of runtime/, transports/ and gateway/, and core.wasm beside them.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
const core = join(root, 'build/core.wasm')

function compile(): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.dist.json'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}

const relativeTs = /(\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.[^'"]*)\.ts\2/g

/** The compiler rewrites the extensions of imports in JavaScript, and leaves those in declarations as they are. */
function nameJavaScriptInDeclarations(): void {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.d.ts'))
  for (const file of files) {
    const text = readFileSync(join(dist, file), 'utf8')
    writeFileSync(join(dist, file), text.replace(relativeTs, '$1$2$3.js$2'))
  }
}

if (!existsSync(core)) {
  console.error('build/core.wasm is not there: npm run build:core')
  process.exit(1)
}
rmSync(dist, { recursive: true, force: true })
compile()
nameJavaScriptInDeclarations()
copyFileSync(core, join(dist, 'core.wasm'))
