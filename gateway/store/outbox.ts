import {
  defaultLimits,
  MAX_DELIVERED_KEYS,
  MAX_DISCARDED,
  type Outbox,
  type OutboxEntry,
  type StoreLimits,
} from 'didcomm-mote'
import type { File } from './database.ts'
import { lastKey } from './seen.ts'

interface Stored {
  key: string
  destination: string
  bytes: Uint8Array
}

/** What is held in memory of a waiting entry: not its bytes. After a restart everything is due. */
interface Waiting {
  place: number
  bytes: number
  dueMs: number
}

/** Keeps an `Outbox` in a file. */
export function outbox(file: File, limits: StoreLimits = {}): Outbox {
  const { maxOutboxEntries, maxOutboxBytes } = { ...defaultLimits, ...limits }
  const entries = file.table<Stored, number>('outbox')
  const delivered = file.table<string, number>('outbox-delivered')
  const discarded = file.table<Stored & { reason: string }, number>('outbox-discarded')
  const waiting = new Map<string, Waiting>()
  const done = new Set<string>()
  /** What is being written. */
  const storing = new Map<string, Promise<void>>()
  let waitingBytes = 0
  let nextPlace = 1 + Math.max(...[entries, delivered, discarded].map((table) => lastKey(table) ?? -1))

  for (const { key: place, value } of entries.getRange()) hold(value, place)
  for (const table of [delivered, discarded]) {
    for (const { value } of table.getRange()) done.add(typeof value === 'string' ? value : value.key)
  }

  function hold({ key, bytes }: Stored, place: number): void {
    waiting.set(key, { place, bytes: bytes.length, dueMs: 0 })
    waitingBytes += bytes.length
  }

  function release(key: string): number | undefined {
    const entry = waiting.get(key)
    if (!entry) return undefined
    waiting.delete(key)
    waitingBytes -= entry.bytes
    done.add(key)
    return entry.place
  }

  /** Drops the oldest rows above `max`. Runs inside a transaction. */
  function trim(table: typeof delivered | typeof discarded, max: number): void {
    for (const { key, value } of table.getRange({ limit: Math.max(0, table.getCount() - max) })) {
      void table.remove(key)
      done.delete(typeof value === 'string' ? value : value.key)
    }
  }

  return {
    async enqueue(key, destination, bytes) {
      // A second copy may only be confirmed once the first has reached the disk.
      while (storing.has(key)) await storing.get(key)
      if (waiting.has(key) || done.has(key)) return 'duplicate'
      if (waiting.size + storing.size >= maxOutboxEntries || waitingBytes + bytes.length > maxOutboxBytes) return 'full'
      const place = nextPlace++
      const stored = { key, destination, bytes }
      const written = file
        .commit(() => void entries.put(place, stored))
        .then(() => hold(stored, place))
        .finally(() => storing.delete(key))
      storing.set(key, written)
      await written
      return 'stored'
    },
    async due(nowMs, limit) {
      const due: OutboxEntry[] = []
      for (const [key, { place, dueMs }] of waiting) {
        if (due.length >= limit) break
        const stored = dueMs <= nowMs ? entries.get(place) : undefined
        if (stored) due.push({ key, destination: stored.destination, bytes: new Uint8Array(stored.bytes) })
      }
      return due
    },
    async retryAt(key, atMs) {
      const entry = waiting.get(key)
      if (entry) entry.dueMs = atMs
    },
    async ack(key) {
      const place = release(key)
      if (place === undefined) return
      await file.commit(() => {
        void entries.remove(place)
        void delivered.put(place, key)
        trim(delivered, MAX_DELIVERED_KEYS)
      })
    },
    async discard(key, reason) {
      const place = release(key)
      if (place === undefined) return
      await file.commit(() => {
        const stored = entries.get(place)
        if (stored) void discarded.put(place, { ...stored, reason })
        void entries.remove(place)
        trim(discarded, MAX_DISCARDED)
      })
    },
    async nextDueMs() {
      let next: number | undefined
      for (const { dueMs } of waiting.values()) next = Math.min(next ?? dueMs, dueMs)
      return next
    },
    depth: async () => ({ waiting: waiting.size, waitingBytes, discarded: discarded.getCount() }),
  }
}
