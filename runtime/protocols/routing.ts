import type { Protocol } from '../agent/protocol.ts'
import { concatBytes, encodeHex, encodeUtf8 } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { canonicalDid, didOf } from '../did/index.ts'
import { forwardType, unwrapForward } from '../envelope/index.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import type { Mailbox } from '../store.ts'
import type { LiveDelivery } from './live-delivery.ts'
import { type Delays, delayer, type Hop, type Relay, relayed } from './relay.ts'

export type { Delays, Hop, Relay } from './relay.ts'

/**
 * The largest envelope that is kept. Put into a delivery and encrypted once more it grows by 16/9, and must still fit
 * into the 1 MiB that a recipient reads: one that does not would block the mailbox for good.
 */
export const MAX_FORWARDED_BYTES: number = 512 * 1024

/** The mediator's role in https://didcomm.org/routing/2.0: it keeps what is forwarded until it is picked up. */
export interface RoutingOptions {
  crypto: Crypto
  mailbox: Mailbox
  /** Tells whether to keep messages for a DID. Default: for those registered with the mailbox. */
  mayForward?: (did: string) => boolean | Promise<boolean>
  /** Learns of what was stored: `liveDelivery()`, which `pickupMediator` is given as well. */
  live?: Pick<LiveDelivery, 'arrived'>
  /** Sends on at once where a party has a hop of its own; what cannot be sent goes to its mailbox. Default: all is kept. */
  relay?: Relay
  /** Honours `delay_milli`. Default: it is ignored. */
  delays?: Delays
}

interface Destination {
  next: string
  /** The DID of `next`, in canonical form. */
  recipient: string
  hop: Hop | undefined
  /** It has a mailbox here. */
  isKept: boolean
}

/**
 * Takes `forward` messages and puts their payload, which stays closed, into the mailbox of `next`, or sends it on with `relay`. The same
 * payload is kept once, however often it comes.
 *
 * A message for a party that is not served here is refused with `ERR_RECIPIENT_UNKNOWN`; while the mailbox is full it
 * is not taken, so that its sender tries again. Payloads over 512 KiB are refused with `ERR_TOO_LARGE`.
 */
export function routing({ crypto, mailbox, mayForward, live, relay, delays }: RoutingOptions): Protocol {
  const keeps = mayForward ?? (async (did: string) => (await mailbox.owner(did)) !== undefined)
  const pause = delays && delayer(delays)

  async function keep(recipient: string, payload: Uint8Array): Promise<void> {
    // With the recipient in it: each recipient has its own copy, which is confirmed on its own.
    const name = concatBytes(encodeUtf8(`${recipient} `), payload)
    const id = encodeHex(crypto.sha256(name).subarray(0, 16))
    const outcome = await mailbox.put(recipient, id, payload)
    if (outcome === 'full') throw new DidCommError('ERR_STORE_FULL', 'the mailbox of the recipient is full')
    if (outcome === 'stored') await live?.arrived({ recipient, id, bytes: payload })
  }

  async function place({ next, recipient, hop, isKept }: Destination, payload: Uint8Array): Promise<void> {
    if (!relay || !hop) return keep(recipient, payload)
    try {
      await relayed(relay, hop, next, recipient, payload)
    } catch (error) {
      if (!isKept || !isDidCommError(error)) throw error
      await keep(recipient, payload)
    }
  }

  return {
    handlers: {
      [forwardType]: async ({ message }) => {
        // The agent has found this handler for it: another minor version is a forward as well.
        const { next, payloads } = unwrapForward({ ...message, type: forwardType })
        const recipient = canonicalDid(didOf(next))
        const hop = await relay?.hopOf(recipient)
        const isKept = await keeps(recipient)
        if (!hop && !isKept) {
          throw new DidCommError('ERR_RECIPIENT_UNKNOWN', 'the next of a forward is not served here')
        }
        if (payloads.some(({ length }) => length > MAX_FORWARDED_BYTES)) {
          throw new DidCommError('ERR_TOO_LARGE', `a forwarded envelope has more than ${MAX_FORWARDED_BYTES} bytes`)
        }
        await pause?.(message)
        for (const payload of payloads) await place({ next, recipient, hop, isKept }, payload)
        return undefined
      },
    },
  }
}
