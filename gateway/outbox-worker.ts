import { isDidCommError, type Outbox, type OutboxEntry, type Timer } from 'didcomm-mote'
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

/** What is known of a next hop that could not be reached. */
interface Outage {
  failures: number
  untilMs: number
  /** An entry is on its way, to see whether it gets through. */
  probing: boolean
}

/**
 * Empties an outbox, oldest first, until it is closed. When a destination cannot be reached, all that goes there waits:
 * one entry is tried again, with growing pauses, and the others follow once it got through.
 */
export function outboxWorker(options: OutboxWorkerOptions): OutboxWorker {
  const { outbox, now, concurrency = 8, retry = defaultRetry } = options
  const outages = new Map<string, Outage>()
  let closed = true
  let cancelTimer: (() => void) | undefined
  let running: Promise<void> | undefined
  let again = false

  function wake(): void {
    if (closed) return
    if (running) {
      again = true
      return
    }
    cancelTimer?.()
    running = run()
      .catch(pauseAfter)
      .finally(() => {
        running = undefined
        if (again) wake()
      })
  }

  /** The store itself failed: a full disk, perhaps. Nothing is lost; it is looked at again later. */
  function pauseAfter(cause: unknown): void {
    options.onEvent?.({ kind: 'failed', cause })
    if (!closed) cancelTimer = options.timer(retry.maxMs, wake)
  }

  async function run(): Promise<void> {
    do {
      again = false
      while (!closed && (await round())) {
        // As long as there is something to deliver.
      }
    } while (again && !closed)
    const nextMs = await outbox.nextDueMs()
    if (nextMs !== undefined && !closed) cancelTimer = options.timer(Math.max(1, nextMs - now()), wake)
  }

  /** Tries what is due; returns whether there was anything. Each entry is gone then, or held back. */
  async function round(): Promise<boolean> {
    const due = await outbox.due(now(), concurrency)
    // Also where the store fails for one of them, the others are waited for: nothing is sent twice at the same time.
    const results = await Promise.allSettled(due.map((entry) => attemptOrWait(entry)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
    return due.length > 0
  }

  /** Of what goes to a destination that was unreachable, one entry tries the way, and the others wait with it. */
  async function attemptOrWait(entry: OutboxEntry): Promise<void> {
    const outage = outages.get(entry.destination)
    if (!outage) return attempt(entry)
    if (outage.probing || outage.untilMs > now()) {
      return outbox.retryAt(entry.key, Math.max(outage.untilMs, now() + 1))
    }
    outage.probing = true
    try {
      await attempt(entry, outage)
    } finally {
      outage.probing = false
    }
  }

  /** @param probed the outage to whose end this attempt looks */
  async function attempt({ key, destination, bytes }: OutboxEntry, probed?: Outage): Promise<void> {
    try {
      await options.send(destination, bytes)
    } catch (cause) {
      if (closed && isDidCommError(cause, 'ERR_CLOSED')) return
      if (!isDidCommError(cause, 'ERR_TRANSPORT_REJECTED', 'ERR_TOO_LARGE')) {
        return postpone(key, destination, cause, probed)
      }
      // A destination that refuses can be reached. What is too large was never sent.
      if (cause.code === 'ERR_TRANSPORT_REJECTED') outages.delete(destination)
      await outbox.discard(key, cause.code)
      options.onEvent?.({ kind: 'discarded', key, cause })
      return
    }
    outages.delete(destination)
    await outbox.ack(key)
    options.onEvent?.({ kind: 'delivered', key })
  }

  async function postpone(key: string, destination: string, cause: unknown, probed?: Outage): Promise<void> {
    const known = outages.get(destination)
    // Another of the same round has failed first.
    if (known && known !== probed) return outbox.retryAt(key, known.untilMs)
    const failures = (known?.failures ?? 0) + 1
    const untilMs = now() + Math.max(1, retryDelayMs(failures, options.random(), retry))
    outages.set(destination, { failures, untilMs, probing: false })
    await outbox.retryAt(key, untilMs)
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
      await running
    },
  }
}
