/** The parts of a message type URI (DIDComm v2.1, "Message Type URI"). */
export interface TypeUri {
  /** Where the protocol is documented, with the delimiter that follows: `https://didcomm.org/`. */
  docUri: string
  /** The name of the protocol, as it was written. */
  protocol: string
  major: number
  minor: number
  /** The name of the message, as it was written. */
  message: string
}

const NAME = /^[a-z0-9._-]+$/i
const VERSION = /^(\d{1,9})(?:\.(\d{1,9}))?(?:\D.*)?$/
/** URIs are ASCII without spaces (RFC 3986 §2). */
const VISIBLE_ASCII = /^[!-~]*$/

/**
 * Takes a message type URI apart, or returns `undefined` where it is none. It reads what the regular expression of
 * DIDComm v2.1 ("Message Type URI") reads, in either case, and from the end, so that no text takes more than one pass.
 *
 * @example
 * import { parseTypeUri } from 'didcomm-mote/message'
 *
 * parseTypeUri('https://didcomm.org/trust-ping/2.0/ping')
 * // { docUri: 'https://didcomm.org/', protocol: 'trust-ping', major: 2, minor: 0, message: 'ping' }
 */
export function parseTypeUri(type: string): TypeUri | undefined {
  const afterVersion = type.lastIndexOf('/')
  const afterProtocol = type.lastIndexOf('/', afterVersion - 1)
  if (afterVersion < 1 || afterProtocol < 1 || !VISIBLE_ASCII.test(type)) return undefined
  const message = type.slice(afterVersion + 1)
  const version = VERSION.exec(type.slice(afterProtocol + 1, afterVersion))
  let start = afterProtocol
  while (start > 0 && NAME.test(type.charAt(start - 1))) start -= 1
  if (!NAME.test(message) || !version || start === afterProtocol) return undefined
  return {
    docUri: type.slice(0, start),
    protocol: type.slice(start, afterProtocol),
    major: Number(version[1]),
    minor: Number(version[2] ?? 0),
    message,
  }
}

/**
 * Makes the key by which message types are compared (DIDComm v2.1, "Message Type URI", "Semver Rules"): the document
 * URI as it is, the names of protocol and message without case and punctuation, and the major version alone. Two types
 * with the same key are handled by the same code.
 *
 * Throws a `TypeError` for what is no message type URI.
 */
export function typeKey(type: string): string {
  const uri = parseTypeUri(type)
  if (!uri) throw new TypeError(`"type" expected a message type URI, got ${JSON.stringify(type)}`)
  return `${uri.docUri}${plainName(uri.protocol)}/${uri.major}/${plainName(uri.message)}`
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[._-]/g, '')
}
