import {
  DidCommError,
  isDidCommError,
  type Outbox,
  type OutboxDepth,
  type OutboxEntry,
  type OutboxWay,
  type Timer,
  waysOf,
} from 'didcomm-mote'
import { Outages } from './outages.ts'
import { type RetryLimits, retryDelayMs } from './retry.ts'

const defaultRetry: RetryLimits = { baseMs: 500, maxMs: 60_000 }

/** How many entries have their failures counted. */
const MAX_FAILURES = 10_000

export interface OutboxWorkerOptions {
  outbox: Outbox
  /** Sends to the next hop: resolves when that has taken over, as `Transport.send` does. */
  send: (destination: string, bytes: Uint8Array, expiresAtMs?: number) => Promise<void>
  now: () => number
  timer: Timer
  /** Returns a number from 0 to below 1. */
  random: () => number
  /** Default: up to half a second after the first failure, up to a minute in the end. */
  retry?: RetryLimits
  /** How many entries are sent at the same time. Default: 8. */
  concurrency?: number
  onEvent?: (event: OutboxEvent) => void
  /** Learns how much waits, whenever that has changed. */
  onDepth?: (depth: OutboxDepth) => void
}

export type OutboxEvent =
  | { kind: 'delivered'; key: string }
  /** One way of an entry failed, and the next one is tried. */
  | { kind: 'failover'; key: string; destination: string; cause: unknown }
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

/** A way of an entry that may be tried. */
interface Turn {
  readonly way: OutboxWay
  readonly expiresAtMs: number | undefined
  /** Others wait for what becomes of it. */
  readonly asProbe: boolean
}

/** A way that did not work. */
interface Failed {
  readonly destination: string
  readonly cause: unknown
  /** Until when the destination is left alone; absent where it can be reached, and has refused the entry. */
  readonly untilMs: number | undefined
}

/**
 * Empties an outbox, oldest first, until it is closed. When a destination cannot be reached, all that goes there waits:
 * one entry is tried again, with growing pauses, and the others follow once it got through. Other destinations do not
 * wait with it. What has other ways takes those meanwhile (DIDComm v2.1, "Failover"), and is set aside only where each of them refuses it, or
 * when it has expired by its turn.
 */
export function outboxWorker(options: OutboxWorkerOptions): OutboxWorker {
  const { outbox, now, concurrency = 8, retry = defaultRetry } = options
  const outages = new Outages(retry, options.random)
  /** How often each entry has failed: one that always does must not stop the others again and again. */
  const failures = new Map<string, number>()
  let lastDepth = ''
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
      // Somebody may have woken it since it looked for the last time.
      if (again) wake()
    })
  }

  async function look(): Promise<void> {
    while (again && !closed) {
      again = false
      cancelTimer?.()
      try {
        await fill()
        await wakeWhenDue()
        await tellDepth()
      } catch (cause) {
        // A full disk, perhaps. Nothing is lost; it is looked at again later.
        options.onEvent?.({ kind: 'failed', cause })
        wakeAt(now() + retry.maxMs)
      }
    }
  }

  async function tellDepth(): Promise<void> {
    if (!options.onDepth) return
    const depth = await outbox.depth()
    const text = JSON.stringify(depth)
    if (text !== lastDepth) options.onDepth(depth)
    lastDepth = text
  }

  /** Sends what is due, as far as there is room. */
  async function fill(): Promise<void> {
    const room = concurrency - underWay.size
    if (room <= 0) return
    for (const entry of await outbox.due(now(), room, except())) {
      if (closed) return
      const { key, expiresAtMs = Number.POSITIVE_INFINITY } = entry
      if (expiresAtMs <= now()) {
        await discard(key, new DidCommError('ERR_MESSAGE_EXPIRED', 'nobody would take it any more'))
        again = true
      } else begin(entry)
    }
  }

  function begin(entry: OutboxEntry): void {
    const turns = turnsOf(entry)
    const first = turns.next().value
    if (first) launch(entry, first, turns)
  }

  async function discard(key: string, cause: unknown): Promise<void> {
    failures.delete(key)
    await outbox.discard(key, isDidCommError(cause) ? cause.code : 'ERR_TRANSPORT_REJECTED')
    options.onEvent?.({ kind: 'discarded', key, cause })
  }

  /** The ways that may be tried, the preferred one first. Each is claimed only when it is asked for. */
  function* turnsOf(entry: OutboxEntry): Generator<Turn, undefined> {
    for (const way of waysOf(entry)) {
      const may = outages.mayTry(way.destination, now())
      if (may !== 'no') yield { way, expiresAtMs: entry.expiresAtMs, asProbe: may === 'as-probe' }
    }
    return undefined
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

  function launch(entry: OutboxEntry, first: Turn, others: Iterator<Turn, undefined>): void {
    const task = attempt(entry, first, others)
      .catch((cause: unknown) => options.onEvent?.({ kind: 'failed', cause }))
      .finally(() => {
        underWay.delete(entry.key)
        wake()
      })
    underWay.set(entry.key, task)
  }

  async function attempt(entry: OutboxEntry, first: Turn, others: Iterator<Turn, undefined>): Promise<void> {
    const { key } = entry
    const failed: Failed[] = []
    for (let turn: Turn | undefined = first; turn; turn = others.next().value) {
      const last = failed.at(-1)
      if (last) options.onEvent?.({ kind: 'failover', key, destination: last.destination, cause: last.cause })
      const failure = await failureOf(turn)
      if (!failure) {
        failures.delete(key)
        await outbox.ack(key)
        return options.onEvent?.({ kind: 'delivered', key })
      }
      if (closed && isDidCommError(failure.cause, 'ERR_CLOSED')) return
      failed.push(failure)
    }
    await settleFailed(entry, failed)
  }

  async function failureOf(turn: Turn): Promise<Failed | undefined> {
    const { way, expiresAtMs } = turn
    const { destination, bytes } = way
    try {
      await options.send(destination, bytes, expiresAtMs)
    } catch (cause) {
      return { destination, cause, untilMs: untilOf(turn, cause) }
    }
    outages.reached(destination)
    return undefined
  }

  /** Until when a destination is left alone after a failure; nothing where it can be reached, and refuses the entry. */
  function untilOf({ way, asProbe }: Turn, cause: unknown): number | undefined {
    if (!isDidCommError(cause, 'ERR_TRANSPORT_REJECTED', 'ERR_TOO_LARGE', 'ERR_MESSAGE_EXPIRED')) {
      return outages.failed(way.destination, asProbe, now())
    }
    outages.reached(way.destination)
    return undefined
  }

  /** Sets an entry aside that each of its ways has refused; tries it again later otherwise. */
  async function settleFailed(entry: OutboxEntry, failed: readonly Failed[]): Promise<void> {
    const { key } = entry
    const times = failed.map(({ untilMs }) => untilMs).filter((time) => time !== undefined)
    const { cause, destination } = failed.at(-1) ?? { cause: undefined, destination: entry.destination }
    if (times.length === 0 && failed.length === waysOf(entry).length) {
      return discard(key, cause)
    }
    const count = (failures.get(key) ?? 0) + 1
    failures.set(key, count)
    // The outbox may have dropped what is counted here.
    const [oldest = key] = failures.keys()
    if (failures.size > MAX_FAILURES) failures.delete(oldest)
    const untilMs = times.length > 0 ? Math.min(...times) : (outages.nextMs(now()) ?? now())
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
