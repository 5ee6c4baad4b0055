import type { Protocol } from '../agent/protocol.ts'
import { canonicalDid, didOf } from '../did/index.ts'
import { forwardType, unwrapForward } from '../envelope/index.ts'
import { DidCommError } from '../errors.ts'
import type { Packet, Receipt } from '../transport.ts'

export interface RewrappingOptions {
  /** The DIDs that this party holds. */
  dids: () => readonly string[]
  /** `receive` of its agent. */
  receive: (packet: Packet) => Promise<Receipt>
}

/**
 * The recipient's part in rewrapping (DIDComm v2.1, "Rewrapping"): takes a `forward` whose `next` is this party itself, and receives what is in
 * it as if it had come alone. Each layer adds a third to an envelope, so that its largest size bounds how often that goes on.
 *
 * A forward for anybody else is refused with `ERR_RECIPIENT_UNKNOWN`; a party that is also a mediator has the protocol `routing` instead.
 */
export function rewrapping({ dids, receive }: RewrappingOptions): Protocol {
  return {
    handlers: {
      [forwardType]: async ({ message }) => {
        const { next, payloads } = unwrapForward({ ...message, type: forwardType })
        const recipient = canonicalDid(didOf(next))
        if (!dids().some((did) => canonicalDid(did) === recipient)) {
          throw new DidCommError('ERR_RECIPIENT_UNKNOWN', 'the next of a forward is another party')
        }
        // No way back goes with it: the connection is that of a mediator. What is refused has been counted.
        for (const bytes of payloads) await receive({ bytes })
        return undefined
      },
    },
  }
}
