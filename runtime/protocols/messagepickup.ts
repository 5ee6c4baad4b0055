import { ProblemError } from '../agent/problem.ts'
import type { Connection, Protocol } from '../agent/protocol.ts'
import { encodeBase64url } from '../bytes/index.ts'
import { canonicalDid, didOf } from '../did/index.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { DidCommError } from '../errors.ts'
import type { Attachment, Draft, JsonObject } from '../message/message.ts'
import type { Mailbox } from '../store.ts'
import type { LiveDelivery } from './live-delivery.ts'
import { type Dialect, dialects } from './pickup-dialects.ts'

export { type Arrival, type LiveDelivery, liveDelivery } from './live-delivery.ts'
export type { PickupVersion } from './pickup-dialects.ts'
export { type PickupKeeper, type PickupKeeperOptions, type PickupState, pickupKeeper } from './pickup-keeper.ts'
export { type PickupOptions, pickUp, pickupRecipient, startLiveDelivery } from './pickup-recipient.ts'

/** https://didcomm.org/messagepickup/3.0 */
export const STATUS_REQUEST: string = dialects[3].statusRequest
export const STATUS: string = dialects[3].status
export const DELIVERY_REQUEST: string = dialects[3].deliveryRequest
export const DELIVERY: string = dialects[3].delivery
export const MESSAGES_RECEIVED: string = dialects[3].received
export const LIVE_DELIVERY_CHANGE: string = dialects[3].liveChange

/** What one delivery holds at most, whatever was asked: messages, and bytes of their envelopes. */
const MAX_DELIVERY = 100
const MAX_DELIVERY_BYTES = 512 * 1024
/** What one confirmation holds at most: ten deliveries. */
const MAX_CONFIRMED = 1000
/** Ids of messages here have 32. Longer ones may be no keys of a store. */
const MAX_ID_CHARACTERS = 128

export interface PickupMediatorOptions {
  mailbox: Mailbox
  /** Pushes messages to those who want that, over connections that last: `liveDelivery()`. Without it nobody gets any so. */
  live?: LiveDelivery
}

/**
 * The mediator's role in https://didcomm.org/messagepickup/3.0 and https://didcomm.org/message-pickup/4.0. Messages stay in the mailbox until the
 * recipient says that it has them. Only the party that registered a DID sees its mailbox.
 *
 * It answers over the connection of the question alone, so that no status or delivery is ever queued: what asks without
 * `return_route: all` is refused, unless its sender said so before on a connection that lasts.
 */
export function pickupMediator(options: PickupMediatorOptions): Protocol {
  return { handlers: { ...served(dialects[3], options), ...served(dialects[4], options) } }
}

function served(names: Dialect, { mailbox, live }: PickupMediatorOptions): Protocol['handlers'] {
  async function boxes({ message, sender }: Unpacked): Promise<string[]> {
    const registered = await mailbox.registered(ownerOf(sender))
    const asked = message.body['recipient_did']
    if (typeof asked !== 'string') return registered
    const recipient = canonicalDid(didOf(asked))
    return registered.filter((did) => did === recipient)
  }

  async function status(received: Unpacked, connection: Connection | undefined): Promise<Draft> {
    let count = 0
    for (const box of await boxes(received)) count += await mailbox.count(box)
    const isLive = live?.isLive(ownerOf(received.sender), connection) ?? false
    return { type: names.status, body: { ...about(received), message_count: count, live_delivery: isLive } }
  }

  async function stored(received: Unpacked, limit: number): Promise<Attachment[]> {
    const attachments: Attachment[] = []
    let bytesLeft = MAX_DELIVERY_BYTES
    for (const box of await boxes(received)) {
      for (const { id, bytes } of await mailbox.list(box, limit - attachments.length)) {
        bytesLeft -= bytes.length
        // At least one goes out, however large it is: it would block the mailbox for good.
        if (bytesLeft < 0 && attachments.length > 0) return attachments
        attachments.push({ id, data: { base64: encodeBase64url(bytes) } })
      }
    }
    return attachments
  }

  function changeLive(received: Unpacked, connection: Connection | undefined): Promise<Draft> {
    const owner = ownerOf(received.sender)
    if (received.message.body['live_delivery'] === false) {
      live?.disable(owner, connection)
    } else {
      // Only a connection that lasts carries what nobody asked for; without one the next connection starts without as well.
      if (!live || !connection)
        throw new ProblemError('e.m.live-mode-not-supported', 'Connection does not support Live Delivery')
      live.enable(owner, (attachments) => ({ type: names.delivery, attachments }), connection)
    }
    return status(received, connection)
  }

  return {
    [names.statusRequest]: (received, connection) => {
      expectOpenWayBack(received, connection)
      return status(received, connection)
    },

    [names.deliveryRequest]: async (received, connection) => {
      expectOpenWayBack(received, connection)
      const limit = received.message.body[names.limit]
      if (typeof limit !== 'number' || !Number.isSafeInteger(limit) || limit < 1) {
        throw new DidCommError('ERR_MESSAGE_MALFORMED', `"${names.limit}" is no positive integer`)
      }
      const attachments = await stored(received, Math.min(limit, MAX_DELIVERY))
      // 4.0 says by an empty delivery what 3.0 says by a status.
      if (attachments.length === 0 && names.version === 3) return status(received, connection)
      return { type: names.delivery, body: about(received), attachments }
    },

    [names.received]: async (received, connection) => {
      const list = received.message.body['message_id_list']
      if (!Array.isArray(list) || list.length > MAX_CONFIRMED) {
        throw new DidCommError('ERR_MESSAGE_MALFORMED', `"message_id_list" is no array of at most ${MAX_CONFIRMED}`)
      }
      const ids = list.filter((id): id is string => typeof id === 'string' && id.length <= MAX_ID_CHARACTERS)
      for (const box of await boxes(received)) {
        // One party may have many boxes, and most of them are empty.
        if ((await mailbox.count(box)) > 0) await mailbox.remove(box, ids)
      }
      live?.confirmed(ownerOf(received.sender), ids)
      return names.version === 3 && isWayBackOpen(received, connection) ? status(received, connection) : undefined
    },

    [names.liveChange]: (received, connection) => {
      expectOpenWayBack(received, connection)
      return changeLive(received, connection)
    },
  }
}

function ownerOf(sender: string | undefined): string {
  if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'pickup is for proven senders')
  return canonicalDid(sender)
}

function about({ message }: Unpacked): JsonObject {
  const asked = message.body['recipient_did']
  return typeof asked === 'string' ? { recipient_did: asked } : {}
}

function isWayBackOpen({ message }: Unpacked, connection: Connection | undefined): boolean {
  return message['return_route'] === 'all' || connection !== undefined
}

/** Requests carry `return_route: all`, once for a connection that lasts, and a status is never put into the queue. */
function expectOpenWayBack(received: Unpacked, connection: Connection | undefined): void {
  if (isWayBackOpen(received, connection)) return
  throw new DidCommError('ERR_MESSAGE_MALFORMED', 'pickup needs "return_route" with the value "all"')
}
