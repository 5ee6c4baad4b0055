import { ByConnection, type Link } from '../agent/by-connection.ts'
import type { Connection } from '../agent/protocol.ts'
import { encodeBase64url } from '../bytes/index.ts'
import { isDidCommError } from '../errors.ts'
import type { Attachment, Draft } from '../message/message.ts'
import type { Mailbox } from '../store.ts'

/** How many parties may be connected at once. */
const MAX_LIVE = 10_000
/** How much is pushed to one party that has confirmed none of it: messages, and bytes of their envelopes (one, however large). */
const MAX_UNCONFIRMED = 64
const MAX_UNCONFIRMED_BYTES = 1 << 20

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
  /** Pushes no longer to `owner` over this connection; over none at all where it is absent. */
  disable(owner: string, connection: Link | undefined): void
  /** Tells whether what arrives for `owner` is pushed over this connection. */
  isLive(owner: string, connection: Link | undefined): boolean
  /** Begins to push an envelope to the owner of its recipient, if they listen, and does not wait for that. Never rejects. */
  arrived(arrival: Arrival): Promise<void>
  /** Learns what `owner` has confirmed: there is room for what had to wait. */
  confirmed(owner: string, ids: readonly string[]): void
  /** How many parties listen. */
  readonly size: number
}

/** One party that listens. */
interface Listener extends Link {
  readonly connection: Connection
  delivery: (attachments: Attachment[]) => Draft
  /** What was pushed and is not confirmed, with its bytes. */
  readonly unconfirmed: Map<string, number>
  /** Recipients for whom more waits in the mailbox than was pushed. */
  readonly behind: Set<string>
  isFilling: boolean
}

/** Makes the live delivery of one mediator. */
export function liveDelivery(mailbox: Pick<Mailbox, 'owner' | 'list'>): LiveDelivery {
  const listeners = new ByConnection<Listener>(MAX_LIVE)

  function hasRoom({ unconfirmed }: Listener): boolean {
    let sum = 0
    for (const bytes of unconfirmed.values()) sum += bytes
    return unconfirmed.size < MAX_UNCONFIRMED && sum < MAX_UNCONFIRMED_BYTES
  }

  async function push(owner: string, listener: Listener, { id, bytes }: Pick<Arrival, 'id' | 'bytes'>): Promise<void> {
    const { connection, delivery, link, unconfirmed } = listener
    unconfirmed.set(id, bytes.length)
    try {
      await connection.send(delivery([{ id, data: { base64: encodeBase64url(bytes) } }]))
    } catch (error) {
      unconfirmed.delete(id)
      // Anything else concerns this message, which the recipient asks for: it does not know that it should listen anew.
      if (isDidCommError(error, 'ERR_CLOSED')) listeners.drop(owner, link)
    }
  }

  /** Pushes what waits in the mailbox while there is room. */
  async function fill(owner: string, listener: Listener): Promise<void> {
    if (listener.isFilling) return
    listener.isFilling = true
    try {
      for (const recipient of [...listener.behind]) await fillFrom(recipient, owner, listener)
    } catch {
      // The store has failed: it is tried again with the next message, or confirmation.
    } finally {
      listener.isFilling = false
    }
  }

  async function fillFrom(recipient: string, owner: string, listener: Listener): Promise<void> {
    if (!hasRoom(listener)) return
    listener.behind.delete(recipient)
    const waiting = await mailbox.list(recipient, MAX_UNCONFIRMED)
    for (const entry of waiting) {
      if (listener.unconfirmed.has(entry.id)) continue
      if (!hasRoom(listener)) listener.behind.add(recipient)
      else void push(owner, listener, entry)
    }
    if (waiting.length === MAX_UNCONFIRMED) listener.behind.add(recipient)
  }

  return {
    enable(owner, delivery, connection) {
      const { link, ended } = connection
      const known = listeners.get(owner)
      if (known?.link === link) {
        known.delivery = delivery
        return
      }
      const own = { unconfirmed: new Map<string, number>(), behind: new Set<string>(), isFilling: false }
      listeners.set(owner, { link, ended, connection, delivery, ...own })
    },
    disable(owner, connection) {
      const link = connection?.link ?? listeners.get(owner)?.link
      if (link) listeners.drop(owner, link)
    },
    isLive: (owner, connection) => connection !== undefined && listeners.get(owner)?.link === connection.link,
    async arrived({ recipient, id, bytes }) {
      try {
        const owner = await mailbox.owner(recipient)
        const listener = owner === undefined ? undefined : listeners.get(owner)
        if (!listener || owner === undefined) return
        if (listener.behind.size === 0 && hasRoom(listener)) {
          void push(owner, listener, { id, bytes })
          return
        }
        listener.behind.add(recipient)
        await fill(owner, listener)
      } catch {
        // It is in the mailbox, from where it is picked up.
      }
    },
    confirmed(owner, ids) {
      const listener = listeners.get(owner)
      if (!listener) return
      for (const id of ids) listener.unconfirmed.delete(id)
      if (listener.behind.size > 0) void fill(owner, listener)
    },
    get size() {
      return listeners.size
    },
  }
}
