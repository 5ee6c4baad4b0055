import { DidCommError } from '../errors.ts'
import { decodeUtf8 } from './utf8.ts'

/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json | undefined }

/** A JSON object. */
export interface JsonObject {
  [name: string]: Json | undefined
}

export interface JsonLimits {
  /** Default: 1 MiB. */
  maxBytes?: number
  /** How deep objects and arrays may lie in each other. Default: 32. */
  maxDepth?: number
}

/**
 * Parses JSON (RFC 8259) from a stranger: within limits, UTF-8 only, with no name twice in an object and none that
 * reaches a prototype.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`, `ERR_TOO_LARGE`
 */
export function parseJson(input: Uint8Array | string, limits: JsonLimits = {}): Json {
  const { maxBytes = 1 << 20, maxDepth = 32 } = limits
  if (input.length > maxBytes) throw new DidCommError('ERR_TOO_LARGE', `more than ${maxBytes} bytes of JSON`)
  const text = typeof input === 'string' ? input : decodeUtf8(input)
  const names = scan(text, maxDepth)
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    // The engine's message quotes the text, which may be plaintext.
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the text is not JSON')
  }
  if (count(value) !== names) throw new DidCommError('ERR_BYTES_MALFORMED', 'a JSON object has a name twice')
  return value
}

/**
 * Counts the names of all objects, outside of strings, before anything is built.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED` where the nesting is too deep
 */
function scan(text: string, maxDepth: number): number {
  let names = 0
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i)
        break
      case 0x3a: // :
        names += 1
        break
      case 0x7b: // {
      case 0x5b: // [
        depth += 1
        if (depth > maxDepth) throw new DidCommError('ERR_BYTES_MALFORMED', `JSON nested deeper than ${maxDepth}`)
        break
      case 0x7d: // }
      case 0x5d: // ]
        depth -= 1
        break
    }
  }
  return names
}

/** Returns the offset of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x5c) i += 1
    else if (code === 0x22) return i
  }
  return text.length
}

/** Counts the names that survived parsing: of two that are equal, one does. */
function count(value: Json | undefined): number {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + count(item), 0)
  let names = 0
  for (const name of Object.keys(value)) {
    if (name === '__proto__') throw new DidCommError('ERR_BYTES_MALFORMED', 'a JSON object has the name __proto__')
    names += 1 + count(value[name])
  }
  return names
}
