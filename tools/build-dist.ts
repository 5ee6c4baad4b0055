// Writes dist/: the JavaScript and types of runtime/, transports/ and gateway/, and core.wasm beside them.
import { execFileSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

rmSync(join(root, 'dist'), { recursive: true, force: true })
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.dist.json'], {
  cwd: root,
  stdio: 'inherit',
})
copyFileSync(join(root, 'build/core.wasm'), join(root, 'dist/core.wasm'))
