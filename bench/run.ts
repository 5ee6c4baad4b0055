import type { Implementation } from './implementation.ts'
import { type Operation, operations } from './operations.ts'
import type { Row } from './result.ts'
import { runTrial, type Trial, trialsOf } from './suite.ts'

export interface Plan {
  readonly only: RegExp
  readonly seconds: number
  readonly reference: string
}

/** What happens while the suite runs. */
export interface Progress {
  /** Before a trial: how many of how many rows are done. */
  begin?(trial: Trial, done: number, total: number): void | Promise<void>
  rows?(rows: readonly Row[]): void
}

/** The least and the most time that a row has, whatever the plan says. */
const shortestMs = 3
const longestMs = 2000

/** Names the operations that nobody of `ours` has. Transports are there in Node only. */
export function missingFrom(ours: Implementation | undefined, all: readonly Operation[] = operations): string[] {
  return all.map(({ op }) => op).filter((op) => ours && /^(?!call|startup|transport)/.test(op) && !ours.makers[op])
}

/**
 * Measures all that `plan.only` matches, in the time that it gives: what is left is divided among the rows that are left.
 *
 * @throws Error where implementations disagree
 */
export async function runSuite(
  implementations: readonly Implementation[],
  plan: Plan,
  progress: Progress = {},
): Promise<Row[]> {
  const trials = trialsOf(operations, implementations, plan.only)
  const total = trials.reduce((sum, { chosen }) => sum + chosen.length, 0)
  const endMs = performance.now() + plan.seconds * 1000
  const rows: Row[] = []
  // The first trial would pay for what a process does at its start: modules are still compiled in the background then.
  const rehearsalMs = Math.min(longestMs, (plan.seconds * 1000) / 50 / implementations.length)
  if (trials[0]) await runTrial(trials[0], implementations, plan.reference, rehearsalMs)
  for (const trial of trials) {
    await progress.begin?.(trial, rows.length, total)
    const leftMs = Math.max(0, endMs - performance.now())
    const budgetMs = Math.min(longestMs, Math.max(shortestMs, leftMs / (total - rows.length)))
    const measured = await runTrial(trial, implementations, plan.reference, budgetMs)
    rows.push(...measured)
    progress.rows?.(measured)
  }
  return rows
}
