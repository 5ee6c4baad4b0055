import type { Agent } from '../agent/agent.ts'
import { ProblemError } from '../agent/problem.ts'
import type { Connection, Handler, Protocol } from '../agent/protocol.ts'
import { decodeBase64, encodeBase64url, encodeUtf8 } from '../bytes/index.ts'
import { canonicalDid, didOf } from '../did/index.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { DidCommError } from '../errors.ts'
import { typeKey } from '../message/index.ts'
import type { Attachment, AttachmentData, Draft, JsonObject, Message } from '../message/message.ts'
import type { Mailbox } from '../store.ts'
import type { Receive } from '../transport.ts'
import type { LiveDelivery } from './live-delivery.ts'

export { type Arrival, type LiveDelivery, liveDelivery } from './live-delivery.ts'

/** The versions of the protocol: https://didcomm.org/messagepickup/3.0 and https://didcomm.org/message-pickup/4.0. */
export type PickupVersion = 3 | 4

interface Dialect {
  readonly version: PickupVersion
  readonly statusRequest: string
  readonly status: string
  readonly deliveryRequest: string
  readonly delivery: string
  readonly received: string
  readonly liveChange: string
  /** The member of a delivery request that says how many. */
  readonly limit: string
}

function dialect(version: PickupVersion, base: string, limit: string): Dialect {
  return {
    version,
    statusRequest: `${base}/status-request`,
    status: `${base}/status`,
    deliveryRequest: `${base}/delivery-request`,
    delivery: `${base}/delivery`,
    received: `${base}/messages-received`,
    liveChange: `${base}/live-delivery-change`,
    limit,
  }
}

const dialects: Readonly<Record<PickupVersion, Dialect>> = {
  3: dialect(3, 'https://didcomm.org/messagepickup/3.0', 'limit'),
  4: dialect(4, 'https://didcomm.org/message-pickup/4.0', 'message_count_limit'),
}

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

  async function status(received: Unpacked): Promise<Draft> {
    let count = 0
    for (const box of await boxes(received)) count += await mailbox.count(box)
    const isLive = live?.isLive(ownerOf(received.sender)) ?? false
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
      live?.disable(owner)
    } else {
      // Only a connection that lasts carries what nobody asked for; without one the next connection starts without as well.
      if (!live || !connection)
        throw new ProblemError('e.m.live-mode-not-supported', 'Connection does not support Live Delivery')
      live.enable(owner, (attachments) => ({ type: names.delivery, attachments }), connection)
    }
    return status(received)
  }

  return {
    [names.statusRequest]: (received, connection) => {
      expectOpenWayBack(received, connection)
      return status(received)
    },

    [names.deliveryRequest]: async (received, connection) => {
      expectOpenWayBack(received, connection)
      const limit = received.message.body[names.limit]
      if (typeof limit !== 'number' || !Number.isSafeInteger(limit) || limit < 1) {
        throw new DidCommError('ERR_MESSAGE_MALFORMED', `"${names.limit}" is no positive integer`)
      }
      const attachments = await stored(received, Math.min(limit, MAX_DELIVERY))
      // 4.0 says by an empty delivery what 3.0 says by a status.
      if (attachments.length === 0 && names.version === 3) return status(received)
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
      return names.version === 3 && isWayBackOpen(received, connection) ? status(received) : undefined
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

export interface PickupOptions {
  /** The DID whose messages to fetch. Default: all that the agent registered. */
  recipientDid?: string
  /** How many messages to fetch at once. Default: 50. */
  limit?: number
  timeoutMs?: number
  /** Default: 3. */
  version?: PickupVersion
}

/**
 * Fetches one delivery from the mediator, lets the agent receive each message in it, and confirms those that are
 * settled. What fails in a way that may pass is left with the mediator, and comes again.
 *
 * @returns how many messages were settled, 0 where nothing waits
 * @throws what `agent.request` throws
 */
export async function pickUp(agent: Agent, mediatorDid: string, options: PickupOptions = {}): Promise<number> {
  const { recipientDid, limit = 50, timeoutMs, version = 3 } = options
  const names = dialects[version]
  const to = { to: mediatorDid, encoding: 'json' as const, ...(timeoutMs !== undefined && { timeoutMs }) }
  const about = recipientDid === undefined ? {} : { recipient_did: recipientDid }
  const question = { type: names.deliveryRequest, body: { ...about, [names.limit]: limit } }
  const { message } = await agent.request(question, to)
  if (typeKey(message.type) !== typeKey(names.delivery)) return 0

  const settled = await settle(agent.receive, message)
  if (settled.length === 0) return 0
  const confirmation = { type: names.received, thid: message.thid ?? message.id, body: { message_id_list: settled } }
  // 3.0 answers with a status.
  if (version === 3) await agent.request(confirmation, to)
  else await agent.send({ ...confirmation, return_route: 'all' }, to)
  return settled.length
}

/**
 * Takes what the mediator pushes (live delivery, either version), lets `receive` settle it, and confirms it. `startLiveDelivery` asks for it.
 *
 * @param options `receive` is that of the agent that this protocol is given to
 */
export function pickupRecipient(options: { mediatorDid: string; receive: () => Receive }): Protocol {
  const from = canonicalDid(options.mediatorDid)
  const taken =
    (names: Dialect): Handler =>
    async ({ message, sender }) => {
      if (sender === undefined || canonicalDid(sender) !== from) {
        throw new DidCommError('ERR_SENDER_UNKNOWN', 'a delivery is taken from the mediator alone')
      }
      const settled = await settle(options.receive(), message)
      return settled.length > 0 ? { type: names.received, body: { message_id_list: settled } } : undefined
    }
  return {
    handlers: {
      [dialects[3].delivery]: taken(dialects[3]),
      [dialects[4].delivery]: taken(dialects[4]),
      [dialects[3].status]: () => undefined,
      [dialects[4].status]: () => undefined,
    },
  }
}

/**
 * Asks the mediator to push messages over the connection that this question takes, or to stop that. A new connection starts without.
 *
 * @returns whether it does now
 * @throws what `agent.request` throws
 */
export async function startLiveDelivery(
  agent: Agent,
  mediatorDid: string,
  options: { version?: PickupVersion; live?: boolean; timeoutMs?: number } = {},
): Promise<boolean> {
  const { version = 3, live = true, timeoutMs } = options
  const to = { to: mediatorDid, encoding: 'json' as const, ...(timeoutMs !== undefined && { timeoutMs }) }
  const names = dialects[version]
  const { message } = await agent.request({ type: names.liveChange, body: { live_delivery: live } }, to)
  return typeKey(message.type) === typeKey(names.status) && message.body['live_delivery'] === true
}

/** Lets `receive` settle what a delivery holds; returns the ids of what is settled. */
async function settle(receive: Receive, { attachments = [] }: Message): Promise<string[]> {
  const settled: string[] = []
  for (const { id, data } of attachments) {
    if (id !== undefined && (await isSettled(receive, data))) settled.push(id)
  }
  return settled
}

async function isSettled(receive: Receive, data: AttachmentData): Promise<boolean> {
  try {
    await receive({ bytes: envelopeIn(data) })
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
