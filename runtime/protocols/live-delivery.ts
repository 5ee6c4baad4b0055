import type { Connection } from '../agent/protocol.ts'
import { encodeBase64url } from '../bytes/index.ts'
import { LruMap } from '../did/lru.ts'
import type { Attachment, Draft } from '../message/message.ts'
import type { Mailbox } from '../store.ts'

/** How many parties may be connected at once. */
const MAX_LIVE = 10_000

/** What is kept of an envelope, as it is handed on. */
export interface Arrival {
  /** In canonical form. */
  readonly recipient: string
  readonly id: string
  readonly bytes: Uint8Array
}

/**
 * Knows which parties want their messages as they arrive. `routing` tells it what it has stored, `pickupMediator` who listens. An envelope is
 * in the mailbox before it is pushed, and stays there until it is confirmed: what a broken connection swallows is picked up later.
 */
export interface LiveDelivery {
  /** Pushes to `owner` over this connection from now on, in place of an earlier one. */
  enable(owner: string, delivery: (attachments: Attachment[]) => Draft, connection: Connection): void
  disable(owner: string): void
  isLive(owner: string): boolean
  /** Pushes an envelope to the owner of its recipient, if they listen. Never rejects. */
  arrived(arrival: Arrival): Promise<void>
}

/** Makes the live delivery of one mediator. */
export function liveDelivery(mailbox: Pick<Mailbox, 'owner'>): LiveDelivery {
  const listeners = new LruMap<{ delivery: (attachments: Attachment[]) => Draft; connection: Connection }>(MAX_LIVE)
  return {
    enable: (owner, delivery, connection) => listeners.set(owner, { delivery, connection }),
    disable: (owner) => listeners.delete(owner),
    isLive: (owner) => listeners.get(owner) !== undefined,
    async arrived({ recipient, id, bytes }) {
      const owner = await mailbox.owner(recipient)
      const listener = owner === undefined ? undefined : listeners.get(owner)
      if (!listener || owner === undefined) return
      try {
        await listener.connection.send(listener.delivery([{ id, data: { base64: encodeBase64url(bytes) } }]))
      } catch {
        // The connection has broken; another may have taken its place meanwhile.
        if (listeners.get(owner) === listener) listeners.delete(owner)
      }
    },
  }
}
