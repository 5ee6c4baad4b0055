import { type CborValue, decodeCbor, encodeCbor, Tagged } from '../../bytes/index.ts'
import { DidCommError, isDidCommError } from '../../errors.ts'
import { ALG, CRIT, KID } from './labels.ts'

/** A header map, decoded. */
export type CoseHeaders = ReadonlyMap<CborValue, CborValue>

/** The headers of one layer (RFC 9052 §3). No label is in both maps. */
export interface CoseLayer {
  /** The protected header as it was received and is authenticated: empty where it has no parameters (RFC 9052 §3). */
  readonly protectedHeader: Uint8Array
  readonly protectedMap: CoseHeaders
  readonly unprotectedMap: CoseHeaders
}

/** The longest `kid` or `psk_id` that is read. */
export const maxIdBytes = 9216
/** A tag, an array, the recipients, one of them, its headers, a key in them. */
const maxDepth = 8

/** Encodes a protected header; without parameters it is the empty byte string (RFC 9052 §3). */
export function protectedBytes(headers: CoseHeaders): Uint8Array {
  return headers.size === 0 ? new Uint8Array(0) : encodeCbor(headers)
}

/** Decodes what is written here. @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function strictCbor(bytes: Uint8Array, what: string): CborValue {
  try {
    return decodeCbor(bytes, { maxBytes: bytes.length, maxDepth })
  } catch (cause) {
    if (!isDidCommError(cause)) throw cause
    throw malformed(`${what} is not deterministic CBOR`, cause)
  }
}

/**
 * Reads the 4 parts of a tagged structure.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED` for another tag
 */
export function taggedParts(bytes: Uint8Array, tag: number): readonly CborValue[] {
  const envelope = strictCbor(bytes, 'the envelope')
  if (!(envelope instanceof Tagged)) throw malformed('the envelope has no tag')
  if (envelope.tag !== tag) throw unsupported(`the tag of the envelope is not ${tag}`)
  return partsOf(envelope.value, 4)
}

/** @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function partsOf(value: CborValue, length: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length !== length) throw malformed(`a structure is no array of ${length}`)
  return value
}

/** Reads both headers of a layer. @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED` */
export function readLayer(protectedHeader: CborValue, unprotected: CborValue): CoseLayer {
  const bytes = bytesOf(protectedHeader, 'the protected header')
  const protectedMap = readMap(bytes.length === 0 ? new Map() : strictCbor(bytes, 'the protected header'))
  const unprotectedMap = readMap(unprotected)
  for (const label of protectedMap.keys()) {
    if (unprotectedMap.has(label)) throw malformed('a label is in both headers')
  }
  // RFC 9052 §3.1 wants it authenticated where it can be.
  if (unprotectedMap.has(ALG)) throw malformed('"alg" is not protected')
  return { protectedHeader: protectedMap.size === 0 ? new Uint8Array(0) : bytes, protectedMap, unprotectedMap }
}

function readMap(map: CborValue): CoseHeaders {
  if (!(map instanceof Map)) throw malformed('a header is no map')
  for (const label of map.keys()) {
    if (typeof label !== 'string' && !Number.isSafeInteger(label)) throw malformed('a header has a label that is none')
  }
  // RFC 9052 §3.1: what is critical and not understood must not be passed over, and nothing beyond these files is.
  if (map.has(CRIT)) throw unsupported('"crit" is not supported')
  return map
}

/** Checks that a header is a map that holds nothing but `labels`. @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function headerMap(value: CborValue | CoseHeaders | undefined, labels: readonly number[]): CoseHeaders {
  if (!(value instanceof Map)) throw malformed('a header is no map')
  for (const label of value.keys()) {
    if (typeof label !== 'number' || !labels.includes(label)) throw malformed('a header has an unknown label')
  }
  return value
}

/** The value of a parameter that may be in either header. */
export function headerOf({ protectedMap, unprotectedMap }: CoseLayer, label: number): CborValue {
  return protectedMap.has(label) ? protectedMap.get(label) : unprotectedMap.get(label)
}

/** Reads an identifier. @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function idOf(value: CborValue | undefined, what: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length === 0 || value.length > maxIdBytes) {
    throw malformed(`"${what}" is missing, no byte string, empty, or longer than ${maxIdBytes}`)
  }
  return value
}

/** Reads the `kid` of a layer, which may be absent. @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function optionalKid(layer: CoseLayer): { kid?: Uint8Array } {
  const kid = headerOf(layer, KID)
  return kid === undefined ? {} : { kid: idOf(kid, 'kid') }
}

/** @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function bytesOf(value: CborValue, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw malformed(`${what} is no byte string`)
  return value
}

export function malformed(what: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_ENVELOPE_MALFORMED', what, cause === undefined ? undefined : { cause })
}

export function unsupported(what: string): DidCommError {
  return new DidCommError('ERR_ENVELOPE_UNSUPPORTED', what)
}
