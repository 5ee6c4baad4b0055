import { decodeBase64url, parseJson } from '../bytes/index.ts'
import { DidCommError, isDidCommError } from '../errors.ts'

/** What JWE and JWS have in common: members of JSON objects that came from outside, read strictly. */

/** A JSON object as it came in: nothing is known of its members. */
export type Members = { readonly [name: string]: unknown }

/** The longest key id that is read, in characters: the longest DID that is made here, and a fragment. */
export const maxKidLength = 9216
/** The longest protected header that is read, in characters of base64url. */
export const maxHeaderLength = 49_152
/** How deep the JSON of an envelope may nest; the plaintext inside of it has its own limit. */
export const maxDepth = 8

export function malformed(what: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_ENVELOPE_MALFORMED', what, cause === undefined ? undefined : { cause })
}

export function unsupported(what: string): DidCommError {
  return new DidCommError('ERR_ENVELOPE_UNSUPPORTED', what)
}

/** Parses `bytes` as one JSON object, or takes the object that was parsed already. */
export function envelopeMembers(input: Uint8Array | Members): Members {
  if (!(input instanceof Uint8Array)) return input
  return jsonMembers(input, 'the envelope')
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads a base64url string member into bytes. */
export function bytesMember(members: Members, name: string): Uint8Array {
  const text = members[name]
  if (typeof text !== 'string') throw malformed(`"${name}" is missing or no string`)
  try {
    return decodeBase64url(text)
  } catch (cause) {
    throw malformed(`"${name}" is not base64url`, cause)
  }
}

/** Reads a string member that may be absent. Some implementations write `null` where they mean absent. */
export function optionalText(members: Members, name: string): string | undefined {
  const value = members[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw malformed(`"${name}" is no string`)
  return value
}

/** Reads a key id. */
export function kidMember(members: Members, name: string): string {
  const kid = members[name]
  if (typeof kid !== 'string' || kid.length === 0 || kid.length > maxKidLength) {
    throw malformed(`"${name}" is missing, no string, or longer than ${maxKidLength}`)
  }
  return kid
}

/** Reads the protected header: the text as it came, which is what is authenticated, and its members. */
export function protectedMember(members: Members): { text: string; header: Members } {
  const text = members['protected']
  if (typeof text !== 'string' || text.length > maxHeaderLength) {
    throw malformed(`"protected" is missing, no string, or longer than ${maxHeaderLength}`)
  }
  const header = jsonMembers(bytesMember(members, 'protected'), '"protected"')
  // RFC 7515 §4.1.11: whoever does not understand a critical parameter must reject. None is understood here.
  if (header['crit'] !== undefined) throw unsupported('"crit" names extensions that are not supported')
  return { text, header }
}

/** Rejects header parameters that only count in the protected header, where they are not protected. */
export function forbidMembers(members: Members, where: string, names: readonly string[]): void {
  for (const name of names) {
    if (members[name] !== undefined) throw malformed(`"${name}" is not allowed in ${where}`)
  }
}

function jsonMembers(bytes: Uint8Array, what: string): Members {
  let value: unknown
  try {
    value = parseJson(bytes, { maxDepth })
  } catch (cause) {
    if (!isDidCommError(cause, 'ERR_BYTES_MALFORMED')) throw cause
    throw malformed(`${what} is not strict JSON`, cause)
  }
  if (!isMembers(value)) throw malformed(`${what} is no JSON object`)
  return value
}
