import type { Call, Prepared, Work } from './implementation.ts'
import { type Summary, summarize } from './statistics.ts'

/** How long it may take. */
export interface Effort {
  /** Time for each implementation, its warming up included. */
  readonly budgetMs: number
  /** How many rounds there are even for one that is too slow for the budget. */
  readonly minRounds: number
  /** How often each implementation has its turn. */
  readonly rounds: number
}

interface Turn {
  readonly name: string
  readonly work: Work
  /** How many calls a turn has: so many that it takes about `turnNs`. */
  calls: number
  readonly turnNs: number
  /** It takes part in one round out of so many: those that are slow beyond the budget have fewer turns. */
  readonly every: number
  readonly ns: number[]
  /** How long the quickest turn took, all its calls. */
  quickestNs: number
}

/**
 * Times several implementations of one operation in turns, so that a machine which gets slower or faster meanwhile does so for all
 * of them alike. Each round starts with another one, so that nobody always runs in the wake of the same neighbour.
 */
export async function measure(works: ReadonlyMap<string, Prepared>, effort: Effort): Promise<Map<string, Summary>> {
  const turns: Turn[] = []
  for (const [name, work] of works) turns.push(await warmUp(name, work, effort))
  for (let round = 0; round < effort.rounds; round++) {
    for (let i = 0; i < turns.length; i++) {
      const turn = turns[(round + i) % turns.length]
      if (!turn || round % turn.every !== 0) continue
      await takeTurn(turn)
    }
  }
  return new Map(turns.map((turn) => [turn.name, summaryOf(turn)]))
}

async function takeTurn(turn: Turn): Promise<void> {
  const elapsed = Math.max(await elapsedNs(turn.work, turn.calls), clockResolutionNs())
  const ns = elapsed / turn.calls
  if (ns < Math.min(...turn.ns)) turn.quickestNs = elapsed
  turn.ns.push(ns)
  // It became quicker, as a function does that is compiled meanwhile: then there are more calls, for the clock to see them.
  if (!turn.work.once) turn.calls = Math.max(turn.calls, Math.round(turn.turnNs / ns))
}

function summaryOf({ ns, quickestNs }: Turn): Summary {
  const summary = summarize(ns)
  return { ...summary, noisy: summary.noisy || quickestNs < fewestSteps * clockResolutionNs() }
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

/** How many steps of the clock a turn is to have, and how few make it noisy. */
const wantedSteps = 20
const fewestSteps = 10
/** A call of this length needs no warming up. */
const longCallNs = 5e7

/** Calls it until a third of the budget is used, and finds out how many calls make a turn. */
async function warmUp(name: string, work: Prepared, { budgetMs, rounds, minRounds }: Effort): Promise<Turn> {
  if (work.once) return { name, work, calls: 1, turnNs: 0, every: 1, ns: [], quickestNs: 0 }
  const warmNs = (budgetMs * 1e6) / 3
  const turnNs = Math.max((warmNs * 2) / rounds, wantedSteps * clockResolutionNs())
  let calls = 1
  let ns = work.firstNs < longCallNs ? await elapsedNs(work, calls) : work.firstNs
  for (let spent = ns; spent < warmNs; spent += ns) {
    calls = Math.ceil(calls * Math.min(4, Math.max(1, warmNs / 4 / Math.max(ns, 1))))
    ns = await elapsedNs(work, calls)
  }
  const perTurn = Math.max(1, Math.round((turnNs * calls) / Math.max(ns, 1)))
  const affordable = Math.max(minRounds, Math.floor((rounds * turnNs * calls) / (perTurn * Math.max(ns, 1))))
  const every = Math.max(1, Math.ceil(rounds / affordable))
  return { name, work, calls: perTurn, turnNs, every, ns: [], quickestNs: 0 }
}

async function elapsedNs({ call, async }: Work, calls: number): Promise<number> {
  const startMs = performance.now()
  if (async) for (let i = 0; i < calls; i++) await call()
  else repeat(call, calls)
  return (performance.now() - startMs) * 1e6
}

function repeat(call: Call, calls: number): void {
  for (let i = 0; i < calls; i++) call()
}
