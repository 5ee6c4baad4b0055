import type { Agent } from '../agent/agent.ts'
import type { Contacts } from '../agent/contacts.ts'
import type { Protocol } from '../agent/protocol.ts'
import { isJsonObject } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import { parseTypeUri, typeKey } from '../message/index.ts'
import type { Draft, Json, JsonObject } from '../message/message.ts'
import { DISCLOSE_CODE, QUERIES_CODE } from '../message/type-codes.ts'

/** https://didcomm.org/discover-features/2.0; DIDComm v2.1, "Discover Features Protocol 2.0". */
export const QUERIES = 'https://didcomm.org/discover-features/2.0/queries'
export const DISCLOSE = 'https://didcomm.org/discover-features/2.0/disclose'

/** What one message holds at most. */
const MAX_QUERIES = 32
const MAX_DISCLOSURES = 256
const MAX_MATCH_CHARACTERS = 256

/** Something that a party supports. */
export interface Feature {
  /** `protocol`, `goal-code`, `header`, `constraint` or another. */
  readonly type: string
  /** What is supported: a protocol URI, a goal code, the name of a header or of a constraint. */
  readonly id: string
  /** The roles in which a protocol is supported. */
  readonly roles?: readonly string[]
  /** The value of a constraint. */
  readonly value?: string
}

/** A question for features of one type: `match` may hold `*` for any text. */
export interface FeatureQuery {
  readonly type: string
  readonly match: string
}

export interface DiscoverFeaturesOptions {
  readonly features: readonly Feature[]
  /** Tells whether `asker` may learn of a feature; absent where they did not prove who they are. Default: whoever has proven it. */
  readonly mayDisclose?: (feature: Feature, asker: string | undefined) => boolean
  /** Learns what another party discloses, asked or not. */
  readonly onDisclosed?: (features: readonly Feature[], by: string) => void | Promise<void>
}

/**
 * Answers questions for features, and takes in what others disclose. Types of features that are not known here are ignored. An
 * answer without disclosures says that nothing is disclosed, not that nothing is there.
 */
export function discoverFeatures(options: DiscoverFeaturesOptions): Protocol {
  const { features, onDisclosed, mayDisclose = (_, asker) => asker !== undefined } = options
  return {
    types: [
      { code: QUERIES_CODE, type: QUERIES },
      { code: DISCLOSE_CODE, type: DISCLOSE },
    ],
    handlers: {
      [QUERIES]: ({ message, sender }) => {
        const queries = readQueries(message.body['queries'])
        const allowed = features.filter((feature) => mayDisclose(feature, sender))
        return disclose(matching(allowed, queries))
      },
      [DISCLOSE]: async ({ message, sender }) => {
        if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'a disclosure is of a proven sender')
        const disclosed = readDisclosures(message.body['disclosures'])
        await onDisclosed?.(disclosed, sender)
        return undefined
      },
    },
  }
}

/** Asks for features; `askFeatures` also waits for the answer. */
export function queries(list: readonly FeatureQuery[]): Draft {
  const written = list.map(({ type, match }) => ({ 'feature-type': type, match }))
  return { type: QUERIES, body: { queries: written } }
}

/** Discloses features, in answer to a question or without one. */
export function disclose(features: readonly Feature[]): Draft {
  return { type: DISCLOSE, body: { disclosures: features.map(written) } }
}

/**
 * Asks `did` for features.
 *
 * @throws what `agent.request` throws, and DidCommError `ERR_TRANSPORT_REJECTED` for an answer that is no disclosure
 */
export async function askFeatures(
  agent: Agent,
  did: string,
  list: readonly FeatureQuery[],
  timeoutMs?: number,
): Promise<Feature[]> {
  const to = { to: did, ...(timeoutMs !== undefined && { timeoutMs }) }
  const { message } = await agent.request(queries(list), to)
  if (typeKey(message.type) !== typeKey(DISCLOSE)) {
    throw new DidCommError('ERR_TRANSPORT_REJECTED', 'the other party does not answer with a disclosure')
  }
  return readDisclosures(message.body['disclosures'])
}

/** Lists the protocols of an agent as features: one for each that its handlers are for. */
export function protocolFeatures(protocols: readonly Protocol[]): Feature[] {
  const ids = new Set<string>()
  for (const type of protocols.flatMap(({ handlers }) => Object.keys(handlers))) {
    const uri = parseTypeUri(type)
    if (uri) ids.add(`${uri.docUri}${uri.protocol}/${uri.major}.${uri.minor}`)
  }
  return [...ids].map((id) => ({ type: 'protocol', id }))
}

/** The constraint that messages longer than `bytes` are not taken ("Agent Constraint Disclosure"). */
export function maxReceiveBytes(bytes: number): Feature {
  return { type: 'constraint', id: 'max_receive_bytes', value: String(bytes) }
}

/** Reads the constraint among the features of another party; `undefined` where they disclose none that makes sense. */
export function maxReceiveBytesOf(features: readonly Feature[]): number | undefined {
  const value = features.find(({ type, id }) => type === 'constraint' && id === 'max_receive_bytes')?.value
  if (value === undefined || !/^[1-9]\d{0,14}$/.test(value)) return undefined
  return Number(value)
}

/**
 * Makes what notes with a contact how large an envelope it takes, so that nothing larger is sent to it. For `onDisclosed`, and for what `askFeatures` returns.
 */
export function noteMaxReceiveBytes(
  contacts: Pick<Contacts, 'update'>,
): (features: readonly Feature[], did: string) => void {
  return (features, did) => {
    const limit = maxReceiveBytesOf(features)
    if (limit !== undefined) contacts.update(did, { maxReceiveBytes: limit })
  }
}

function matching(features: readonly Feature[], list: readonly FeatureQuery[]): Feature[] {
  return features.filter(({ type, id }) => list.some((query) => query.type === type && matches(query.match, id)))
}

/** Tells whether `text` is `pattern`, in which `*` stands for any text. Without a regular expression: the pattern is a stranger's. */
function matches(pattern: string, text: string): boolean {
  const [first = '', ...parts] = pattern.split('*')
  const last = parts.pop()
  if (last === undefined) return pattern === text
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const part of parts) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

function readQueries(value: Json | undefined): FeatureQuery[] {
  return entries(value, 'queries', MAX_QUERIES).map((entry) => {
    const { 'feature-type': type, match } = entry
    if (typeof type !== 'string' || typeof match !== 'string' || match.length > MAX_MATCH_CHARACTERS) {
      throw malformed('a query has no "feature-type" or no "match" of a sensible length')
    }
    return { type, match }
  })
}

function readDisclosures(value: Json | undefined): Feature[] {
  return entries(value, 'disclosures', MAX_DISCLOSURES).map((entry) => {
    const { 'feature-type': type, id, roles, value: constraint } = entry
    if (typeof type !== 'string' || typeof id !== 'string')
      throw malformed('a disclosure has no "feature-type" or no "id"')
    const texts = Array.isArray(roles) ? roles.filter((role): role is string => typeof role === 'string') : undefined
    return { type, id, ...(texts && { roles: texts }), ...(typeof constraint === 'string' && { value: constraint }) }
  })
}

function entries(value: Json | undefined, name: string, max: number): JsonObject[] {
  if (!Array.isArray(value) || value.length > max || !value.every(isJsonObject)) {
    throw malformed(`"${name}" is no array of at most ${max} objects`)
  }
  return value
}

function written({ type, id, roles, value }: Feature): JsonObject {
  return { 'feature-type': type, id, ...(roles && { roles: [...roles] }), ...(value !== undefined && { value }) }
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what)
}
