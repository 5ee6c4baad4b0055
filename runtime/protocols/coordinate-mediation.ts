import type { Agent } from '../agent/agent.ts'
import type { Protocol } from '../agent/protocol.ts'
import { isJsonObject } from '../bytes/index.ts'
import { canonicalDid, isDid } from '../did/index.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { DidCommError } from '../errors.ts'
import { typeKey } from '../message/index.ts'
import type { Draft, Json, JsonObject } from '../message/message.ts'
import type { Mailbox } from '../store.ts'

/** https://didcomm.org/coordinate-mediation/3.0 */
export const MEDIATE_REQUEST = 'https://didcomm.org/coordinate-mediation/3.0/mediate-request'
export const MEDIATE_GRANT = 'https://didcomm.org/coordinate-mediation/3.0/mediate-grant'
export const MEDIATE_DENY = 'https://didcomm.org/coordinate-mediation/3.0/mediate-deny'
export const RECIPIENT_UPDATE = 'https://didcomm.org/coordinate-mediation/3.0/recipient-update'
export const RECIPIENT_UPDATE_RESPONSE = 'https://didcomm.org/coordinate-mediation/3.0/recipient-update-response'
export const RECIPIENT_QUERY = 'https://didcomm.org/coordinate-mediation/3.0/recipient-query'
export const RECIPIENT = 'https://didcomm.org/coordinate-mediation/3.0/recipient'

const MAX_UPDATES = 100

export interface MediatorOptions {
  /** The DIDs that a mediated party names as its endpoint, this mediator's own as a rule. */
  routingDids: readonly string[]
  mailbox: Mailbox
  /** Tells whether to serve a party. Default: anybody. */
  mayMediate?: (sender: string) => boolean | Promise<boolean>
}

export type RecipientResult = 'success' | 'no_change' | 'client_error' | 'server_error'

/**
 * The mediator's role in https://didcomm.org/coordinate-mediation/3.0.
 *
 * The protocol has no proof that a recipient DID belongs to who registers it. Here the first to register a DID keeps it,
 * unless it is the DID of a later sender, who has proven it: that one takes it over, with an empty mailbox. Any other claim
 * is a `client_error`, and nothing of a mailbox is ever shown to another party.
 */
export function mediator({ routingDids, mailbox, mayMediate }: MediatorOptions): Protocol {
  const granted = async (sender: string) => (mayMediate ? await mayMediate(sender) : true)

  return {
    handlers: {
      [MEDIATE_REQUEST]: async (received) =>
        (await granted(known(received)))
          ? { type: MEDIATE_GRANT, body: { routing_did: [...routingDids] } }
          : { type: MEDIATE_DENY },

      [RECIPIENT_UPDATE]: async (received) => {
        const sender = known(received)
        if (!(await granted(sender))) return { type: MEDIATE_DENY }
        const updates = received.message.body['updates']
        if (!Array.isArray(updates) || updates.length > MAX_UPDATES) {
          throw new DidCommError('ERR_MESSAGE_MALFORMED', `"updates" is no array of at most ${MAX_UPDATES}`)
        }
        const updated: JsonObject[] = []
        for (const entry of updates) {
          const { recipient_did: did, action } = isJsonObject(entry) ? entry : {}
          const name = typeof did === 'string' ? did : ''
          updated.push({
            recipient_did: name,
            action: action ?? null,
            result: await update(mailbox, sender, name, action),
          })
        }
        return { type: RECIPIENT_UPDATE_RESPONSE, body: { updated } }
      },

      [RECIPIENT_QUERY]: async (received) => {
        const all = await mailbox.registered(known(received))
        const { limit, offset } = page(received.message.body['paginate'])
        const dids = all.slice(offset, offset + limit)
        const pagination = { count: dids.length, offset, remaining: Math.max(0, all.length - offset - dids.length) }
        return { type: RECIPIENT, body: { dids: dids.map((did) => ({ recipient_did: did })), pagination } }
      },
    },
  }
}

/**
 * Asks `mediatorDid` for mediation, and returns the DIDs to name as one's endpoint.
 *
 * @throws DidCommError `ERR_TRANSPORT_REJECTED` where it is denied, and what `agent.request` throws
 */
export async function requestMediation(agent: Agent, mediatorDid: string, timeoutMs?: number): Promise<string[]> {
  const { message } = await agent.request({ type: MEDIATE_REQUEST }, answered(mediatorDid, timeoutMs))
  const dids = message.body['routing_did']
  if (typeKey(message.type) !== typeKey(MEDIATE_GRANT) || !Array.isArray(dids)) {
    throw new DidCommError('ERR_TRANSPORT_REJECTED', 'the mediator does not grant mediation')
  }
  return dids.filter((did): did is string => typeof did === 'string')
}

/**
 * Tells the mediator for which DIDs to keep messages.
 *
 * @throws DidCommError `ERR_TRANSPORT_REJECTED` where it refuses one of them, and what `agent.request` throws
 */
export async function updateRecipients(
  agent: Agent,
  mediatorDid: string,
  changes: readonly { did: string; action: 'add' | 'remove' }[],
  timeoutMs?: number,
): Promise<void> {
  const updates = changes.map(({ did, action }) => ({ recipient_did: did, action }))
  const draft: Draft = { type: RECIPIENT_UPDATE, body: { updates } }
  const { message } = await agent.request(draft, answered(mediatorDid, timeoutMs))
  const updated = message.body['updated']
  const done = (entry: Json) =>
    isJsonObject(entry) && (entry['result'] === 'success' || entry['result'] === 'no_change')
  if (!Array.isArray(updated) || updated.length !== updates.length || !updated.every(done)) {
    throw new DidCommError('ERR_TRANSPORT_REJECTED', 'the mediator does not take all of the recipient DIDs')
  }
}

function answered(to: string, timeoutMs: number | undefined) {
  return { to, encoding: 'json' as const, ...(timeoutMs !== undefined && { timeoutMs }) }
}

function known({ sender }: Unpacked): string {
  if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'mediation is for proven senders')
  return canonicalDid(sender)
}

function page(paginate: Json | undefined): { limit: number; offset: number } {
  const { limit, offset } = isJsonObject(paginate) ? paginate : {}
  const count = (value: Json | undefined, otherwise: number) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : otherwise
  return { limit: Math.min(count(limit, MAX_UPDATES), MAX_UPDATES), offset: count(offset, 0) }
}

async function update(
  mailbox: Mailbox,
  sender: string,
  did: string,
  action: Json | undefined,
): Promise<RecipientResult> {
  if (!isDid(did)) return 'client_error'
  const recipient = canonicalDid(did)
  let owner = await mailbox.owner(recipient)
  if (owner !== undefined && owner !== sender) {
    // Only the sender's own DID is proven to be the sender's, whoever came first.
    if (recipient !== sender || action !== 'add') return 'client_error'
    await mailbox.unregister(recipient)
    owner = undefined
  }
  if (action === 'add') return add(mailbox, sender, recipient, owner)
  if (action !== 'remove') return 'client_error'
  if (owner === undefined) return 'no_change'
  await mailbox.unregister(recipient)
  return 'success'
}

async function add(mailbox: Mailbox, sender: string, recipient: string, owner: string | undefined) {
  if (owner === sender) return 'no_change'
  return (await mailbox.register(recipient, sender)) ? 'success' : 'client_error'
}
