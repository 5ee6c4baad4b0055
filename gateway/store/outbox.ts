import {
  defaultLimits,
  MAX_DELIVERED_KEYS,
  MAX_DISCARDED,
  type Outbox,
  type OutboxEntry,
  outboxEntry,
  type StoreLimits,
  sizeOfWays,
  waysOf,
} from 'didcomm-mote'
import type { File } from './database.ts'
import { lastKey } from './seen.ts'
import { type Waiting, WaitingIndex } from './waiting.ts'

/** A row. Those of earlier versions have no `alternatives` and no `expiresAtMs`. */
type Stored = OutboxEntry

/** Keeps an `Outbox` in a file. After a restart everything that waits is due. */
export function outbox(file: File, limits: StoreLimits = {}): Outbox {
  const { maxOutboxEntries, maxOutboxBytes, whenOutboxFull } = { ...defaultLimits, ...limits }
  const entries = file.table<Stored, number>('outbox')
  const delivered = file.table<string, number>('outbox-delivered')
  const discarded = file.table<Stored & { reason: string }, number>('outbox-discarded')
  const waiting = new WaitingIndex()
  /** The writes under way by key. They count as waiting: else what comes meanwhile would go over the bounds. */
  const storing = new Map<string, Promise<void>>()
  const done = new Set<string>()
  let dropped = 0
  let nextPlace = 1 + Math.max(...[entries, delivered, discarded].map((table) => lastKey(table) ?? -1))

  for (const { key: place, value } of entries.getRange()) hold(value, place)
  for (const table of [delivered, discarded]) {
    for (const { value } of table.getRange()) done.add(typeof value === 'string' ? value : value.key)
  }

  function hold(stored: Stored, place: number): void {
    const destinations = waysOf(stored).map(({ destination }) => destination)
    waiting.add({ key: stored.key, destinations, place, sizeBytes: sizeOfWays(stored) })
  }

  function release(key: string): number | undefined {
    const place = waiting.take(key)?.place
    if (place !== undefined) done.add(key)
    return place
  }

  const isFull = (sizeBytes: number) =>
    waiting.size >= maxOutboxEntries || waiting.sizeBytes + sizeBytes > maxOutboxBytes

  /** Takes the oldest out of what waits until there is room, where that is allowed and enough; returns them, or nothing where there is none. */
  function makeRoom(sizeBytes: number): Waiting[] | undefined {
    const oldest: Waiting[] = []
    if (whenOutboxFull === 'drop-oldest' && sizeBytes <= maxOutboxBytes) {
      for (const entry of waiting.arrivals()) {
        if (!isFull(sizeBytes)) break
        release(entry.key)
        oldest.push(entry)
      }
    }
    return isFull(sizeBytes) ? undefined : oldest
  }

  /** Sets a row aside. Runs inside a transaction. */
  function setAside(place: number, reason: string): void {
    const stored = entries.get(place)
    if (stored) discarded.putSync(nextPlace++, { ...stored, reason })
    entries.removeSync(place)
    trim(discarded, MAX_DISCARDED)
  }

  /** Drops the oldest rows above `max`. Runs inside a transaction. */
  function trim(table: typeof delivered | typeof discarded, max: number): void {
    for (const { key, value } of table.getRange({ limit: Math.max(0, table.getCount() - max) })) {
      table.removeSync(key)
      done.delete(typeof value === 'string' ? value : value.key)
    }
  }

  /** Writes a row, and sets those aside that have made room for it, both or neither. */
  async function store(stored: Stored, oldest: readonly Waiting[]): Promise<void> {
    const place = nextPlace++
    hold(stored, place)
    try {
      await file.commit(() => {
        for (const entry of oldest) setAside(entry.place, 'ERR_STORE_FULL')
        entries.putSync(place, stored)
      })
      dropped += oldest.length
    } catch (error) {
      forget(stored.key)
      for (const entry of oldest) {
        done.delete(entry.key)
        // A row that could not be written either has nothing to come back to.
        if (entries.get(entry.place)) waiting.add(entry)
      }
      throw error
    } finally {
      storing.delete(stored.key)
    }
  }

  /** What was not written has never been here, even where it was dropped meanwhile. */
  function forget(key: string): void {
    waiting.take(key)
    done.delete(key)
  }

  return {
    async enqueue(key, destination, bytes, alternatives, expiresAtMs) {
      // A duplicate is acknowledged like the first: so the first must have reached the disk.
      const first = storing.get(key)
      if (first) await first
      if (waiting.has(key) || done.has(key)) return 'duplicate'
      // It is written in a moment, when the caller may have changed its own.
      const stored = outboxEntry(key, destination, bytes, alternatives, expiresAtMs)
      const oldest = makeRoom(sizeOfWays(stored))
      if (!oldest) return 'full'
      const written = store(stored, oldest)
      storing.set(key, written)
      await written
      return 'stored'
    },
    async due(nowMs, limit, except) {
      const due: OutboxEntry[] = []
      for (const { key, place } of waiting.due(nowMs, limit, except)) {
        // What is being written has no row yet.
        const stored = entries.get(place)
        if (!stored) continue
        due.push(outboxEntry(key, stored.destination, stored.bytes, stored.alternatives, stored.expiresAtMs))
      }
      return due
    },
    async retryAt(key, atMs) {
      waiting.retryAt(key, atMs)
    },
    async ack(key) {
      const place = release(key)
      if (place === undefined) return
      await file.commit(() => {
        entries.removeSync(place)
        delivered.putSync(nextPlace++, key)
        trim(delivered, MAX_DELIVERED_KEYS)
      })
    },
    async discard(key, reason) {
      const place = release(key)
      if (place === undefined) return
      await file.commit(() => setAside(place, reason))
    },
    nextDueMs: async (except) => waiting.nextDueMs(except),
    depth: async () => ({
      waiting: waiting.size,
      waitingBytes: waiting.sizeBytes,
      discarded: discarded.getCount(),
      dropped,
    }),
  }
}
