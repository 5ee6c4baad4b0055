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
  destination: string
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
  /** Entries that are being written, by key. */
  const entering = new Map<string, Promise<void>>()
  let waitingBytes = 0
  let nextPlace = 1 + Math.max(...[entries, delivered, discarded].map((table) => lastKey(table) ?? -1))

  for (const { key: place, value } of entries.getRange()) hold(value, place)
  for (const table of [delivered, discarded]) {
    for (const { value } of table.getRange()) done.add(typeof value === 'string' ? value : value.key)
  }

  function hold({ key, destination, bytes }: Stored, place: number): void {
    waiting.set(key, { place, destination, bytes: bytes.length, dueMs: 0 })
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
      table.removeSync(key)
      done.delete(typeof value === 'string' ? value : value.key)
    }
  }

  return {
    async enqueue(key, destination, bytes) {
      if (waiting.has(key) || done.has(key)) return 'duplicate'
      const before = entering.get(key)
      if (before) {
        await before
        return 'duplicate'
      }
      if (waiting.size >= maxOutboxEntries || waitingBytes + bytes.length > maxOutboxBytes) return 'full'
      const place = nextPlace++
      const stored = { key, destination, bytes }
      const entered = file.commit(() => void entries.putSync(place, stored))
      entering.set(key, entered)
      try {
        await entered
      } finally {
        entering.delete(key)
      }
      hold(stored, place)
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
    async retryAllAt(destination, atMs) {
      for (const entry of waiting.values()) if (entry.destination === destination) entry.dueMs = atMs
    },
    async ack(key) {
      const place = release(key)
      if (place === undefined) return
      await file.commit(() => {
        entries.removeSync(place)
        delivered.putSync(place, key)
        trim(delivered, MAX_DELIVERED_KEYS)
      })
    },
    async discard(key, reason) {
      const place = release(key)
      if (place === undefined) return
      await file.commit(() => {
        const stored = entries.get(place)
        if (stored) discarded.putSync(place, { ...stored, reason })
        entries.removeSync(place)
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
