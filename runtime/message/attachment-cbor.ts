import { type CborValue, decodeBase64url, encodeBase64url } from '../bytes/index.ts'
import { jsonFromCbor, jsonToCbor } from './json-cbor.ts'
import type { Json } from './message.ts'

/** Attachments in CBOR (DIDComm v2.1, "Attachments"), whose `data.base64` is a byte string where it is canonical base64url. */

export function attachmentToCbor(attachment: unknown): CborValue {
  const map = jsonToCbor(attachment, 2)
  const data = map instanceof Map ? map.get('data') : undefined
  if (data instanceof Map) {
    const base64 = data.get('base64')
    const bytes = typeof base64 === 'string' ? bytesOf(base64) : undefined
    if (bytes) data.set('base64', bytes)
  }
  return map
}

/** Returns the bytes of canonical base64url, or `undefined` for any other text. */
function bytesOf(text: string): Uint8Array | undefined {
  try {
    return decodeBase64url(text)
  } catch {
    return undefined
  }
}

/** @throws DidCommError `ERR_MESSAGE_MALFORMED` */
export function attachmentFromCbor(attachment: CborValue): Json {
  const data = attachment instanceof Map ? attachment.get('data') : undefined
  if (attachment instanceof Map && data instanceof Map) {
    const base64 = data.get('base64')
    if (base64 instanceof Uint8Array) {
      const text = new Map(data).set('base64', encodeBase64url(base64))
      return jsonFromCbor(new Map(attachment).set('data', text))
    }
  }
  return jsonFromCbor(attachment)
}
