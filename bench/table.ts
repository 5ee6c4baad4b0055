// How rows look on a terminal.
import type { Row } from './result.ts'

const widths = { op: 30, impl: 31, number: 9 } as const

/** Writes nanoseconds in the unit that reads best. */
export function formatNs(ns: number): string {
  if (ns < 1000) return `${ns.toPrecision(3)} ns`
  if (ns < 1e6) return `${(ns / 1e3).toPrecision(3)} us`
  return `${(ns / 1e6).toPrecision(3)} ms`
}

/** Writes bytes in the unit that reads best: `64 B`, `16 KiB`. */
export function formatSize(size: number): string {
  if (size >= 1_048_576) return `${size / 1_048_576} MiB`
  return size >= 1024 ? `${size / 1024} KiB` : `${size} B`
}

/** Names an operation with its size. */
export function formatOperation({ op, size }: Pick<Row, 'op' | 'size'>): string {
  return size === null ? op : `${op} ${formatSize(size)}`
}

/** Writes three digits that count, without an exponent, and all of them from 1,000 on. */
export const formatNumber = (value: number): string =>
  value >= 1000 ? String(Math.round(value)) : String(+value.toPrecision(3))

export function tableHeader(reference: string): string {
  const cells = ['operation'.padEnd(widths.op), 'implementation'.padEnd(widths.impl)]
  const numbers = ['minimum', 'median', 'ops/s', 'MB/s', 'spread'].map((text) => text.padStart(widths.number))
  return [...cells, ...numbers, `  ${reference} is`].join(' ')
}

const marks = (row: Row): string => `${row.async ? ' awaited' : ''}${row.noisy ? ' NOISY' : ''}`

/** One row as a line. */
export function tableLine(row: Row, reference: string): string {
  const bandwidth = row.mbPerSecond === null ? '' : formatNumber(row.mbPerSecond)
  const spread = `${Math.round(row.spread * 100)} %`
  const numbers = [formatNs(row.minNs), formatNs(row.medianNs), formatNumber(row.opsPerSecond), bandwidth, spread]
  const ratio = row.impl === reference || row.ratio === undefined ? '' : `${formatNumber(row.ratio)}x`
  const { p50Ns, p99Ns } = row
  const latency = p50Ns && p99Ns ? ` p50 ${formatNs(p50Ns)}, p99 ${formatNs(p99Ns)}` : ''
  return [
    formatOperation(row).padEnd(widths.op),
    row.impl.padEnd(widths.impl),
    ...numbers.map((text) => text.padStart(widths.number)),
    `${ratio.padStart(reference.length + 5)}${marks(row)}${latency}`,
  ]
    .join(' ')
    .trimEnd()
}
