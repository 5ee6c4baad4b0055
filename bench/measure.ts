import type { Call, Prepared, Work } from './implementation.ts'
import { percentiles, type Summary, summarize } from './statistics.ts'

interface Turn {
  readonly name: string
  readonly work: Work
  /** How many calls a turn has: so many that it takes about `turnNs`. */
  calls: number
  readonly turnNs: number
  /** How often it has its turn. */
  readonly rounds: number
  readonly ns: number[]
  /** Of the single things in its turns. */
  readonly latencies: number[]
  /** How long the quickest turn took, all its calls. */
  quickestNs: number
}

/** The longest turn: less than a scheduler gives to another program, so that some turns have no break in them. */
const longestTurnNs = 2e6
/** How much longer than planned it may take all together: turns with a break in them do. */
const lenience = 1.2
/** One call that takes so many times its whole budget is enough. */
const farTooSlow = 10
/** How many steps of the clock a turn is to have, and how few make it noisy. */
const wantedSteps = 20
const fewestSteps = 10
/** How many rounds there are, even for one that is too slow for its budget; and enough is enough. */
const minRounds = 3
const maxRounds = 200
/** Turns become shorter before there are fewer of them. */
const fewRounds = 7
const maxFirstTimes = 31
/** How often it is timed at least before its length is known. */
const leastTries = 4
/** A call of this length needs no warming up. */
const longCallNs = 5e7

/**
 * Times several implementations of one operation in turns, so that a machine which gets slower or faster meanwhile does so for all
 * of them alike. Each round has another order, so that nobody always runs in the wake of the same neighbour.
 *
 * @param budgetMs time for each of them, its warming up included. Where that is over, only those go on that have too few turns.
 */
export async function measure(works: ReadonlyMap<string, Prepared>, budgetMs: number): Promise<Map<string, Summary>> {
  const endMs = performance.now() + budgetMs * works.size * lenience
  const turns: Turn[] = []
  for (const [name, work] of works) turns.push(await warmUp(name, work, budgetMs))
  const all = Math.max(...turns.map(({ rounds }) => rounds))
  for (let round = 0; round < all; round++) {
    for (const turn of shuffled(turns)) {
      if (isDue(turn, round, all, performance.now() > endMs)) await takeTurn(turn)
    }
  }
  return new Map(turns.map((turn) => [turn.name, summaryOf(turn)]))
}

/** Fisher and Yates. */
function shuffled<T>(values: readonly T[]): T[] {
  const order = [...values]
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const [a, b] = [order[i], order[j]]
    if (a !== undefined && b !== undefined) [order[i], order[j]] = [b, a]
  }
  return order
}

/** Spreads the turns of those that are slow, and so have few of them, over all rounds. */
function isDue({ rounds, ns }: Turn, round: number, all: number, isLate: boolean): boolean {
  if (isLate && ns.length >= minRounds) return false
  return Math.floor(((round + 1) * rounds) / all) > Math.floor((round * rounds) / all)
}

async function takeTurn(turn: Turn): Promise<void> {
  const elapsed = Math.max(await elapsedNs(turn.work, turn.calls), clockResolutionNs())
  const ns = elapsed / turn.calls
  if (ns < Math.min(...turn.ns)) turn.quickestNs = elapsed
  turn.ns.push(ns)
  turn.latencies.push(...(turn.work.latencies?.() ?? []))
  // It became quicker, as a function does that is compiled meanwhile: then there are more calls, for the clock to see them.
  if (!turn.work.once) turn.calls = Math.max(turn.calls, Math.round(turn.turnNs / ns))
}

function summaryOf({ latencies, ns, quickestNs }: Turn): Summary {
  const summary = summarize(ns)
  const noisy = summary.noisy || quickestNs < fewestSteps * clockResolutionNs()
  return { ...summary, noisy, ...(latencies.length > 0 && { latency: percentiles(latencies) }) }
}

let resolution: number | undefined

/** The smallest step of the clock: browsers make it as coarse as a millisecond. */
function clockResolutionNs(): number {
  if (resolution !== undefined) return resolution
  const steps: number[] = []
  let last = performance.now()
  while (steps.length < 10) {
    const now = performance.now()
    if (now > last) steps.push((now - last) * 1e6)
    last = now
  }
  resolution = Math.min(...steps)
  return resolution
}

/** Calls it until a third of the budget is used, and finds out how many calls make a turn, and how many turns there is time for. */
async function warmUp(name: string, work: Prepared, budgetMs: number): Promise<Turn> {
  const warmNs = (budgetMs * 1e6) / 3
  const roundsOf = (ns: number, most: number) => {
    const least = ns > farTooSlow * budgetMs * 1e6 ? 1 : minRounds
    return Math.min(most, Math.max(least, Math.floor((2 * warmNs) / ns)))
  }
  const begun = { name, work, ns: [], latencies: [], quickestNs: 0 }
  if (work.once) return { ...begun, calls: 1, turnNs: 0, rounds: roundsOf(work.firstNs, maxFirstTimes) }
  const callNs = work.firstNs < longCallNs ? await quickestCallNs(work, warmNs) : work.firstNs
  work.latencies?.()
  const turnNs = Math.max(Math.min(longestTurnNs, (2 * warmNs) / fewRounds), wantedSteps * clockResolutionNs())
  return {
    ...begun,
    calls: Math.max(1, Math.round(turnNs / callNs)),
    turnNs,
    rounds: roundsOf(Math.max(turnNs, callNs), maxRounds),
  }
}

/** Warms up, and returns how long a call takes at best: one that was interrupted, or not yet compiled, must not decide. */
async function quickestCallNs(work: Work, warmNs: number): Promise<number> {
  let quickest = Number.POSITIVE_INFINITY
  let calls = 1
  let spent = 0
  for (let tries = 0; spent < warmNs || (tries < leastTries && quickest < 3 * warmNs); tries++) {
    const ns = Math.max(await elapsedNs(work, calls), clockResolutionNs())
    quickest = Math.min(quickest, ns / calls)
    spent += ns
    calls = Math.ceil(Math.min(calls * 4, Math.max(1, warmNs / 4 / quickest)))
  }
  return quickest
}

async function elapsedNs({ call, async, settle }: Work, calls: number): Promise<number> {
  const startMs = performance.now()
  if (async) for (let i = 0; i < calls; i++) await call()
  else repeat(call, calls)
  await settle?.()
  return (performance.now() - startMs) * 1e6
}

function repeat(call: Call, calls: number): void {
  for (let i = 0; i < calls; i++) call()
}
