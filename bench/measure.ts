/** What one implementation does in one operation. It is called many times and must do the same work each time. */
export type Work = () => unknown

export interface Timing {
  readonly medianNs: number
  readonly minNs: number
  /** Median over minimum: 1 is a quiet machine, above 1.5 the figures are not to be believed. */
  readonly spread: number
}

export interface Effort {
  /** How often each implementation has its turn. */
  readonly rounds: number
  /** How long one turn takes, about. */
  readonly turnMs: number
}

/**
 * Times several implementations of one operation in turns, so that a machine which gets slower or faster meanwhile does so for all
 * of them alike.
 */
export function measure(works: ReadonlyMap<string, Work>, { rounds, turnMs }: Effort): Map<string, Timing> {
  const turns = [...works].map(([name, work]) => ({ name, work, calls: callsFor(work, turnMs), ns: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    for (const { work, calls, ns } of turns) ns.push(time(work, calls) / calls)
  }
  return new Map(turns.map(({ name, ns }) => [name, summary(ns)]))
}

/** Warms up, and returns how many calls take `turnMs`. */
function callsFor(work: Work, turnMs: number): number {
  let calls = 1
  let elapsed = time(work, calls)
  while (elapsed < turnMs * 1e6) {
    calls = Math.ceil(calls * Math.min(10, Math.max(1.5, (turnMs * 1e6) / elapsed)))
    elapsed = time(work, calls)
  }
  return calls
}

function time(work: Work, calls: number): number {
  const start = process.hrtime.bigint()
  for (let i = 0; i < calls; i++) work()
  return Number(process.hrtime.bigint() - start)
}

function summary(ns: readonly number[]): Timing {
  const sorted = [...ns].sort((a, b) => a - b)
  const minNs = sorted[0] ?? Number.NaN
  const medianNs = sorted[sorted.length >> 1] ?? Number.NaN
  return { medianNs, minNs, spread: medianNs / minNs }
}
