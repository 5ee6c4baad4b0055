import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type CoreBuild, coreBuilds } from '../../tools/core-builds.ts'

// The builds of the core as they ship, but exporting inner functions of assembly/ to tests of their own. The compiler takes seconds, so
// it runs once, before all tests (vitest.config.ts), and only where something changed.

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What is exported, by the names of files; by other names where assembly/index.ts has one of that name. */
const inner: Readonly<Record<string, readonly string[]>> = {
  aes: [
    'AES_BLOCKS',
    'aesDecrypt as decryptBlocks',
    'aesEncrypt as encryptBlocks',
    'aesExpand as expand',
    'aesExpandInverse as expandInverse',
  ],
  'aes-cbc': ['cbcDecrypt', 'cbcEncrypt', 'cbcInit'],
  'aes-ctr': ['ctrInit', 'ctrXor'],
  chacha20: ['chacha20Init'],
  edwards25519: ['pointEncode'],
  'edwards25519-multiply': ['multiplyBase'],
  field25519: [
    'fieldAdd',
    'fieldAddSubtract',
    'fieldDecode',
    'fieldEncode',
    'fieldMultiply',
    'fieldMultiplySmall',
    'fieldNegate',
    'fieldNonZero',
    'fieldSign',
    'fieldSquare',
    'fieldSubtract',
    'fieldSwap',
  ],
  'field25519-invert': ['fieldInvert'],
  'field25519-power': ['fieldPowerForRoot'],
  ghash: ['ghashFinal', 'ghashInit', 'ghashUpdate'],
  index: ['io', 'x25519'],
  poly1305: ['poly1305Final', 'poly1305Init', 'poly1305Update'],
  scalar25519: ['scalarMultiplyAdd', 'scalarReduceWide'],
  'scalar25519-halve': ['scalarHalve'],
}
const innerOfSimd: typeof inner = { 'generated/chacha20-blocks': ['xorFourBlocksAbsorbing'] }

const folderOf = (build: CoreBuild['name']): string => join(root, 'build/inner', build)

function entryOf(build: CoreBuild['name']): string {
  const exported = Object.entries({ ...inner, ...(build === 'simd' ? innerOfSimd : {}) })
  return exported.map(([file, names]) => `export { ${names} } from '../../../assembly/${file}'\n`).join('')
}

/** The hash of all that decides the result. */
function hashOf(entry: string): string {
  const hash = createHash('sha256')
    .update(entry)
    .update(readFileSync(join(root, 'asconfig.json')))
  for (const name of readdirSync(join(root, 'assembly'), { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith('.ts')) hash.update(`${name}\0`).update(readFileSync(join(root, 'assembly', name)))
  }
  return hash.digest('hex')
}

async function compile(build: CoreBuild['name']): Promise<void> {
  const folder = folderOf(build)
  const entry = entryOf(build)
  const [stamp, wasm] = [join(folder, 'stamp'), join(folder, 'core.wasm')]
  const hash = hashOf(entry)
  if (existsSync(wasm) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'entry.ts'), entry)
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
  const options = ['--config', 'asconfig.json', '--target', build, '--outFile', wasm]
  await promisify(execFile)(process.execPath, [asc, `build/inner/${build}/entry.ts`, ...options], { cwd: root })
  writeFileSync(stamp, hash)
}

/** Runs before all tests. */
export default async function setup(): Promise<void> {
  await Promise.all(coreBuilds.map(({ name }) => compile(name)))
}

/** Reads a build with the inner functions exported. */
export function innerCore(build: CoreBuild['name']): Uint8Array {
  return readFileSync(join(folderOf(build), 'core.wasm'))
}
