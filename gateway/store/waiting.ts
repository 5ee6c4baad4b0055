import type { OutboxExcept } from 'didcomm-mote'

/** What is held in memory of a waiting entry: not its bytes. */
export interface Waiting {
  readonly key: string
  readonly destination: string
  /** Its row. Rows are in the order of arrival. */
  readonly place: number
  readonly sizeBytes: number
  dueMs: number
}

/** The waiting entries by destination, so that those of an unreachable one cost nothing while it is left out. */
export class WaitingIndex {
  readonly #lanes = new Map<string, Map<string, Waiting>>()
  readonly #byKey = new Map<string, Waiting>()
  #sizeBytes = 0

  get size(): number {
    return this.#byKey.size
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  add(entry: Waiting): void {
    const lane = this.#lanes.get(entry.destination) ?? new Map<string, Waiting>()
    this.#lanes.set(entry.destination, lane.set(entry.key, entry))
    this.#byKey.set(entry.key, entry)
    this.#sizeBytes += entry.sizeBytes
  }

  take(key: string): Waiting | undefined {
    const entry = this.#byKey.get(key)
    const lane = entry && this.#lanes.get(entry.destination)
    if (!entry || !lane) return undefined
    this.#byKey.delete(key)
    lane.delete(key)
    if (lane.size === 0) this.#lanes.delete(entry.destination)
    this.#sizeBytes -= entry.sizeBytes
    return entry
  }

  retryAt(key: string, atMs: number): void {
    const entry = this.#byKey.get(key)
    if (entry) entry.dueMs = atMs
  }

  /** Lists the first `limit` entries that are due, in the order of arrival. */
  due(nowMs: number, limit: number, except: OutboxExcept = {}): Waiting[] {
    const due: Waiting[] = []
    for (const lane of this.#lanesBut(except)) {
      let ofLane = 0
      for (const entry of lane.values()) {
        if (ofLane >= limit) break
        if (entry.dueMs > nowMs || except.keys?.has(entry.key)) continue
        due.push(entry)
        ofLane += 1
      }
    }
    return due.sort((one, other) => one.place - other.place).slice(0, Math.max(0, limit))
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

  *#lanesBut({ destinations }: OutboxExcept): Iterable<Map<string, Waiting>> {
    for (const [destination, lane] of this.#lanes) {
      if (!destinations?.has(destination)) yield lane
    }
  }
}
