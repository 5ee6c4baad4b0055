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

/**
 * What reading can be told to let pass. `map-order`: maps in any order, for messages of programs that do not write deterministic CBOR, which
 * RFC 9052 does not ask for (what was authenticated is never encoded anew). `untagged`: a structure without its tag, where the
 * application says what it is (RFC 9052 §2). `unprotected-alg`: an algorithm that nothing authenticates, as two published examples have it.
 */
export type CoseLeniency = 'map-order' | 'untagged' | 'unprotected-alg'

export interface CoseReadOptions {
  /** Default: nothing. */
  readonly allow?: readonly CoseLeniency[]
}

/** @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function decodeStructure(bytes: Uint8Array, what: string, anyMapOrder = false): CborValue {
  try {
    return decodeCbor(bytes, { maxBytes: bytes.length, maxDepth, anyMapOrder })
  } catch (cause) {
    if (!isDidCommError(cause)) throw cause
    throw malformed(`${what} is not deterministic CBOR`, cause)
  }
}

/**
 * Reads the parts of a tagged structure.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED` for another tag
 */
export function taggedParts(
  bytes: Uint8Array,
  { tag, length }: { readonly tag: number; readonly length: number },
  options: CoseReadOptions,
): readonly CborValue[] {
  const envelope = decodeStructure(bytes, 'the envelope', options.allow?.includes('map-order'))
  if (!(envelope instanceof Tagged)) {
    if (options.allow?.includes('untagged')) return partsOf(envelope, length)
    throw malformed('the envelope has no tag')
  }
  if (envelope.tag !== tag) throw unsupported(`the tag of the envelope is not ${tag}`)
  return partsOf(envelope.value, length)
}

/** @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function partsOf(value: CborValue, length: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length !== length) throw malformed(`a structure is no array of ${length}`)
  return value
}

/** Reads both headers of a layer. @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED` */
export function readLayer(protectedHeader: CborValue, unprotected: CborValue, options: CoseReadOptions): CoseLayer {
  const bytes = bytesOf(protectedHeader, 'the protected header')
  const protectedMap = readMap(
    bytes.length === 0
      ? new Map()
      : decodeStructure(bytes, 'the protected header', options.allow?.includes('map-order')),
  )
  const unprotectedMap = readMap(unprotected)
  for (const label of protectedMap.keys()) {
    if (unprotectedMap.has(label)) throw malformed('a label is in both headers')
  }
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

/**
 * Reads the algorithm of a signature or of a content encryption, which RFC 9052 §3.1 wants authenticated. Recipients are
 * another matter: what wraps keys authenticates nothing beside them.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`
 */
export function protectedAlg(layer: CoseLayer, { allow }: CoseReadOptions): CborValue {
  if (layer.unprotectedMap.has(ALG) && !allow?.includes('unprotected-alg')) throw malformed('"alg" is not protected')
  return headerOf(layer, ALG)
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
