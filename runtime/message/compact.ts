import { type CborValue, decodeCbor, encodeCbor, Tagged } from '../bytes/index.ts'
import { attachmentFromCbor, attachmentToCbor } from './attachment-cbor.ts'
import { checkMessage } from './check.ts'
import { jsonFromCbor, jsonToCbor, malformed, nameToCbor, textToCbor } from './json-cbor.ts'
import type { Json, JsonObject, Message, Packable } from './message.ts'
import type { CompactType, TypeRegistry } from './type-registry.ts'

/** What the envelope around a compact plaintext proves, so that the plaintext need not say it. */
export interface Implied {
  /** The DID of the proven sender; absent for anoncrypt. */
  from?: string | undefined
  /** The DID of the recipient. */
  to?: string | undefined
}

export interface CompactOptions {
  types: TypeRegistry
  implied: Implied
}

const TYPE = 2
const CREATED_TIME = 5
const BODY = 6

/** The headers with a number of their own. */
const LABELS: ReadonlyMap<string, number> = /* @__PURE__ */ new Map([
  ['id', 1],
  ['type', TYPE],
  ['from', 3],
  ['to', 4],
  ['created_time', CREATED_TIME],
  ['body', BODY],
  ['expires_time', 7],
  ['thid', 8],
  ['pthid', 9],
  ['attachments', 10],
  ['from_prior', 11],
])

const NAMES: ReadonlyMap<CborValue, string> = /* @__PURE__ */ new Map(
  /* @__PURE__ */ Array.from(LABELS, ([name, label]) => [label, name]),
)

/**
 * Serializes a message as compact plaintext, the CBOR that compact envelopes carry (`docs/compact-envelope.md`):
 *
 * - `[type, body]` or `[type, body, created_time]` where there is no other header to say;
 * - else a map from 1 id, 2 type, 3 from, 4 to, 5 created_time, 6 body, 7 expires_time, 8 thid, 9 pthid, 10
 *   attachments, 11 from_prior, and the names of all other headers as text. An empty body is left out.
 * - `type` is its number in the registry, or the URI as text where it has none.
 * - `from` is left out where it is the proven sender, `to` where it is the recipient alone, and `id` where the message
 *   has none: the envelope then derives it from its ciphertext. A message without `from` or `to` is read as one that
 *   names those of the envelope. `typ` is never there.
 * - The body is a map, or what the codec of its type makes of it, which is never a map.
 * - `data.base64` of an attachment is a byte string where unpadded base64url of it gives exactly that text.
 * - Everything else is the same value in CBOR. JSON survives both ways, but for -0, which becomes 0.
 * - The encoding is deterministic (RFC 8949 §4.2.1), at most 16 deep.
 *
 * Throws a `TypeError` where the message holds what is no JSON, or a body codec gives a map.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED` for JSON that CBOR cannot carry: halves of surrogate pairs, the name
 * `__proto__`, deeper nesting
 */
export function serializeCompact(message: Packable, options: CompactOptions): Uint8Array {
  const { type } = message
  const entry = options.types.byType(type)
  const typeItem = entry?.code ?? textToCbor(type)
  const body = bodyToCbor(message.body ?? {}, entry)
  const headers = headersToCbor(message, options.implied)
  const createdTime = headers.get(CREATED_TIME)
  if (headers.size === 0) return encodeCbor([typeItem, body])
  if (headers.size === 1 && createdTime !== undefined) return encodeCbor([typeItem, body, createdTime])
  headers.set(TYPE, typeItem)
  if (!(body instanceof Map && body.size === 0)) headers.set(BODY, body)
  return encodeCbor(headers)
}

/** All headers that have to be said, without `type` and `body`. */
function headersToCbor(message: Packable, implied: Implied): Map<CborValue, CborValue> {
  const headers = new Map<CborValue, CborValue>()
  for (const [name, value] of Object.entries(message)) {
    if (value === undefined || name === 'type' || name === 'body' || name === 'typ') continue
    if (name === 'from' && value === implied.from) continue
    if (name === 'to' && Array.isArray(value) && value.length === 1 && value[0] === implied.to) continue
    const item = name === 'attachments' && Array.isArray(value) ? value.map(attachmentToCbor) : jsonToCbor(value, 1)
    headers.set(LABELS.get(name) ?? nameToCbor(name), item)
  }
  return headers
}

function bodyToCbor(body: JsonObject, entry: CompactType | undefined): CborValue {
  const dense = entry?.body?.toCbor(body)
  if (dense === undefined) return jsonToCbor(body, 1)
  if (isMap(dense)) throw new TypeError(`"types" has a body codec for ${entry?.type} that gives a map`)
  return dense
}

function isMap(value: CborValue): boolean {
  if (typeof value !== 'object' || value === null) return false
  return !(value instanceof Uint8Array || value instanceof Tagged || Array.isArray(value))
}

/**
 * Parses a compact plaintext. `serializeCompact` says what it is made of; of the choices that it leaves open, every one is read.
 *
 * @param options.id The id of a message that brings none.
 * @throws DidCommError `ERR_BYTES_MALFORMED` for what is no deterministic CBOR, `ERR_TOO_LARGE`, `ERR_MESSAGE_MALFORMED`
 */
export function parseCompact(bytes: Uint8Array, options: CompactOptions & { id: string }): Message {
  const { types, implied, id } = options
  const headers = headersOf(decodeCbor(bytes))
  const entry = entryOf(headers.get(TYPE), types)
  const message: JsonObject = { id, type: entry.type }
  if (implied.from !== undefined) message['from'] = implied.from
  if (implied.to !== undefined) message['to'] = [implied.to]
  for (const [label, item] of headers) {
    if (label === TYPE) continue
    message[nameOf(label)] = label === BODY ? bodyFromCbor(item, entry) : headerFromCbor(label, item)
  }
  return checkMessage(message)
}

function headersOf(value: CborValue): ReadonlyMap<CborValue, CborValue> {
  if (value instanceof Map) return value
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) {
    throw malformed('a compact plaintext that is neither a map nor an array of 2 or 3')
  }
  return new Map([TYPE, BODY, CREATED_TIME].slice(0, value.length).map((label, index) => [label, value[index]]))
}

/** Finds what is known about a type; a URI without a number is known by itself. */
function entryOf(item: CborValue, types: TypeRegistry): Pick<CompactType, 'type' | 'body'> {
  if (typeof item === 'string') return types.byType(item) ?? { type: item }
  const entry = typeof item === 'number' ? types.byCode(item) : undefined
  if (!entry) throw malformed('a compact plaintext whose type is not known here')
  return entry
}

function nameOf(label: CborValue): string {
  if (typeof label !== 'string') {
    const name = NAMES.get(label)
    if (name === undefined) throw malformed('a header with a number that is not known here')
    return name
  }
  if (LABELS.has(label) || label === 'typ') throw malformed(`the header "${label}" as text`)
  return nameToCbor(label)
}

function bodyFromCbor(item: CborValue, entry: Pick<CompactType, 'body'>): Json {
  return item instanceof Map || !entry.body ? jsonFromCbor(item) : entry.body.fromCbor(item)
}

function headerFromCbor(label: CborValue, item: CborValue): Json {
  const isAttachments = label === LABELS.get('attachments') && Array.isArray(item)
  return isAttachments ? item.map(attachmentFromCbor) : jsonFromCbor(item)
}
