import { type CborValue, decodeCbor, encodeCbor } from '../bytes/index.ts'
import { attachmentFromCbor, attachmentToCbor } from './attachment-cbor.ts'
import { checkMessage } from './check.ts'
import { jsonFromCbor, jsonToCbor, malformed, nameToCbor } from './json-cbor.ts'
import { canonicalMediaType } from './media-types.ts'
import type { Json, JsonObject, Message } from './message.ts'

/** A plaintext message of the proposed profile `didcomm/v2+cbor`. */
export const PLAIN_CBOR = 'application/didcomm-plain+cbor'

/** Where the bytes of an attachment are: in `data.binary`, as the profile has it, or in `data.cbor`, as its known implementation reads it. */
export type AttachmentMember = 'binary' | 'cbor'

/**
 * Serializes a message as CBOR with the same names as in JSON (`didcomm/v2+cbor`): always with a `body`, with its media type in
 * `typ`, and with the bytes of attachments as bytes. Deterministic (RFC 8949 §4.2.1), at most 16 deep.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED` for JSON that CBOR cannot carry
 */
export function serializeCborMessage(message: Message, member: AttachmentMember = 'binary'): Uint8Array {
  const map = new Map<CborValue, CborValue>([['typ', PLAIN_CBOR]])
  for (const [name, value] of Object.entries({ ...message, body: message.body ?? {} })) {
    if (value === undefined || name === 'typ') continue
    const isAttachments = name === 'attachments' && Array.isArray(value)
    map.set(nameToCbor(name), isAttachments ? value.map((item) => bytesIn(item, member)) : jsonToCbor(value, 1))
  }
  return encodeCbor(map)
}

function bytesIn(attachment: unknown, member: AttachmentMember): CborValue {
  const map = attachmentToCbor(attachment)
  const data = map instanceof Map ? map.get('data') : undefined
  if (data instanceof Map && data.get('base64') instanceof Uint8Array) {
    data.set(member, data.get('base64'))
    data.delete('base64')
  }
  return map
}

/**
 * Parses a message in CBOR, with map keys in any order, as the known implementation writes them. Bytes of attachments become
 * `data.base64`; bytes elsewhere are nothing that a message holds. `typ` goes: it is that of the encoding.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`, `ERR_TOO_LARGE`, `ERR_MESSAGE_MALFORMED`
 */
export function parseCborMessage(bytes: Uint8Array): Message {
  const map = decodeCbor(bytes, { maxBytes: bytes.length, anyMapOrder: true })
  if (!(map instanceof Map)) throw malformed('a message that is no map')
  const message: JsonObject = {}
  for (const [name, value] of map) {
    if (typeof name !== 'string') throw malformed('a map key that is no text')
    if (name === 'typ') expectTyp(value)
    else message[nameToCbor(name)] = memberFromCbor(name, value)
  }
  return checkMessage(message)
}

function memberFromCbor(name: string, value: CborValue): Json {
  const isAttachments = name === 'attachments' && Array.isArray(value)
  return isAttachments ? value.map((item) => attachmentFromCbor(bytesOut(item))) : jsonFromCbor(value)
}

/** Puts the bytes of an attachment where the encodings have them in common. */
function bytesOut(attachment: CborValue): CborValue {
  const data = attachment instanceof Map ? attachment.get('data') : undefined
  if (!(attachment instanceof Map) || !(data instanceof Map)) return attachment
  const common = new Map(data)
  for (const member of ['binary', 'cbor'] satisfies AttachmentMember[]) {
    const bytes = common.get(member)
    if (!(bytes instanceof Uint8Array)) continue
    if (common.has('base64')) throw malformed('an attachment with its bytes twice')
    common.set('base64', bytes)
    common.delete(member)
  }
  return new Map(attachment).set('data', common)
}

function expectTyp(typ: CborValue): void {
  if (typeof typ !== 'string' || canonicalMediaType(typ) !== PLAIN_CBOR) throw malformed(`"typ" expected ${PLAIN_CBOR}`)
}
