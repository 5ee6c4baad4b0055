import {
  type CborValue,
  decodeCbor,
  encodeCbor,
  encodeHex,
  encodeUtf8,
  isJsonObject,
  parseJson,
} from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { isDidCommError } from '../errors.ts'
import { PROBLEM_REPORT } from './problem.ts'

/**
 * Problem reports about envelopes that could not be opened (`docs/compact-envelope.md`, "Hints"). They are in the clear and from nobody:
 * whoever gets one does no more for it than say a message again that it has just said.
 */
export interface Hint {
  readonly code: string
  /** `digestOf` the envelope. */
  readonly digest: string
}

/** Asks for the DID in full, because the envelope could not be opened as it was. */
export const LONG_FORM_NEEDED = 'e.p.did.long-form-needed'
/** Asks for JSON, because the encoding is not known. */
export const ENCODING_UNSUPPORTED = 'e.p.msg.encoding-unsupported'

/** No encrypted envelope in JSON is as short: longer packets need not be looked at. */
const MAX_HINT_BYTES = 512
/** A CBOR map of three. */
const FIRST_BYTE = 0xa3
const OBJECT = 0x7b
const [TYPE, BODY, PTHID] = [2, 6, 9]

/** Names an envelope: the first 16 bytes of its SHA-256, in hexadecimal. */
export function digestOf(envelope: Uint8Array, crypto: Pick<Crypto, 'sha256'>): string {
  return encodeHex(crypto.sha256(envelope).subarray(0, 16))
}

/** Writes a hint in the encoding of the envelope, or in JSON where that is the encoding that it asks for. */
export function writeHint({ code, digest }: Hint, envelope: Uint8Array): Uint8Array {
  if (envelope[0] === OBJECT || code === ENCODING_UNSUPPORTED) {
    return encodeUtf8(JSON.stringify({ id: digest, type: PROBLEM_REPORT, pthid: digest, body: { code } }))
  }
  const entries: [CborValue, CborValue][] = [
    [TYPE, PROBLEM_REPORT],
    [BODY, new Map<CborValue, CborValue>([['code', code]])],
    [PTHID, digest],
  ]
  return encodeCbor(new Map(entries))
}

/** Reads a hint; `undefined` for anything else. */
export function readHint(bytes: Uint8Array): Hint | undefined {
  if (bytes.length > MAX_HINT_BYTES || (bytes[0] !== OBJECT && bytes[0] !== FIRST_BYTE)) return undefined
  try {
    const { type, code, digest } = bytes[0] === OBJECT ? fromJson(bytes) : fromCbor(bytes)
    if (type !== PROBLEM_REPORT || typeof digest !== 'string') return undefined
    return code === LONG_FORM_NEEDED || code === ENCODING_UNSUPPORTED ? { code, digest } : undefined
  } catch (error) {
    if (isDidCommError(error)) return undefined
    throw error
  }
}

interface Members {
  readonly type?: unknown
  readonly code?: unknown
  readonly digest?: unknown
}

function fromJson(bytes: Uint8Array): Members {
  const message = parseJson(bytes, { maxDepth: 4 })
  if (!isJsonObject(message) || !isJsonObject(message['body'])) return {}
  const { type, pthid, body } = message
  return { type, code: body['code'], digest: pthid }
}

function fromCbor(bytes: Uint8Array): Members {
  const message = decodeCbor(bytes)
  const body = message instanceof Map ? message.get(BODY) : undefined
  if (!(message instanceof Map) || !(body instanceof Map)) return {}
  return { type: message.get(TYPE), code: body.get('code'), digest: message.get(PTHID) }
}
