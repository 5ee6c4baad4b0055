import { DidCommError } from '../errors.ts'
import { canonicalMediaType, PLAIN } from './media-types.ts'
import type { Json, JsonObject, Message } from './message.ts'
import { parseTypeUri } from './type-uri.ts'

/** RFC 3986 §2.3. DIDComm asks for 32 bytes at most, while a UUID has 36: longer ones are accepted within reason. */
const ID = /^[A-Za-z0-9._~-]{1,256}$/
/** A DID or DID URL without fragment. `=` is in no DID of today, but in the service part of old `did:peer:2`. */
const DID_URL = /^did:[a-z0-9]+:[\w.:%=-]+(?:[/?][!"$-~]*)?$/

type Check = (value: Json) => boolean

const isText: Check = (value) => typeof value === 'string'
const isId: Check = (value) => typeof value === 'string' && ID.test(value)
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const isDid: Check = (value) => typeof value === 'string' && DID_URL.test(value)

/** The headers that have a form, and the form in words. All but `id` and `type` may be absent. */
const HEADERS: Readonly<Record<string, readonly [Check, string]>> = {
  id: [isId, '1 to 256 unreserved characters'],
  type: [(value) => typeof value === 'string' && parseTypeUri(value) !== undefined, 'a message type URI'],
  typ: [(value) => typeof value === 'string' && canonicalMediaType(value) === PLAIN, PLAIN],
  from: [isDid, 'a DID without fragment'],
  to: [(value) => Array.isArray(value) && value.every(isDid), 'an array of DIDs without fragment'],
  thid: [isId, '1 to 256 unreserved characters'],
  pthid: [isId, '1 to 256 unreserved characters'],
  created_time: [isCount, 'whole seconds since 1970'],
  expires_time: [isCount, 'whole seconds since 1970'],
  body: [isObject, 'a JSON object'],
  attachments: [Array.isArray, 'an array'],
  from_prior: [isText, 'a string'],
}

const ATTACHMENT: Readonly<Record<string, readonly [Check, string]>> = {
  id: [isId, '1 to 256 unreserved characters'],
  description: [isText, 'a string'],
  filename: [isText, 'a string'],
  media_type: [isText, 'a string'],
  format: [isText, 'a string'],
  lastmod_time: [isCount, 'whole seconds since 1970'],
  byte_count: [isCount, 'a number of bytes'],
  data: [isObject, 'an object'],
}

const ATTACHMENT_DATA: Readonly<Record<string, readonly [Check, string]>> = {
  hash: [isText, 'a string'],
  links: [(value) => Array.isArray(value) && value.every(isText), 'an array of strings'],
  base64: [isText, 'a string'],
}

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
  for (const attachment of (value['attachments'] as Json[] | undefined) ?? []) checkAttachment(attachment)
  return { ...value, body: value['body'] ?? {} } as Message
}

function checkAttachment(value: Json): void {
  if (!isObject(value)) throw malformed('"attachments" expected objects')
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
  for (const [name, [holds, form]] of Object.entries(members)) {
    const member = value[name]
    if (member !== undefined && !holds(member)) throw malformed(`"${path}${name}" expected ${form}`)
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what)
}
