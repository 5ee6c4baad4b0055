import type { Protocol } from '../agent/protocol.ts'
import { encodeHex } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { canonicalDid, didOf } from '../did/index.ts'
import { forwardType, unwrapForward } from '../envelope/index.ts'
import { DidCommError } from '../errors.ts'
import type { Mailbox } from '../store.ts'

/** The mediator's role in https://didcomm.org/routing/2.0: it keeps what is forwarded until it is picked up. */
export interface RoutingOptions {
  crypto: Crypto
  mailbox: Mailbox
  /** Tells whether to keep messages for a DID. Default: for those registered with the mailbox. */
  mayForward?: (did: string) => boolean | Promise<boolean>
}

/**
 * Takes `forward` messages and puts their payload, which stays closed, into the mailbox of `next`. The same payload is
 * kept once, however often it comes.
 *
 * A message for a party that is not served here is refused with `ERR_RECIPIENT_UNKNOWN`; while the mailbox is full it
 * is not taken, so that its sender tries again.
 */
export function routing({ crypto, mailbox, mayForward }: RoutingOptions): Protocol {
  const serves = mayForward ?? (async (did: string) => (await mailbox.owner(did)) !== undefined)
  return {
    handlers: {
      [forwardType]: async ({ message }) => {
        const { next, payloads } = unwrapForward(message)
        const recipient = canonicalDid(didOf(next))
        if (!(await serves(recipient))) {
          throw new DidCommError('ERR_RECIPIENT_UNKNOWN', 'the next of a forward is not served here')
        }
        for (const payload of payloads) {
          const id = encodeHex(crypto.sha256(payload).subarray(0, 16))
          if ((await mailbox.put(recipient, id, payload)) === 'full') {
            throw new DidCommError('ERR_STORE_FULL', 'the mailbox of the recipient is full')
          }
        }
        return undefined
      },
    },
  }
}
