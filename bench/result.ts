/** One line of a result. Times are of one operation; throughput is that of the minimum. */
export interface Row {
  readonly op: string
  /** Bytes of the message; null where there is none. */
  readonly size: number | null
  readonly impl: string
  readonly medianNs: number
  readonly minNs: number
  readonly opsPerSecond: number
  /** Megabytes (1,000,000 bytes) of message a second; null where there is none. */
  readonly mbPerSecond: number | null
  /** Minimum over that of the reference: above 1, the reference is that many times as fast. */
  readonly ratio?: number
  /** Third quartile minus first, over the median. */
  readonly spread: number
  /** Median over minimum, minus 1. */
  readonly aboveMinimum: number
  readonly rounds: number
  /** Of single sends: half of them took no longer, and 99 of 100. */
  readonly p50Ns?: number
  readonly p99Ns?: number
  /** The machine was too busy to believe the row. */
  readonly noisy?: boolean
  /** Each call was awaited. */
  readonly async?: boolean
}

/** What a module weighs. */
export interface ModuleSize {
  readonly name: string
  readonly rawBytes: number
  readonly gzipBytes: number
  /** Of 65,536 bytes each. */
  readonly pages: number
  readonly memoryBytes: number
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly platform: string
}

export interface Result {
  readonly date: string
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly reference: string
  /** Peers that were not there, and what was skipped. */
  readonly notes: readonly string[]
  readonly modules: readonly ModuleSize[]
  readonly rows: readonly Row[]
}

/** Names a row. */
export function keyOf({ op, size, impl }: Pick<Row, 'op' | 'size' | 'impl'>): string {
  return `${size === null ? op : `${op} ${size}`} | ${impl}`
}

/** @throws TypeError where `text` is not a result of this suite */
export function parseResult(text: string): Result {
  const value = JSON.parse(text) as Partial<Result> | null
  const rows: unknown = value?.rows
  if (!value?.machine || !value.versions || !Array.isArray(rows)) {
    throw new TypeError('expected "machine", "versions" and "rows"')
  }
  for (const row of rows as Partial<Row>[]) {
    if (typeof row.op !== 'string' || typeof row.impl !== 'string' || typeof row.minNs !== 'number') {
      throw new TypeError(`expected "op", "impl" and "minNs" in each row, got ${JSON.stringify(row)}`)
    }
  }
  return {
    date: value.date ?? '',
    machine: value.machine,
    versions: value.versions,
    reference: value.reference ?? 'didcomm-mote',
    notes: value.notes ?? [],
    modules: value.modules ?? [],
    rows: (rows as Row[]).map((row) => ({ ...row, size: row.size ?? null })),
  }
}

/**
 * Puts the rows of a run over some operations in the place of those of an earlier run over more, and says of which they are.
 *
 * @throws TypeError where they are of two machines
 */
export function merged(earlier: Result, later: Result): Result {
  if (earlier.machine.cpu !== later.machine.cpu) {
    throw new TypeError(`expected results of one machine, got ${earlier.machine.cpu} and ${later.machine.cpu}`)
  }
  const measured = new Set(later.rows.map(({ op }) => op))
  const kept = earlier.rows.filter(({ op }) => !measured.has(op))
  if (kept.length === 0) return later
  const note = `measured by themselves on ${later.date}: ${[...measured].join(', ')}`
  return {
    ...earlier,
    versions: { ...later.versions, ...earlier.versions },
    notes: [...new Set([...earlier.notes, ...later.notes, note])],
    rows: [...kept, ...later.rows],
  }
}

/** Writes a result with each row on a line, so that two of them can be compared by eye. */
export function formatResult({ rows, ...rest }: Result): string {
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`)
  const head = JSON.stringify(rest, null, 2).slice(0, -2)
  return `${head},\n  "rows": [\n${lines.join(',\n')}\n  ]\n}\n`
}
