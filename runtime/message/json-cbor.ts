import type { CborValue } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import type { Json, JsonObject } from './message.ts'

/** What `decodeCbor` reads by default: a message that is nested deeper could be sent, but not received. */
const MAX_DEPTH = 16

/** Half of a surrogate pair. JSON can spell it as `\ud800`; UTF-8, and with it CBOR, cannot. */
const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * Turns a JSON value into the CBOR value with the same content, so that `jsonFromCbor` gives it back. Members that are
 * `undefined` are left out, as in JSON; -0 becomes 0, which JavaScript's JSON does as well.
 *
 * Throws a `TypeError` for what is no JSON at all.
 *
 * @param depth How many arrays and maps lie around the value.
 * @throws DidCommError `ERR_MESSAGE_MALFORMED` for JSON that CBOR text cannot carry, or nested too deep
 */
export function jsonToCbor(value: unknown, depth: number): CborValue {
  if (depth > MAX_DEPTH) throw malformed(`the message is nested deeper than ${MAX_DEPTH}`)
  switch (typeof value) {
    case 'boolean':
      return value
    case 'string':
      return textToCbor(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`"message" expected JSON, got ${value}`)
      return value + 0
    case 'object':
      if (value === null) return null
      if (Array.isArray(value)) return value.map((item) => jsonToCbor(item, depth + 1))
      return objectToCbor(value, depth)
    default:
      throw new TypeError(`"message" expected JSON, got ${typeof value}`)
  }
}

function objectToCbor(value: object, depth: number): CborValue {
  const map = new Map<CborValue, CborValue>()
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) map.set(nameToCbor(name), jsonToCbor(member, depth + 1))
  }
  return map
}

/**
 * Returns `text` if CBOR can carry it.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`
 */
export function textToCbor(text: string): string {
  if (LONE_SURROGATE.test(text)) throw malformed('a text with half of a surrogate pair')
  return text
}

/**
 * Returns the name of a member if it may be one. `__proto__` may not: a program that copies members one by one would
 * change a prototype instead. `parseJson` refuses it for the same reason.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`
 */
export function nameToCbor(name: string): string {
  if (name === '__proto__') throw malformed('a member with the name __proto__')
  return textToCbor(name)
}

/**
 * Turns a CBOR value into the JSON value with the same content.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED` for what JSON has no form of: byte strings, tags, `undefined`, NaN and
 * infinities, integers beyond 2^53 - 1, map keys that are no text; and for the name `__proto__`
 */
export function jsonFromCbor(value: CborValue): Json {
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw malformed('a number that JSON cannot carry')
      return value + 0
    case 'object':
      if (value === null) return null
      if (Array.isArray(value)) return value.map(jsonFromCbor)
      if (value instanceof Map) return objectFromCbor(value)
  }
  throw malformed('CBOR data that JSON cannot carry')
}

function objectFromCbor(map: ReadonlyMap<CborValue, CborValue>): JsonObject {
  const object: JsonObject = {}
  for (const [name, value] of map) {
    if (typeof name !== 'string') throw malformed('a map key that is no text')
    object[nameToCbor(name)] = jsonFromCbor(value)
  }
  return object
}

export function malformed(what: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what, cause === undefined ? undefined : { cause })
}
