import type { Agent } from '../agent/agent.ts'
import { isDidCommError } from '../errors.ts'
import type { Timer } from '../world.ts'
import type { PickupVersion } from './pickup-dialects.ts'
import { pickUp, startLiveDelivery } from './pickup-recipient.ts'

/** `live`: messages come as they arrive. `polling`: the mediator pushes nothing, and is asked. `away`: it cannot be reached. */
export type PickupState = 'live' | 'polling' | 'away'

export interface PickupKeeperOptions {
  readonly agent: Agent
  readonly mediatorDid: string
  /** Default: 3. */
  readonly version?: PickupVersion
  readonly timer: Timer
  /** A number from 0 to below 1. Many recipients of a mediator that starts again do not come back in step. */
  readonly random: () => number
  /** How long an answer may take. Default: 30 s. */
  readonly timeoutMs?: number
  /** The longest pause after the first failure; it doubles with each. Default: 1 s. */
  readonly firstPauseMs?: number
  /** The longest pause of all. Default: 60 s. */
  readonly maxPauseMs?: number
  /** How often to look for what was left with the mediator, and whether it still pushes. Default: 5 min. */
  readonly checkMs?: number
  /** How often to ask a mediator that pushes nothing, or nothing over this transport. Default: 60 s. */
  readonly pollMs?: number
  /** Learns of each change. Must not throw. */
  readonly onState?: (state: PickupState) => void
}

/** Keeps messages coming. Each function may be called at any time. */
export interface PickupKeeper {
  readonly state: PickupState
  start(): void
  /** Asks now: when a phone wakes up, say. */
  check(): void
  /** The connection has ended, or one of several: given to `onDisconnect` of a transport. */
  disconnected(): void
  /** Asks no more, and resolves when what is under way has ended. Comes before the agent is closed; a closed agent ends it as well. */
  close(): Promise<void>
}

/**
 * Keeps an agent supplied by its mediator: it opens the connection, has messages pushed over it (`pickupRecipient` takes them), fetches what waits,
 * and does the same again with every new connection, after a random pause that grows while the mediator is away. Every `checkMs` it
 * asks anew: a connection that looks alive may push nothing. With a `SeenStore` each message is handled once, however often it comes.
 *
 * @example
 * import type { Agent } from 'didcomm-mote'
 * import { pickupKeeper } from 'didcomm-mote/protocols/messagepickup'
 * import { world } from 'didcomm-mote/world'
 *
 * export function keep(agent: Agent, mediatorDid: string) {
 *   // Its `disconnected` is for the `onDisconnect` of the transport.
 *   return pickupKeeper({ agent, mediatorDid, timer: world().timer, random: Math.random })
 * }
 */
export function pickupKeeper(options: PickupKeeperOptions): PickupKeeper {
  const { agent, mediatorDid, timer, random, onState } = options
  const { timeoutMs = 30_000, firstPauseMs = 1_000, maxPauseMs = 60_000, checkMs = 300_000, pollMs = 60_000 } = options
  const asking = { timeoutMs, ...(options.version !== undefined && { version: options.version }) }
  let state: PickupState = 'away'
  /** Failures, and ends of connections, since all was well for `checkMs`. */
  let failures = 0
  let round: Promise<void> | undefined
  let isStale = false
  let isClosed = false
  let cancel: () => void = () => undefined

  function become(next: PickupState): void {
    if (next === state) return
    state = next
    onState?.(state)
  }

  function later(delayMs: number, isRest = false): void {
    cancel()
    cancel = timer(delayMs, () => {
      if (isRest) failures = 0
      begin(isRest && state === 'polling')
    })
  }

  /** "Full jitter": a random part of a limit that doubles. */
  function retry(): void {
    failures += 1
    become('away')
    later(Math.ceil(random() * Math.min(maxPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 30))))
  }

  function begin(isPoll: boolean): void {
    if (isClosed || round) return
    cancel()
    isStale = false
    round = ask(isPoll).then(
      (isLive) => finished(isLive ? 'live' : 'polling'),
      (error) => {
        isClosed ||= isDidCommError(error, 'ERR_CLOSED')
        finished('away')
      },
    )
  }

  /** @param isPoll live delivery was refused on this connection */
  async function ask(isPoll: boolean): Promise<boolean> {
    const isLive = !isPoll && (await startLiveDelivery(agent, mediatorDid, asking))
    // What was pushed over the connection before, and lost with it, is among what waits.
    while (!isClosed && (await pickUp(agent, mediatorDid, asking)) > 0);
    return isLive
  }

  function finished(next: PickupState): void {
    round = undefined
    if (isClosed) return
    if (next === 'away' || isStale) {
      retry()
      return
    }
    become(next)
    // Not all at the same time either.
    later(Math.ceil((next === 'live' ? checkMs : pollMs) * (0.75 + random() / 4)), true)
  }

  return {
    get state() {
      return state
    },
    start: () => begin(false),
    check: () => begin(false),
    disconnected() {
      if (isClosed) return
      if (round) isStale = true
      // While it is away a pause is under way, which ends whatever other connections do.
      else if (state !== 'away') retry()
    },
    async close() {
      isClosed = true
      cancel()
      await round
    },
  }
}
