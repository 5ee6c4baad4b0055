import { DidCommError } from '../errors.ts'
import { decodeUtf8 } from './utf8.ts'

/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json | undefined }

/** A JSON object. */
export interface JsonObject {
  [name: string]: Json | undefined
}

/** Tells a JSON object from the other values. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export interface JsonLimits {
  /** Default: 1 MiB. */
  maxBytes?: number
  /** How deep objects and arrays may lie in each other. Default: 32. */
  maxDepth?: number
  /** How many values there may be in all. Default: 65,536. */
  maxItems?: number
}

/**
 * Parses JSON from a stranger (RFC 8259, within I-JSON, RFC 7493): UTF-8 only, no lone surrogates, no number beyond the
 * range of doubles, no name twice in an object and none that reaches a prototype. So all that it returns, down to the
 * depth of CBOR, has a form there that gives the same value back.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`, `ERR_TOO_LARGE`
 */
export function parseJson(input: Uint8Array | string, limits: JsonLimits = {}): Json {
  const { maxBytes = 1 << 20, maxDepth = 32, maxItems = 1 << 16 } = limits
  if (input.length > maxBytes) throw new DidCommError('ERR_TOO_LARGE', `more than ${maxBytes} bytes of JSON`)
  const text = typeof input === 'string' ? input : decodeUtf8(input)
  const names = scan(text, maxDepth, maxItems)
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    // The engine's message quotes the text, which may be plaintext.
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the text is not JSON')
  }
  if (count(value) !== names) throw new DidCommError('ERR_BYTES_MALFORMED', 'a JSON object has a name twice')
  // Bytes that are UTF-8 can have one only as an escape.
  if ((typeof input === 'string' || /\\ud[89a-f]/i.test(text)) && hasLoneSurrogate(value)) {
    throw new DidCommError('ERR_BYTES_MALFORMED', 'a JSON string has a lone surrogate')
  }
  return value
}

/**
 * Counts the names of all objects, outside of strings, before anything is built.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED` where the nesting is too deep, `ERR_TOO_LARGE`
 */
function scan(text: string, maxDepth: number, maxItems: number): number {
  let names = 0
  let items = 1
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i)
        break
      case 0x2c: // ,
        items += 1
        break
      case 0x3a: // :
        names += 1
        break
      case 0x7b: // {
      case 0x5b: // [
        items += 1
        depth += 1
        if (depth > maxDepth) throw new DidCommError('ERR_BYTES_MALFORMED', `JSON nested deeper than ${maxDepth}`)
        break
      case 0x7d: // }
      case 0x5d: // ]
        depth -= 1
        break
    }
  }
  if (items > maxItems) throw new DidCommError('ERR_TOO_LARGE', `JSON of more than ${maxItems} values`)
  return names
}

/** Returns the offset of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  // A search by the host passes a ciphertext much faster than a look at each character.
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1
    if (backslashes % 2 === 0) return quote
  }
  return text.length
}

/** Counts the names that survived parsing: of two that are equal, one does. */
function count(value: Json | undefined): number {
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
    throw new DidCommError('ERR_BYTES_MALFORMED', 'a JSON number is out of range')
  }
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + count(item), 0)
  let names = 0
  for (const name of Object.keys(value)) {
    if (name === '__proto__') throw new DidCommError('ERR_BYTES_MALFORMED', 'a JSON object has the name __proto__')
    names += 1 + count(value[name])
  }
  return names
}

function hasLoneSurrogate(value: Json | undefined): boolean {
  if (typeof value === 'string') return /\p{Surrogate}/u.test(value)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, item]) => hasLoneSurrogate(name) || hasLoneSurrogate(item))
}
