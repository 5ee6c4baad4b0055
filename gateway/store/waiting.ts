import type { OutboxExcept } from 'didcomm-mote'

/** What is held in memory of a waiting entry: not its bytes. */
export interface Waiting {
  readonly key: string
  /** Where it can go, the preferred one first. */
  readonly destinations: readonly string[]
  /** Its row. */
  readonly place: number
  readonly sizeBytes: number
}

interface Turn extends Waiting {
  /** Its place among all, first come, first served; whoever is held back gets a new one. */
  turn: number
  dueMs: number
}

/** The entries that have the same ways. */
interface Lane {
  readonly destinations: readonly string[]
  readonly turns: Map<string, Turn>
}

/** The waiting entries by their ways, so that those which cannot be reached cost nothing while they are left out. */
export class WaitingIndex {
  readonly #lanes = new Map<string, Lane>()
  readonly #byKey = new Map<string, Turn>()
  #sizeBytes = 0
  #lastTurn = 0

  get size(): number {
    return this.#byKey.size
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** The entries in the order in which they came. */
  arrivals(): Iterable<Waiting> {
    // A Map keeps the place of a key that is set again.
    return this.#byKey.values()
  }

  add(entry: Waiting): void {
    this.#queue({ ...entry, turn: 0, dueMs: 0 })
    this.#sizeBytes += entry.sizeBytes
  }

  take(key: string): Waiting | undefined {
    const entry = this.#byKey.get(key)
    const name = entry && laneOf(entry)
    const lane = name === undefined ? undefined : this.#lanes.get(name)
    if (!entry || name === undefined || !lane) return undefined
    this.#byKey.delete(key)
    lane.turns.delete(key)
    if (lane.turns.size === 0) this.#lanes.delete(name)
    this.#sizeBytes -= entry.sizeBytes
    return entry
  }

  retryAt(key: string, atMs: number): void {
    const entry = this.#byKey.get(key)
    if (entry) this.#queue({ ...entry, dueMs: atMs })
  }

  /** Lists the first `limit` entries that are due. */
  due(nowMs: number, limit: number, except: OutboxExcept = {}): Waiting[] {
    const due: Turn[] = []
    for (const lane of this.#lanesBut(except)) {
      let ofLane = 0
      for (const entry of lane.values()) {
        if (ofLane >= limit) break
        if (entry.dueMs > nowMs || except.keys?.has(entry.key)) continue
        due.push(entry)
        ofLane += 1
      }
    }
    return due.sort((one, other) => one.turn - other.turn).slice(0, Math.max(0, limit))
  }

  nextDueMs(except: OutboxExcept = {}): number | undefined {
    let next: number | undefined
    for (const lane of this.#lanesBut(except)) {
      for (const { key, dueMs } of lane.values()) {
        if (except.keys?.has(key)) continue
        if (dueMs === 0) return 0
        next = Math.min(next ?? dueMs, dueMs)
      }
    }
    return next
  }

  /** Puts an entry behind all others. */
  #queue(entry: Turn): void {
    this.#lastTurn += 1
    entry.turn = this.#lastTurn
    const name = laneOf(entry)
    const lane = this.#lanes.get(name) ?? { destinations: entry.destinations, turns: new Map<string, Turn>() }
    lane.turns.delete(entry.key)
    lane.turns.set(entry.key, entry)
    this.#lanes.set(name, lane)
    this.#byKey.set(entry.key, entry)
  }

  *#lanesBut({ destinations }: OutboxExcept): Iterable<Map<string, Turn>> {
    for (const { destinations: ways, turns } of this.#lanes.values()) {
      if (!ways.every((way) => destinations?.has(way))) yield turns
    }
  }
}

function laneOf({ destinations }: Waiting): string {
  // A URI has no spaces.
  return destinations.join(' ')
}
