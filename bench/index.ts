// `npm run bench -- [--only REGEX] [--quick] [--json FILE]`: the primitives of this package against other implementations.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type Effort, measure, type Timing } from './measure.ts'
import { type Operation, operations } from './peers.ts'

interface Row {
  op: string
  size?: number
  impl: string
  medianNs: number
  minNs: number
  opsPerSecond: number
  mbPerSecond?: number
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean' }, json: { type: 'string' } },
})
const only = new RegExp(values.only ?? '')
const effort: Effort = values.quick ? { rounds: 15, turnMs: 2 } : { rounds: 60, turnMs: 10 }

function rowsOf({ op, size }: Operation, timings: Map<string, Timing>): Row[] {
  return [...timings].map(([impl, { medianNs, minNs }]) => ({
    op,
    ...(size === undefined ? {} : { size }),
    impl,
    medianNs: Math.round(medianNs),
    minNs: Math.round(minNs),
    opsPerSecond: Math.round(1e9 / minNs),
    ...(size === undefined ? {} : { mbPerSecond: Math.round((size / minNs) * 1e4) / 10 }),
  }))
}

function print({ op, size }: Operation, timings: Map<string, Timing>): void {
  const ours = timings.get('didcomm-mote')?.minNs ?? Number.NaN
  for (const [impl, { medianNs, minNs, spread }] of timings) {
    const cells = [
      `${op}${size === undefined ? '' : ` ${size}`}`.padEnd(30),
      impl.padEnd(27),
      `${(minNs / 1000).toFixed(2).padStart(9)} us`,
      `${(medianNs / 1000).toFixed(2).padStart(9)} us`,
      // Above 1: this package is that many times as fast.
      impl === 'didcomm-mote' ? '         ' : `${(minNs / ours).toFixed(2).padStart(8)}x`,
      spread > 1.5 ? '  noisy' : '',
    ]
    console.log(cells.join(' ').trimEnd())
  }
}

const rows: Row[] = []
console.log(`${'operation'.padEnd(30)} ${'implementation'.padEnd(27)}      minimum       median  ours is`)
for (const operation of operations()) {
  if (!only.test(operation.op)) continue
  const timings = measure(operation.works, effort)
  rows.push(...rowsOf(operation, timings))
  print(operation, timings)
}

if (values.json) {
  const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, { version?: string }>
  }
  const versions = Object.fromEntries(
    ['@noble/ciphers', '@noble/curves', '@noble/hashes', 'assemblyscript'].map((name) => [
      name,
      lock.packages[`node_modules/${name}`]?.version,
    ]),
  )
  const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, platform: `${process.platform} ${process.arch}` }
  const date = new Date().toISOString().slice(0, 10)
  const result = {
    date,
    machine,
    versions: { node: process.version, openssl: process.versions.openssl, ...versions },
    rows,
  }
  writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)
}
