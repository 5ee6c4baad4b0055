/** What many measurements of one thing come to. */
export interface Summary {
  readonly medianNs: number
  readonly minNs: number
  /** Third quartile minus first, over the median. */
  readonly spread: number
  /** How far the median is above the minimum: 0 on a machine that does nothing else. */
  readonly aboveMinimum: number
  /** How far the second lowest is above the minimum: a minimum that came once only is luck, or an error of the clock. */
  readonly aboveLowest: number
  /** The machine was too busy to believe this row. */
  readonly noisy: boolean
  readonly rounds: number
  /** Of the single things that were done, where these were timed too: half of them took no longer, and 99 of 100. */
  readonly latency?: { readonly p50Ns: number; readonly p99Ns: number }
}

/** Beyond these a row is marked as noisy. */
export const noiseLimits = { spread: 0.4, aboveMinimum: 0.5, aboveLowest: 0.1 } as const

/** Returns the value below which the fraction `q` of `sorted` lies, between neighbours by proportion. */
export function quantile(sorted: readonly number[], q: number): number {
  const position = (sorted.length - 1) * q
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position - Math.floor(position))
}

export function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  )
}

/** Returns the latencies below which half, and 99 of 100, lie. */
export function percentiles(samples: readonly number[]): NonNullable<Summary['latency']> {
  const sorted = [...samples].sort((a, b) => a - b)
  return { p50Ns: quantile(sorted, 0.5), p99Ns: quantile(sorted, 0.99) }
}

/** @throws RangeError without a sample */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError('"samples" expected at least one')
  const sorted = [...samples].sort((a, b) => a - b)
  const minNs = quantile(sorted, 0)
  const medianNs = quantile(sorted, 0.5)
  const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / medianNs
  const aboveMinimum = medianNs / minNs - 1
  const aboveLowest = (sorted[1] ?? minNs) / minNs - 1
  const noisy =
    spread > noiseLimits.spread ||
    aboveMinimum > noiseLimits.aboveMinimum ||
    aboveLowest > noiseLimits.aboveLowest ||
    samples.length < 3
  return { medianNs, minNs, spread, aboveMinimum, aboveLowest, noisy, rounds: samples.length }
}
