import type { ForwardOptions, Packed } from '../envelope/envelope.ts'
import type { Message } from '../message/message.ts'
import type { Packet } from '../transport.ts'
import type { Timer } from '../world.ts'

/** Where a mediator sends what is for one of its parties. */
export interface Hop {
  uri: string
  /** Keys that the sender does not know, outermost first: it is wrapped once more for each. */
  routingKeys?: readonly string[]
  /** Wraps for the party itself as well, so that nobody on the way can compare what comes in with what goes out. */
  rewrap?: boolean
}

/** Sends on what is forwarded, to parties that can be reached. */
export interface Relay {
  /** The hop that was agreed on with a party; `undefined` where there is none. It never comes from a message. */
  hopOf(did: string): Hop | undefined | Promise<Hop | undefined>
  /** `wrapForward` with the mediator's context; needed for `routingKeys` and `rewrap`. */
  wrap?: (envelope: Uint8Array, options: ForwardOptions) => Promise<Packed>
  /** `transmit` of the mediator's agent. */
  transmit(outgoing: { uri: string; packet: Packet }): Promise<void>
}

/** Honours `delay_milli` of a forward (DIDComm v2.1, "Routing Protocol 2.0"). */
export interface Delays {
  timer: Timer
  /** Returns a number from 0 to below 1. */
  random: () => number
  /** A longer delay is cut: the sender is not answered meanwhile, and must not give up. Default: 10 s. */
  maxMs?: number
}

/** How many forwards are held back at the same time; others go on at once. */
const MAX_DELAYED = 64

/**
 * Makes the pause before a forward is handled: as long as it says, or for a negative number a random part of that. It is not acknowledged
 * before, so that nothing is lost with the mediator.
 */
export function delayer({ timer, random, maxMs = 10_000 }: Delays): (message: Message) => Promise<void> {
  let delayed = 0
  return async ({ delay_milli: asked }) => {
    if (typeof asked !== 'number' || !Number.isSafeInteger(asked) || asked === 0 || delayed >= MAX_DELAYED) return
    const delayMs = asked > 0 ? asked : Math.floor(random() * (1 - asked))
    delayed += 1
    await new Promise<void>((resolve) => timer(Math.min(delayMs, maxMs), resolve))
    delayed -= 1
  }
}

/**
 * Sends an envelope over the hop of its recipient.
 *
 * @throws DidCommError what `wrap` and `transmit` throw
 */
export async function relayed(relay: Relay, hop: Hop, next: string, did: string, envelope: Uint8Array): Promise<void> {
  const { uri, routingKeys = [], rewrap = false } = hop
  const keys = rewrap ? [...routingKeys, did] : [...routingKeys]
  if (keys.length === 0) return relay.transmit({ uri, packet: { bytes: envelope } })
  if (!relay.wrap) throw new TypeError('"wrap" is needed for a hop with routing keys or with "rewrap"')
  const { bytes, mediaType } = await relay.wrap(envelope, { next, routingKeys: keys })
  await relay.transmit({ uri, packet: { bytes, mediaType } })
}
