import { isDidCommError, type Outbox, type OutboxEntry, type Timer } from 'didcomm-mote'
import { Outages } from './outages.ts'
import { type RetryLimits, retryDelayMs } from './retry.ts'

const defaultRetry: RetryLimits = { baseMs: 500, maxMs: 60_000 }

export interface OutboxWorkerOptions {
  outbox: Outbox
  /** Sends to the next hop: resolves when that has taken over, as `Transport.send` does. */
  send: (destination: string, bytes: Uint8Array) => Promise<void>
  now: () => number
  timer: Timer
  /** Returns a number from 0 to below 1. */
  random: () => number
  /** Default: up to half a second after the first failure, up to a minute in the end. */
  retry?: RetryLimits
  /** How many entries are sent at the same time. Default: 8. */
  concurrency?: number
  onEvent?: (event: OutboxEvent) => void
}

export type OutboxEvent =
  | { kind: 'delivered'; key: string }
  | { kind: 'postponed'; destination: string; untilMs: number; cause: unknown }
  | { kind: 'discarded'; key: string; cause: unknown }
  /** The outbox could not be read or written. */
  | { kind: 'failed'; cause: unknown }

export interface OutboxWorker {
  start(): void
  /** Looks at once: something was stored. */
  wake(): void
  /** Stops after what is under way. */
  close(): Promise<void>
}

/**
 * Empties an outbox, oldest first, until it is closed. When a destination cannot be reached, all that goes there waits:
 * one entry is tried again, with growing pauses, and the others follow once it got through. Other destinations do not
 * wait with it.
 */
export function outboxWorker(options: OutboxWorkerOptions): OutboxWorker {
  const { outbox, now, concurrency = 8, retry = defaultRetry } = options
  const outages = new Outages(retry, options.random)
  /** How often each entry has failed: one that always does must not stop the others again and again. */
  const failures = new Map<string, number>()
  const underWay = new Map<string, Promise<void>>()
  let closed = true
  let looking: Promise<void> | undefined
  let again = false
  let cancelTimer: (() => void) | undefined

  function wake(): void {
    if (closed) return
    again = true
    looking ??= look().finally(() => {
      looking = undefined
    })
  }

  async function look(): Promise<void> {
    while (again && !closed) {
      again = false
      cancelTimer?.()
      try {
        await fill()
        await wakeWhenDue()
      } catch (cause) {
        // A full disk, perhaps. Nothing is lost; it is looked at again later.
        options.onEvent?.({ kind: 'failed', cause })
        wakeAt(now() + retry.maxMs)
      }
    }
  }

  /** Sends what is due, as far as there is room. */
  async function fill(): Promise<void> {
    const room = concurrency - underWay.size
    if (room <= 0) return
    for (const entry of await outbox.due(now(), room, except())) {
      const may = outages.mayTry(entry.destination, now())
      if (may !== 'no' && !closed) launch(entry, may === 'as-probe')
    }
  }

  const except = () => ({ destinations: outages.closed(now()), keys: new Set(underWay.keys()) })

  async function wakeWhenDue(): Promise<void> {
    // With no room, the end of what is under way wakes it.
    if (underWay.size >= concurrency) return
    const times = [await outbox.nextDueMs(except()), outages.nextMs(now())].filter((time) => time !== undefined)
    if (times.length > 0) wakeAt(Math.min(...times))
  }

  function wakeAt(atMs: number): void {
    cancelTimer?.()
    if (!closed) cancelTimer = options.timer(Math.max(1, atMs - now()), wake)
  }

  function launch(entry: OutboxEntry, asProbe: boolean): void {
    const task = attempt(entry, asProbe)
      .catch((cause: unknown) => options.onEvent?.({ kind: 'failed', cause }))
      .finally(() => {
        underWay.delete(entry.key)
        wake()
      })
    underWay.set(entry.key, task)
  }

  async function attempt(entry: OutboxEntry, asProbe: boolean): Promise<void> {
    const { key, destination, bytes } = entry
    try {
      await options.send(destination, bytes)
    } catch (cause) {
      const forGood = isDidCommError(cause, 'ERR_TRANSPORT_REJECTED', 'ERR_TOO_LARGE')
      if (!forGood) return postpone(entry, asProbe, cause)
      outages.reached(destination)
      failures.delete(key)
      await outbox.discard(key, cause.code)
      return options.onEvent?.({ kind: 'discarded', key, cause })
    }
    outages.reached(destination)
    failures.delete(key)
    await outbox.ack(key)
    options.onEvent?.({ kind: 'delivered', key })
  }

  async function postpone({ key, destination }: OutboxEntry, asProbe: boolean, cause: unknown): Promise<void> {
    if (closed && isDidCommError(cause, 'ERR_CLOSED')) return
    const count = (failures.get(key) ?? 0) + 1
    failures.set(key, count)
    const untilMs = outages.failed(destination, asProbe, now())
    await outbox.retryAt(key, Math.max(untilMs, now() + retryDelayMs(count, options.random(), retry)))
    options.onEvent?.({ kind: 'postponed', destination, untilMs, cause })
  }

  return {
    start() {
      closed = false
      wake()
    },
    wake,
    async close() {
      closed = true
      cancelTimer?.()
      await looking
      await Promise.all(underWay.values())
    },
  }
}
