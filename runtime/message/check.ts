import { DidCommError } from '../errors.ts'
import { canonicalMediaType, PLAIN } from './media-types.ts'
import type { Json, JsonObject, Message } from './message.ts'
import { parseTypeUri } from './type-uri.ts'

/** RFC 3986 §2.3. DIDComm asks for 32 bytes at most, while a UUID has 36: longer ones are accepted within reason. */
const ID = /^[A-Za-z0-9._~-]{1,256}$/
/** A DID or DID URL without fragment. `=` is in no DID of today, but in the service part of old `did:peer:2`. */
const DID_URL = /^did:[a-z0-9]+:[\w.:%=-]+(?:[/?][!"$-~]*)?$/

/** What a member has to be, and the same in words. */
interface Form {
  readonly holds: (value: Json) => boolean
  readonly words: string
}

const text: Form = { holds: (value) => typeof value === 'string', words: 'a string' }
const id: Form = {
  holds: (value) => typeof value === 'string' && ID.test(value),
  words: '1 to 256 unreserved characters',
}
const count: Form = {
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  words: 'a whole number from 0',
}
const object: Form = { holds: isObject, words: 'a JSON object' }
const did: Form = {
  holds: (value) => typeof value === 'string' && DID_URL.test(value),
  words: 'a DID without fragment',
}
const listOf = ({ holds, words }: Form): Form => ({
  holds: (value) => Array.isArray(value) && value.every(holds),
  words: `an array, each ${words}`,
})

/** The headers that have a form. All but `id` and `type` may be absent. */
const HEADERS: Readonly<Record<string, Form>> = {
  id,
  type: {
    holds: (value) => typeof value === 'string' && parseTypeUri(value) !== undefined,
    words: 'a message type URI',
  },
  typ: { holds: (value) => typeof value === 'string' && canonicalMediaType(value) === PLAIN, words: PLAIN },
  from: did,
  to: listOf(did),
  thid: id,
  pthid: id,
  created_time: count,
  expires_time: count,
  body: object,
  attachments: listOf(object),
  from_prior: text,
}

const ATTACHMENT: Readonly<Record<string, Form>> = {
  id,
  description: text,
  filename: text,
  media_type: text,
  format: text,
  lastmod_time: count,
  byte_count: count,
  data: object,
}

const ATTACHMENT_DATA: Readonly<Record<string, Form>> = { hash: text, links: listOf(text), base64: text }

/**
 * Checks that a JSON value is a plaintext message (DIDComm v2.1, "Message Headers", "Attachments") and returns a copy
 * of its outermost object, with an empty body where it has none. Headers that are not known here stay as they are.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`
 */
export function checkMessage(value: Json): Message {
  if (!isObject(value)) throw malformed('a message expected a JSON object')
  for (const name of ['id', 'type']) {
    if (value[name] === undefined) throw malformed(`a message without "${name}"`)
  }
  checkMembers(value, HEADERS, '')
  for (const attachment of (value['attachments'] as JsonObject[] | undefined) ?? []) checkAttachment(attachment)
  return { ...value, body: value['body'] ?? {} } as Message
}

function checkAttachment(value: JsonObject): void {
  const { data } = value
  if (data === undefined) throw malformed('an attachment without "data"')
  checkMembers(value, ATTACHMENT, 'attachments.')
  if (!isObject(data)) return
  checkMembers(data, ATTACHMENT_DATA, 'attachments.data.')
  if (data['links'] !== undefined && data['hash'] === undefined) throw malformed('an attachment with links but no hash')
  if (data['base64'] === undefined && data['json'] === undefined && data['links'] === undefined) {
    throw malformed('an attachment with neither "base64" nor "json" nor "links"')
  }
}

function checkMembers(value: JsonObject, members: typeof HEADERS, path: string): void {
  for (const [name, { holds, words }] of Object.entries(members)) {
    const member = value[name]
    if (member !== undefined && !holds(member)) throw malformed(`"${path}${name}" expected ${words}`)
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what)
}
