// Writes dist/: the JavaScript and types of runtime/, transports/ and gateway/, and the builds of the core beside them.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { coreBuilds } from './core-builds.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')

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

const missing = coreBuilds.filter(({ wasmFile }) => !existsSync(wasmFile))
if (missing.length > 0) {
  console.error(`not built: ${missing.map(({ fileName }) => fileName).join(', ')}: npm run build:core`)
  process.exit(1)
}
rmSync(dist, { recursive: true, force: true })
compile()
nameJavaScriptInDeclarations()
for (const { wasmFile, fileName } of coreBuilds) copyFileSync(wasmFile, join(dist, fileName))
