import { Decoder, Encoder, type Options } from 'cbor-x'
import { DidCommError } from 'didcomm-mote'
import type { Json } from 'didcomm-mote/bytes'
import { checkPlainCbor } from './plain-cbor.ts'

/** The largest body that is read, where nobody sets another limit. */
const MAX_BYTES = 65_536

/** cbor-x as plain CBOR: no records, no tags of its own, and maps that are no objects, so that no name can become a prototype. */
const options: Options = {
  useRecords: false,
  variableMapSize: true,
  tagUint8Array: false,
  mapsAsObjects: false,
}
const encoder = /* @__PURE__ */ new Encoder(options)
const decoder = /* @__PURE__ */ new Decoder(options)

/**
 * Reads application data in CBOR, as encoders write it: heads may be longer than they need be, and arrays and maps of indefinite length. Byte strings
 * become base64url text (RFC 8949 §6.1). A name that is there twice counts as its last.
 *
 * @throws DidCommError `ERR_TOO_LARGE`, and `ERR_BYTES_MALFORMED` for what is no CBOR, or has no form in JSON: tags, strings in chunks, `undefined`, numbers that are not
 * finite or beyond 2^53 - 1, names that are no text, `__proto__`
 */
export function decodeBody(bytes: Uint8Array, maxBytes: number = MAX_BYTES): Json {
  if (bytes.length > maxBytes) throw new DidCommError('ERR_TOO_LARGE', `a body of more than ${maxBytes} bytes`)
  checkPlainCbor(bytes)
  return jsonOf(decoder.decode(bytes))
}

/** Writes JSON as CBOR. What is JSON comes back from `decodeBody` as it was, but for -0, which becomes 0. */
export function encodeBody(value: Json): Uint8Array {
  // A copy: the encoder writes into a buffer that it goes on with.
  return Uint8Array.from(encoder.encode(value))
}

function jsonOf(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0
  // Integers of 8 bytes come as bigint where they are large.
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64url')
  if (Array.isArray(value)) return value.map(jsonOf)
  if (value instanceof Map) return objectOf(value)
  throw malformed('data that JSON cannot carry')
}

function objectOf(map: ReadonlyMap<unknown, unknown>): Json {
  const entries = [...map].map(([name, value]): [string, Json] => {
    if (typeof name !== 'string' || name === '__proto__') throw malformed('a name that is no text, or __proto__')
    return [name, jsonOf(value)]
  })
  return Object.fromEntries(entries)
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_BYTES_MALFORMED', `CBOR: ${what}`)
}
