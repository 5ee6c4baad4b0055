// `npm run check`: everything that must hold besides the tests. `npm run check layers docs` runs only those.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkBench } from './check-bench.ts'
import { checkConformance } from './check-conformance.ts'
import { checkConstantTimes } from './check-constant-time.ts'
import { checkCores } from './check-core.ts'
import { checkDocs } from './check-docs.ts'
import { checkLayers } from './check-layers.ts'
import { checkLengths } from './check-lengths.ts'
import { checkNames } from './check-names.ts'
import { checkPackage } from './check-package.ts'
import { checkSizes } from './check-sizes.ts'
import { checkTransports } from './check-transports.ts'
import { type Report, readTree, runNode } from './check-tree.ts'
import { checkTypes } from './check-types.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const tree = readTree(root)

async function checkLint(): Promise<string[]> {
  const { ok, output } = await runNode(root, [
    'node_modules/@biomejs/biome/bin/biome',
    'ci',
    '--colors=off',
    '--error-on-warnings',
    '.',
  ])
  return ok ? [] : [output]
}

function checkVectors(): Report {
  const folder = process.env['VECTORS_DIR'] ?? join(root, '../shared/vectors')
  const text = existsSync(folder) ? 'the big sets of vectors are here' : 'no big sets of vectors (set VECTORS_DIR)'
  return { failures: [], notes: [text] }
}

const checks: Readonly<Record<string, () => Report | string[] | Promise<Report | string[]>>> = {
  lint: checkLint,
  types: async () => [
    ...(await checkTypes(root, 'tsconfig.json')),
    ...(await checkTypes(root, 'runtime/tsconfig.json')),
    ...(await checkTypes(root, 'bench/web/tsconfig.json')),
  ],
  layers: () => checkLayers(tree),
  lengths: () => checkLengths(tree),
  names: () => checkNames(tree),
  package: () => checkPackage(tree),
  docs: () => checkDocs(tree),
  conformance: () => checkConformance(tree),
  transports: () => checkTransports(tree),
  bench: () => checkBench(tree),
  sizes: () => checkSizes(root),
  core: checkCores,
  'constant-time': checkConstantTimes,
  vectors: checkVectors,
}

async function run(name: string): Promise<boolean> {
  const startMs = performance.now()
  const indented = (text: string) => text.replace(/^/gm, '      ')
  let report: Report
  try {
    const result = (await checks[name]?.()) ?? {
      failures: [`no such check; there are ${Object.keys(checks).join(', ')}`],
    }
    report = 'failures' in result ? result : { failures: result }
  } catch (error) {
    report = { failures: [String((error as Error).stack)] }
  }
  const ok = report.failures.length === 0
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
  console.log(`${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(14)}${seconds.padStart(6)} s`)
  for (const line of [...report.failures, ...(report.notes ?? [])]) console.log(indented(line))
  return ok
}

const chosen = process.argv.slice(2)
const results: boolean[] = []
for (const name of chosen.length > 0 ? chosen : Object.keys(checks)) results.push(await run(name))
const failed = results.filter((ok) => !ok).length
console.log(`checks: ${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
