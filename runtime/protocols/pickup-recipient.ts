import type { Agent } from '../agent/agent.ts'
import type { Handler, Protocol } from '../agent/protocol.ts'
import { decodeBase64, encodeUtf8 } from '../bytes/index.ts'
import { canonicalDid } from '../did/index.ts'
import { DidCommError } from '../errors.ts'
import { typeKey } from '../message/index.ts'
import type { AttachmentData, Message } from '../message/message.ts'
import type { Receive } from '../transport.ts'
import { type Dialect, dialects, type PickupVersion } from './pickup-dialects.ts'

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
