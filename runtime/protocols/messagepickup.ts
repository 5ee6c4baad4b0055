import type { Agent } from '../agent/agent.ts'
import { ProblemError } from '../agent/problem.ts'
import type { Protocol } from '../agent/protocol.ts'
import { decodeBase64, encodeBase64url, encodeUtf8 } from '../bytes/index.ts'
import { canonicalDid, didOf } from '../did/index.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { DidCommError } from '../errors.ts'
import { typeKey } from '../message/index.ts'
import type { Attachment, AttachmentData, Draft, JsonObject, Message } from '../message/message.ts'
import type { Mailbox } from '../store.ts'

/** https://didcomm.org/messagepickup/3.0 */
export const STATUS_REQUEST = 'https://didcomm.org/messagepickup/3.0/status-request'
export const STATUS = 'https://didcomm.org/messagepickup/3.0/status'
export const DELIVERY_REQUEST = 'https://didcomm.org/messagepickup/3.0/delivery-request'
export const DELIVERY = 'https://didcomm.org/messagepickup/3.0/delivery'
export const MESSAGES_RECEIVED = 'https://didcomm.org/messagepickup/3.0/messages-received'
export const LIVE_DELIVERY_CHANGE = 'https://didcomm.org/messagepickup/3.0/live-delivery-change'

/** What one delivery holds at most, whatever was asked: messages, and bytes of their envelopes. */
const MAX_DELIVERY = 100
const MAX_DELIVERY_BYTES = 512 * 1024
/** What one confirmation holds at most: ten deliveries. */
const MAX_CONFIRMED = 1000
/** Ids of messages here have 32. Longer ones may be no keys of a store. */
const MAX_ID_CHARACTERS = 128

/**
 * The mediator's role in https://didcomm.org/messagepickup/3.0. Messages stay in the mailbox until the recipient says
 * that it has them. Only the party that registered a DID sees its mailbox.
 *
 * It answers over the connection of the question alone, so that no status or delivery is ever queued: what asks without
 * `return_route: all` is refused.
 */
export function pickupMediator({ mailbox }: { mailbox: Mailbox }): Protocol {
  async function boxes({ message, sender }: Unpacked): Promise<string[]> {
    if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'pickup is for proven senders')
    const registered = await mailbox.registered(canonicalDid(sender))
    const asked = message.body['recipient_did']
    if (typeof asked !== 'string') return registered
    const recipient = canonicalDid(didOf(asked))
    return registered.filter((did) => did === recipient)
  }

  async function status(received: Unpacked): Promise<Draft> {
    let count = 0
    for (const box of await boxes(received)) count += await mailbox.count(box)
    return { type: STATUS, body: { ...about(received), message_count: count, live_delivery: false } }
  }

  function about({ message }: Unpacked): JsonObject {
    const asked = message.body['recipient_did']
    return typeof asked === 'string' ? { recipient_did: asked } : {}
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

  return {
    handlers: {
      [STATUS_REQUEST]: (received) => {
        expectOpenWayBack(received)
        return status(received)
      },

      [DELIVERY_REQUEST]: async (received) => {
        expectOpenWayBack(received)
        const limit = received.message.body['limit']
        if (typeof limit !== 'number' || !Number.isSafeInteger(limit) || limit < 1) {
          throw new DidCommError('ERR_MESSAGE_MALFORMED', '"limit" is no positive integer')
        }
        const attachments = await stored(received, Math.min(limit, MAX_DELIVERY))
        return attachments.length > 0 ? { type: DELIVERY, body: about(received), attachments } : status(received)
      },

      [MESSAGES_RECEIVED]: async (received) => {
        const list = received.message.body['message_id_list']
        if (!Array.isArray(list) || list.length > MAX_CONFIRMED) {
          throw new DidCommError('ERR_MESSAGE_MALFORMED', `"message_id_list" is no array of at most ${MAX_CONFIRMED}`)
        }
        const ids = list.filter((id): id is string => typeof id === 'string' && id.length <= MAX_ID_CHARACTERS)
        for (const box of await boxes(received)) {
          // One party may have many boxes, and most of them are empty.
          if ((await mailbox.count(box)) > 0) await mailbox.remove(box, ids)
        }
        return received.message['return_route'] === 'all' ? status(received) : undefined
      },

      [LIVE_DELIVERY_CHANGE]: (received) => {
        expectOpenWayBack(received)
        if (received.message.body['live_delivery'] === false) return status(received)
        throw new ProblemError('e.m.live-mode-not-supported', 'Connection does not support Live Delivery')
      },
    },
  }
}

/** Messagepickup 3.0: requests carry `return_route: all`, and a status is never put into the queue. */
function expectOpenWayBack({ message }: Unpacked): void {
  if (message['return_route'] === 'all') return
  throw new DidCommError('ERR_MESSAGE_MALFORMED', 'pickup needs "return_route" with the value "all"')
}

export interface PickupOptions {
  /** The DID whose messages to fetch. Default: all that the agent registered. */
  recipientDid?: string
  /** How many messages to fetch at once. Default: 50. */
  limit?: number
  timeoutMs?: number
}

/**
 * Fetches one delivery from the mediator, lets the agent receive each message in it, and confirms those that are
 * settled. What fails in a way that may pass is left with the mediator, and comes again.
 *
 * @returns how many messages were settled, 0 where nothing waits
 * @throws what `agent.request` throws
 */
export async function pickUp(agent: Agent, mediatorDid: string, options: PickupOptions = {}): Promise<number> {
  const { recipientDid, limit = 50, timeoutMs } = options
  const to = { to: mediatorDid, encoding: 'json' as const, ...(timeoutMs !== undefined && { timeoutMs }) }
  const about = recipientDid === undefined ? {} : { recipient_did: recipientDid }
  const { message } = await agent.request({ type: DELIVERY_REQUEST, body: { ...about, limit } }, to)
  if (typeKey(message.type) !== typeKey(DELIVERY)) return 0

  const settled: string[] = []
  for (const attachment of message.attachments ?? []) {
    if (attachment.id !== undefined && (await received(agent, attachment))) settled.push(attachment.id)
  }
  if (settled.length > 0) {
    await agent.request({ type: MESSAGES_RECEIVED, thid: thread(message), body: { message_id_list: settled } }, to)
  }
  return settled.length
}

async function received(agent: Agent, { data }: Attachment): Promise<boolean> {
  try {
    await agent.receive({ bytes: envelopeIn(data) })
    return true
  } catch {
    // The agent has counted and reported it.
    return false
  }
}

/** What holds no envelope is nothing, which the agent refuses and counts: left where it is, it would come for ever. */
function envelopeIn({ base64, json }: AttachmentData): Uint8Array {
  if (base64 === undefined) return encodeUtf8(json === undefined ? '' : JSON.stringify(json))
  try {
    return decodeBase64(base64)
  } catch {
    return new Uint8Array()
  }
}

function thread(message: Message): string {
  return message.thid ?? message.id
}
