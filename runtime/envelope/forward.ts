import { decodeBase64, encodeBase64url, encodeHex, encodeUtf8, parseJson } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import type { Attachment, AttachmentData, Json, Message } from '../message/message.ts'
import type { EnvelopeContext, ForwardOptions, Packed } from './envelope.ts'
import { maxKidLength } from './jose.ts'
import type { Enc } from './jwe/algorithms.ts'
import { packJson } from './pack-json.ts'

/** DIDComm v2.1, "Routing Protocol 2.0". */
export const forwardType = 'https://didcomm.org/routing/2.0/forward'

/** The most mediators that one message is wrapped for: the list comes from the DID document of somebody else. */
export const maxRoutingKeys = 8
/** The most envelopes that are taken from one forward message. */
export const maxForwardedPayloads = 64

/**
 * Wraps a packed envelope for its way over mediators: one anoncrypted `forward` message for each of `routingKeys`, the
 * last one innermost (DIDComm v2.1, "Sender Process to Enable Forwarding").
 *
 * @throws DidCommError `ERR_DID_NOT_FOUND`, `ERR_DID_UNUSABLE`, `ERR_KEY_INVALID`
 */
export async function wrapForward(
  envelope: Uint8Array,
  { next, routingKeys, enc, expiresTime, delayMs }: ForwardOptions & { readonly enc?: Enc },
  context: EnvelopeContext,
): Promise<Packed> {
  if (routingKeys.length === 0) throw new RangeError('"routingKeys" expected at least one key')
  if (routingKeys.length > maxRoutingKeys) {
    throw new DidCommError('ERR_DID_UNUSABLE', `more than ${maxRoutingKeys} routing keys`)
  }
  let packed: Packed | undefined
  let hop = next
  for (const routingKey of [...routingKeys].reverse()) {
    const message: Message = {
      id: encodeHex(context.randomBytes(16)),
      type: forwardType,
      body: { next: hop },
      attachments: [attachmentOf(packed?.bytes ?? envelope)],
      ...(expiresTime !== undefined && { expires_time: expiresTime }),
      ...(delayMs !== undefined && { delay_milli: delayMs }),
    }
    packed = await packJson(message, { to: routingKey, ...(enc === undefined ? {} : { enc }) }, context)
    hop = routingKey
  }
  if (!packed) throw new RangeError('"routingKeys" expected at least one key')
  return packed
}

/**
 * Takes the envelopes out of a `forward` message, to be sent to `next`. Each attachment is an envelope of its own.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`
 */
export function unwrapForward(message: Message): { next: string; payloads: Uint8Array[] } {
  const { next } = message.body
  if (message.type !== forwardType) throw malformed('this is no forward message')
  if (typeof next !== 'string' || !next.startsWith('did:') || next.length > maxKidLength) {
    throw malformed('"next" is missing or no DID')
  }
  const attachments = message.attachments ?? []
  if (attachments.length === 0 || attachments.length > maxForwardedPayloads) {
    throw malformed(`"attachments" expected 1 to ${maxForwardedPayloads} entries`)
  }
  return { next, payloads: attachments.map(({ data }) => payloadOf(data)) }
}

/** JSON travels as JSON, which all implementations take; anything else in base64url. */
function attachmentOf(envelope: Uint8Array): Attachment {
  if (envelope[0] === 0x7b) return { id: '1', data: { json: parseJson(envelope, { maxBytes: envelope.length }) } }
  return { id: '1', data: { base64: encodeBase64url(envelope) } }
}

function payloadOf(data: AttachmentData): Uint8Array {
  if (data.json !== undefined) return encodeUtf8(JSON.stringify(jsonObject(data.json)))
  if (typeof data.base64 !== 'string') throw malformed('an attachment has neither "json" nor "base64"')
  try {
    return decodeBase64(data.base64)
  } catch (cause) {
    throw malformed('an attachment is not base64', cause)
  }
}

function jsonObject(json: Json): Json {
  // An envelope in JSON is an object; text or a list under "json" would be sent on as something else.
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed('an attachment is no envelope')
  return json
}

function malformed(what: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what, cause === undefined ? undefined : { cause })
}
