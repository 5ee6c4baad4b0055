import type { Comparable, Implementation, Prepared } from './implementation.ts'
import { comparable, inputOf, workOf } from './input.ts'
import { measure } from './measure.ts'
import type { Operation } from './operations.ts'
import type { Row } from './result.ts'
import type { Summary } from './statistics.ts'

/** One operation at one size, with those that do it. */
export interface Trial {
  readonly op: string
  readonly size: number | null
  readonly per: number
  /** Whose rows were asked for. */
  readonly chosen: readonly string[]
}

/** Whether a row is wanted: the pattern may be of the operation, the size or the implementation, or of all with spaces between. */
export function matches(only: RegExp, op: string, size: number | null, impl: string): boolean {
  const parts = size === null ? [op, impl] : [op, String(size), impl]
  return [...parts, parts.join(' ')].some((text) => only.test(text))
}

const isAble = (
  { makers, maxSize = Number.POSITIVE_INFINITY }: Implementation,
  op: string,
  size: number | null,
): boolean => makers[op] !== undefined && (size ?? 0) <= maxSize

/** Lists what there is to measure: whole operations where `only` is of some, for our own name is in every row of ours. */
export function trialsOf(
  operations: readonly Operation[],
  implementations: readonly Implementation[],
  only: RegExp,
): Trial[] {
  const isOfOperations = operations.some(({ op }) => only.test(op))
  const isWanted = (op: string, size: number | null, name: string): boolean =>
    isOfOperations ? only.test(op) : matches(only, op, size, name)
  const trials = operations.flatMap(({ op, sizes, per = 1 }) =>
    sizes.map((bytes) => {
      const size = bytes === 0 ? null : bytes
      const able = implementations.filter((implementation) => isAble(implementation, op, size))
      const chosen = able.map(({ name }) => name).filter((name) => isWanted(op, size, name))
      return { op, size, per, chosen }
    }),
  )
  return trials.filter(({ chosen }) => chosen.length > 0)
}

/** Those who gave the same result. */
interface Answer {
  readonly value: Comparable
  readonly names: string[]
}

function same(a: Comparable, b: Comparable): boolean {
  if (typeof a === 'boolean' || typeof b === 'boolean') return a === b
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function addAnswer(answers: Answer[], value: Comparable, name: string): void {
  const found = answers.find((answer) => same(answer.value, value))
  if (found) found.names.push(name)
  else answers.push({ value, names: [name] })
}

function describe({ value, names }: Answer): string {
  if (typeof value === 'boolean') return `${names.join(', ')}: ${value}`
  const start = Array.from(value.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${names.join(', ')}: ${value.length} bytes, ${start}${value.length > 16 ? '…' : ''}`
}

/**
 * Prepares everyone who can do an operation, and lets each do it once.
 *
 * @throws Error where two disagree, or one fails: what computes something else must not be in the table
 */
export async function prepare(
  trial: Trial,
  implementations: readonly Implementation[],
): Promise<Map<string, Prepared>> {
  const input = inputOf(trial.size ?? 0, implementations)
  const works = new Map<string, Prepared>()
  const answers: Answer[] = []
  for (const implementation of implementations) {
    const { name } = implementation
    const maker = implementation.makers[trial.op]
    if (!maker || !isAble(implementation, trial.op, trial.size)) continue
    try {
      const work = workOf(await maker(input))
      const startMs = performance.now()
      const returned = await work.call()
      const firstNs = (performance.now() - startMs) * 1e6
      addAnswer(answers, comparable(work.value ? await work.value(returned) : returned), name)
      works.set(name, { ...work, firstNs })
    } catch (error) {
      throw new Error(`${trial.op} ${trial.size ?? ''}: ${name} fails`, { cause: error })
    }
  }
  if (answers.length > 1) {
    const text = answers.map(describe).join('\n  ')
    throw new Error(`${trial.op} ${trial.size ?? ''}: results differ\n  ${text}`)
  }
  return works
}

/** Measures those of a trial that were asked for. The first of them is what the ratios refer to, if it is `reference`. */
export async function runTrial(
  trial: Trial,
  implementations: readonly Implementation[],
  reference: string,
  budgetMs: number,
): Promise<Row[]> {
  const works = await prepare(trial, implementations)
  const chosen = new Map([...works].filter(([name]) => trial.chosen.includes(name)))
  const summaries = await measure(chosen, budgetMs).finally(() => closeAll(works))
  const referenceNs = summaries.get(reference)?.minNs
  return [...summaries].map(([impl, summary]) => {
    return rowOf(trial, impl, summary, referenceNs, chosen.get(impl)?.async === true)
  })
}

/** Frees what was opened for a trial. */
export async function closeAll(works: ReadonlyMap<string, Prepared>): Promise<void> {
  await Promise.all([...works.values()].map(({ close }) => close?.()))
}

/** Makes a row of a summary. */
export function rowOf(
  { op, size, per }: Omit<Trial, 'chosen'>,
  impl: string,
  summary: Summary,
  referenceNs: number | undefined,
  async = false,
): Row {
  const round = (value: number, digits: number) => Number(value.toPrecision(digits))
  const minNs = summary.minNs / per
  return {
    op,
    size,
    impl,
    medianNs: round(summary.medianNs / per, 5),
    minNs: round(minNs, 5),
    opsPerSecond: round(1e9 / minNs, 5),
    mbPerSecond: size === null ? null : round((size / minNs) * 1e3, 4),
    ...(referenceNs === undefined ? {} : { ratio: round(summary.minNs / referenceNs, 4) }),
    spread: round(summary.spread, 3),
    aboveMinimum: round(summary.aboveMinimum, 3),
    rounds: summary.rounds,
    ...(summary.latency && { p50Ns: round(summary.latency.p50Ns, 4), p99Ns: round(summary.latency.p99Ns, 4) }),
    ...(summary.noisy ? { noisy: true } : {}),
    ...(async ? { async: true } : {}),
  }
}
