// `npm run bench`: see README.md, or `npm run bench -- --help`.

import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { compareResults, comparisonLines } from './compare.ts'
import { moteInNode } from './mote-node.ts'
import { coreFiles, machine, peersAreInstalled, peersInNode, versions } from './node-peers.ts'
import { help, type Options, parseOptions, UsageError } from './options.ts'
import { loadPeers } from './peers.ts'
import { formatResult, parseResult, type Result, type Row } from './result.ts'
import { missingFrom, runSuite } from './run.ts'
import { withSingleVerification } from './singly.ts'
import { moduleSize } from './startup.ts'
import { tableHeader, tableLine } from './table.ts'

const note = (text: string): void => console.error(`note: ${text}`)

function printRows(rows: readonly Row[], reference: string): void {
  for (const row of rows) console.log(tableLine(row, reference))
}

/** Shows on a terminal how far the suite is; in a pipe nothing but rows is written. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

async function measured(options: Options): Promise<Result> {
  const cores = coreFiles()
  const ours = moteInNode(cores)
  const peers = await loadPeers(peersInNode)
  const missing = missingFrom(ours[0])
  const absent = missing.length === 0 ? [] : [`didcomm-mote has no ${missing.join(', ')}: peers only`]
  const install = peersAreInstalled() ? [] : ['for the peers: npm ci --prefix bench/peers']
  const notes = [...peers.notes, ...install, ...absent]
  for (const text of notes) note(text)
  const everyone = [...ours, ...withSingleVerification(peers.implementations)]
  const names = everyone.map(({ name }) => name)
  if (!names.includes(options.reference)) {
    throw new UsageError(`--reference expected one of ${names.join(', ')}, got "${options.reference}"`)
  }
  console.log(tableHeader(options.reference))
  const rows = await runSuite(everyone, options, {
    begin: ({ op }, done, total) => showProgress(`${done} of ${total}: ${op}`),
    rows(found) {
      showProgress('')
      printRows(found, options.reference)
    },
  })
  const date = new Date().toISOString().slice(0, 10)
  const { reference } = options
  const modules = cores.map(({ name, wasm }) =>
    moduleSize(`didcomm-mote/${name}`, wasm, (bytes) => gzipSync(bytes, { level: 9 })),
  )
  return { date, machine: machine(), versions: versions(), reference, notes, modules, rows }
}

/** @throws UsageError where it is not there, or not a result */
function readResult(file: string): Result {
  try {
    return parseResult(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`${file} is no result: ${(error as Error).message}`)
  }
}

/** Finds out before the measuring, which takes long, whether a file can be written. */
function expectWritable(file: string): void {
  try {
    closeSync(openSync(file, 'a'))
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${(error as Error).message}`)
  }
}

function stored(file: string): Result {
  const result = readResult(file)
  console.log(tableHeader(result.reference))
  printRows(result.rows, result.reference)
  return result
}

function summary({ rows }: Result): string {
  const noisy = rows.filter((row) => row.noisy).length
  if (noisy === 0) return `${rows.length} rows, none of them noisy`
  const advice = noisy * 4 > rows.length ? ': this machine is too busy, believe nothing' : ': do not believe those'
  return `${rows.length} rows, ${noisy} of them noisy${advice}`
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) {
    console.log(help)
    return
  }
  const before = options.compare === undefined ? undefined : readResult(options.compare)
  if (options.json !== undefined) expectWritable(options.json)
  const result = options.from === undefined ? await measured(options) : stored(options.from)
  if (result.rows.length === 0) throw new UsageError(`--only ${options.only} matches no row`)
  console.log(summary(result))
  if (options.json !== undefined) writeFileSync(options.json, formatResult(result))
  if (!before) return
  const comparison = compareResults(before, result, options.maxRegressionPercent)
  console.log(comparisonLines(comparison, options.compare ?? '').join('\n'))
  if (comparison.changes.some(({ verdict }) => verdict === 'regression')) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  const known = error instanceof UsageError
  console.error(known ? `${error.message}\n\n${help}` : error)
  process.exitCode = known ? 2 : 1
}
