import type { Agent } from '../agent/agent.ts'
import type { Protocol } from '../agent/protocol.ts'
import { isJsonObject } from '../bytes/index.ts'
import { canonicalDid, isDid } from '../did/index.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { DidCommError } from '../errors.ts'
import { typeKey } from '../message/index.ts'
import type { Draft, Json, JsonObject } from '../message/message.ts'
import type { Mailbox } from '../store.ts'

/** The versions of https://didcomm.org/coordinate-mediation. */
export type MediationVersion = 2 | 3

/** What differs between the versions: the names, and whether a grant has one DID or several. */
interface Dialect {
  readonly request: string
  readonly grant: string
  readonly deny: string
  readonly update: string
  readonly updateResponse: string
  readonly query: string
  readonly list: string
  /** The member of a list that holds the recipients. */
  readonly items: 'keys' | 'dids'
  routingDid(dids: readonly string[]): Json
}

function dialect(
  version: string,
  update: string,
  query: string,
  list: string,
  rest: Pick<Dialect, 'items' | 'routingDid'>,
): Dialect {
  const type = (name: string): string => `https://didcomm.org/coordinate-mediation/${version}/${name}`
  return {
    request: type('mediate-request'),
    grant: type('mediate-grant'),
    deny: type('mediate-deny'),
    update: type(update),
    updateResponse: type(`${update}-response`),
    query: type(query),
    list: type(list),
    ...rest,
  }
}

const dialects: Readonly<Record<MediationVersion, Dialect>> = {
  2: dialect('2.0', 'keylist-update', 'keylist-query', 'keylist', {
    items: 'keys',
    routingDid: ([first = '']) => first,
  }),
  3: dialect('3.0', 'recipient-update', 'recipient-query', 'recipient', {
    items: 'dids',
    routingDid: (dids) => [...dids],
  }),
}

/** https://didcomm.org/coordinate-mediation/3.0 */
export const MEDIATE_REQUEST: string = dialects[3].request
export const MEDIATE_GRANT: string = dialects[3].grant
export const MEDIATE_DENY: string = dialects[3].deny
export const RECIPIENT_UPDATE: string = dialects[3].update
export const RECIPIENT_UPDATE_RESPONSE: string = dialects[3].updateResponse
export const RECIPIENT_QUERY: string = dialects[3].query
export const RECIPIENT: string = dialects[3].list
/** https://didcomm.org/coordinate-mediation/2.0, where the names differ */
export const KEYLIST_UPDATE: string = dialects[2].update
export const KEYLIST_UPDATE_RESPONSE: string = dialects[2].updateResponse
export const KEYLIST_QUERY: string = dialects[2].query
export const KEYLIST: string = dialects[2].list

const MAX_UPDATES = 100

export interface MediatorOptions {
  /** The DIDs that a mediated party names as its endpoint, this mediator's own as a rule. Version 2.0 grants the first. */
  routingDids: readonly string[]
  mailbox: Mailbox
  /** Tells whether to serve a party. Default: anybody, so that anybody can fill the mailbox: say whom, where strangers can write to it. */
  mayMediate?: (sender: string) => boolean | Promise<boolean>
}

export type RecipientResult = 'success' | 'no_change' | 'client_error' | 'server_error'

/**
 * The mediator's role in https://didcomm.org/coordinate-mediation 2.0 and 3.0.
 *
 * The protocol has no proof that a recipient DID belongs to who registers it. Here the first to register a DID keeps it,
 * unless it is the DID of a later sender, who has proven it: that one takes it over, with an empty mailbox. Any other claim
 * is a `client_error`, and nothing of a mailbox is ever shown to another party.
 */
export function mediator(options: MediatorOptions): Protocol {
  return { handlers: { ...served(dialects[2], options), ...served(dialects[3], options) } }
}

