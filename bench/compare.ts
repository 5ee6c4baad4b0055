import { keyOf, type Result, type Row } from './result.ts'
import { median } from './statistics.ts'

export interface Change {
  readonly row: Row
  /** New minimum over old one: above 1 it became slower. */
  readonly ratio: number
  /** The same, after the machine is allowed for. */
  readonly corrected: number
  /** How far `corrected` may be from 1 without meaning anything. */
  readonly noise: number
  readonly verdict: 'slower' | 'faster' | 'same' | 'regression'
}

export interface Comparison {
  readonly changes: readonly Change[]
  /** The median of the ratios of peers, which did not change: the machine. 1 where there are too few to tell. */
  readonly machine: number
  /** Names of the rows that only one of the results has. */
  readonly unmatched: readonly string[]
}

const fewestPeers = 5
const leastNoise = 0.03

const isOurs = (row: Row): boolean => row.impl.startsWith('didcomm-mote')

/**
 * Compares a result with an earlier one, row by row.
 *
 * @param maxRegressionPercent by how much a row of ours may become slower, beyond the noise of both results
 */
export function compareResults(before: Result, after: Result, maxRegressionPercent: number): Comparison {
  const old = new Map(before.rows.map((row) => [keyOf(row), row]))
  const pairs = after.rows.flatMap((row) => {
    const earlier = old.get(keyOf(row))
    return earlier ? [{ row, earlier, ratio: row.minNs / earlier.minNs }] : []
  })
  const peers = pairs.filter(({ row, earlier }) => !isOurs(row) && !row.noisy && !earlier.noisy)
  const machine = peers.length < fewestPeers ? 1 : median(peers.map(({ ratio }) => ratio))
  const changes = pairs.map(({ row, earlier, ratio }): Change => {
    const corrected = ratio / machine
    const noise = Math.max(leastNoise, ((row.spread || 0) + (earlier.spread || 0)) / 2)
    const believable = !row.noisy && !earlier.noisy && Math.abs(corrected - 1) > noise
    const regressed = isOurs(row) && corrected > 1 + maxRegressionPercent / 100
    const verdict = corrected > 1 ? (regressed ? 'regression' : 'slower') : 'faster'
    return { row, ratio, corrected, noise, verdict: believable ? verdict : 'same' }
  })
  const matched = new Set(pairs.map(({ row }) => keyOf(row)))
  const unmatched = [...before.rows, ...after.rows].map(keyOf).filter((key) => !matched.has(key))
  return { changes, machine, unmatched: [...new Set(unmatched)] }
}

/** Writes a comparison as lines for a terminal. */
export function comparisonLines({ changes, machine, unmatched }: Comparison, file: string): string[] {
  const count = (verdict: Change['verdict']) => changes.filter((change) => change.verdict === verdict).length
  const lines = changes.map(({ row, ratio, noise, verdict }) => {
    const cells = [
      keyOf(row).padEnd(60),
      `${ratio.toFixed(3)}x`.padStart(9),
      `noise ${Math.round(noise * 100)} %`.padStart(12),
    ]
    return `${cells.join(' ')}  ${verdict === 'same' ? '' : verdict === 'regression' ? 'REGRESSION' : verdict}`.trimEnd()
  })
  return [
    `against ${file}: time over earlier time`,
    ...lines,
    `the machine by the peers' rows: ${machine.toFixed(3)}x, allowed for in the verdicts`,
    `${changes.length} rows: ${count('faster')} faster, ${count('slower')} slower, ${count('regression')} regressions`,
    ...(unmatched.length > 0 ? [`${unmatched.length} rows are in one of the results only`] : []),
  ]
}
