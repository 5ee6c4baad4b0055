import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CoreBuild } from '../../tools/core-builds.ts'

/**
 * Compiles a build of the core as it ships, but exporting these functions of assembly/, by the names of their files. The compiler
 * reads inside the repository only.
 */
export function compileInner(build: CoreBuild['name'], inner: Readonly<Record<string, readonly string[]>>): Buffer {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  mkdirSync(join(root, 'build'), { recursive: true })
  const folder = mkdtempSync(join(root, 'build/core-internals-'))
  const exported = Object.entries(inner).map(([file, names]) => `export { ${names} } from '../../assembly/${file}'`)
  writeFileSync(join(folder, 'entry.ts'), exported.join('\n'))
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
  const options = ['--config', 'asconfig.json', '--target', build, '--outFile', join(folder, 'core.wasm')]
  try {
    execFileSync(process.execPath, [asc, join(relative(root, folder), 'entry.ts'), ...options], {
      cwd: root,
      stdio: 'pipe',
    })
    return readFileSync(join(folder, 'core.wasm'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