function served(names: Dialect, { routingDids, mailbox, mayMediate }: MediatorOptions): Protocol['handlers'] {
  const granted = async (sender: string) => (mayMediate ? await mayMediate(sender) : true)
  return {
    [names.request]: async (received) =>
      (await granted(known(received)))
        ? { type: names.grant, body: { routing_did: names.routingDid(routingDids) } }
        : { type: names.deny },

    [names.update]: async (received) => {
      const sender = known(received)
      if (!(await granted(sender))) return { type: names.deny }
      const updates = received.message.body['updates']
      if (!Array.isArray(updates) || updates.length > MAX_UPDATES) {
        throw new DidCommError('ERR_MESSAGE_MALFORMED', `"updates" is no array of at most ${MAX_UPDATES}`)
      }
      const updated: JsonObject[] = []
      for (const entry of updates) {
        const { recipient_did: did, action } = isJsonObject(entry) ? entry : {}
        const name = typeof did === 'string' ? did : ''
        const result = await update(mailbox, sender, name, action)
        updated.push({ recipient_did: name, action: action ?? null, result })
      }
      return { type: names.updateResponse, body: { updated } }
    },

    [names.query]: async (received) => {
      const all = await mailbox.registered(known(received))
      const { limit, offset } = page(received.message.body['paginate'])
      const dids = all.slice(offset, offset + limit)
      const pagination = { count: dids.length, offset, remaining: Math.max(0, all.length - offset - dids.length) }
      return { type: names.list, body: { [names.items]: dids.map((did) => ({ recipient_did: did })), pagination } }
    },
  }
}

export interface MediationOptions {
  readonly timeoutMs?: number
  /** Default 3. */
  readonly version?: MediationVersion
}

/**
 * Asks `mediatorDid` for mediation, and returns the DIDs to name as one's endpoint.
 *
 * @throws DidCommError `ERR_TRANSPORT_REJECTED` where it is denied, and what `agent.request` throws
 */
export async function requestMediation(
  agent: Agent,
  mediatorDid: string,
  { timeoutMs, version = 3 }: MediationOptions = {},
): Promise<string[]> {
  const { request, grant } = dialects[version]
  const { message } = await agent.request({ type: request }, answered(mediatorDid, timeoutMs))
  const granted = message.body['routing_did']
  const list = version === 2 ? [granted] : granted
  const dids = Array.isArray(list) ? list.filter((did): did is string => typeof did === 'string') : []
  if (typeKey(message.type) !== typeKey(grant) || dids.length === 0) {
    throw new DidCommError('ERR_TRANSPORT_REJECTED', 'the mediator does not grant mediation')
  }
  return dids
}

/**
 * Tells the mediator for which DIDs to keep messages, 100 of them at a time.
 *
 * @throws DidCommError `ERR_TRANSPORT_REJECTED` where it refuses one of them, and what `agent.request` throws; those before may have been taken
 */
export async function updateRecipients(
  agent: Agent,
  mediatorDid: string,
  changes: readonly { did: string; action: 'add' | 'remove' }[],
  { timeoutMs, version = 3 }: MediationOptions = {},
): Promise<void> {
  const done = (entry: Json) =>
    isJsonObject(entry) && (entry['result'] === 'success' || entry['result'] === 'no_change')
  for (let at = 0; at < changes.length; at += MAX_UPDATES) {
    const updates = changes.slice(at, at + MAX_UPDATES).map(({ did, action }) => ({ recipient_did: did, action }))
    const draft: Draft = { type: dialects[version].update, body: { updates } }
    const { message } = await agent.request(draft, answered(mediatorDid, timeoutMs))
    const updated = message.body['updated']
    if (!Array.isArray(updated) || updated.length !== updates.length || !updated.every(done)) {
      throw new DidCommError('ERR_TRANSPORT_REJECTED', 'the mediator does not take all of the recipient DIDs')
    }
  }
}

/**
 * Asks the mediator for which DIDs it keeps messages of ours, 100 of them at a time.
 *
 * @throws DidCommError `ERR_TRANSPORT_REJECTED`, and what `agent.request` throws
 */
export async function queryRecipients(
  agent: Agent,
  mediatorDid: string,
  { timeoutMs, version = 3 }: MediationOptions = {},
): Promise<string[]> {
  const { query, list, items } = dialects[version]
  const dids: string[] = []
  for (;;) {
    const paginate = { limit: MAX_UPDATES, offset: dids.length }
    const { message } = await agent.request({ type: query, body: { paginate } }, answered(mediatorDid, timeoutMs))
    const entries = message.body[items]
    if (typeKey(message.type) !== typeKey(list) || !Array.isArray(entries)) {
      throw new DidCommError('ERR_TRANSPORT_REJECTED', 'the mediator does not answer with a list of recipients')
    }
    dids.push(...entries.flatMap((entry) => textMember(entry, 'recipient_did') ?? []))
    if (entries.length === 0 || !hasMore(message.body['pagination'])) return dids
  }
}

function textMember(value: Json, name: string): string | undefined {
  const text = isJsonObject(value) ? value[name] : undefined
  return typeof text === 'string' ? text : undefined
}

function hasMore(pagination: Json | undefined): boolean {
  const remaining = isJsonObject(pagination) ? pagination['remaining'] : 0
  return typeof remaining === 'number' && remaining > 0
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
