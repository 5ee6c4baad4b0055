import { resolveSenml, type SenmlRecord, shareBases } from '../message/index.ts'

/** Readings with their numbers. */
export interface Batch {
  /** The sequence number of the first reading. */
  readonly first: number
  /** That of the last. More than `first` and the number of readings say: the sensor left some out. */
  readonly last: number
  /** At most 1,024. */
  readonly records: readonly SenmlRecord[]
}

/** Keeps readings until the other side has them. Its content is plain data, for who wants to store it. */
export interface Backlog {
  /** Numbers a reading and keeps it. Where there is no room the oldest goes, and its number is never sent. */
  add(record: SenmlRecord): void
  /** The oldest readings, with what they have in common said once; `undefined` where none waits. */
  next(maxRecords?: number): Batch | undefined
  /** Forgets the readings up to the number `last`: they have arrived. */
  confirm(last: number): void
  /** How many wait, and how many went for lack of room. */
  counts(): { readonly waiting: number; readonly dropped: number }
}

export interface BacklogOptions {
  /** Default: 1,024. */
  readonly maxRecords?: number
  /** The number of the next reading, which a sensor keeps over restarts if it can. Default: 0. */
  readonly first?: number
}

/**
 * Makes a backlog: store and forward, oldest first.
 *
 * @example
 * ```ts
 * import { backlog, batch } from 'didcomm-mote/protocols/telemetry-batch'
 *
 * const waiting = backlog()
 * waiting.add({ n: 't', u: 'Cel', v: 21.5, t: 1_767_225_600 })
 * waiting.add({ n: 't', u: 'Cel', v: 21.6, t: 1_767_225_660 })
 * const made = waiting.next()
 * if (made) console.log(batch(made).body) // confirm(made.last), once it is acknowledged
 * ```
 */
export function backlog({ maxRecords = 1024, first = 0 }: BacklogOptions = {}): Backlog {
  if (!Number.isSafeInteger(maxRecords) || maxRecords < 1) {
    throw new RangeError(`"maxRecords" expected an integer from 1, got ${maxRecords}`)
  }
  const waiting: SenmlRecord[] = []
  let head = first
  let dropped = 0

  function drop(count: number): void {
    head += waiting.splice(0, count).length
  }

  return {
    add(record) {
      const [resolved] = resolveSenml([record])
      if (!resolved) throw new TypeError('"record" expected a reading, got base fields alone')
      waiting.push(resolved)
      if (waiting.length <= maxRecords) return
      drop(1)
      dropped += 1
    },
    next(most = 100) {
      const records = waiting.slice(0, Math.min(Math.max(1, most), 1024))
      if (records.length === 0) return undefined
      return { first: head, last: head + records.length - 1, records: shareBases(records) }
    },
    confirm: (last) => drop(Math.max(0, last - head + 1)),
    counts: () => ({ waiting: waiting.length, dropped }),
  }
}
