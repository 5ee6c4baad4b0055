/** A plaintext message (DIDComm v2.1, "DIDComm Plaintext Messages"). */
export const PLAIN = 'application/didcomm-plain+json'
/** A signed message (DIDComm v2.1, "DIDComm Signed Messages"). */
export const SIGNED = 'application/didcomm-signed+json'
/** An encrypted message (DIDComm v2.1, "DIDComm Encrypted Messages"). */
export const ENCRYPTED = 'application/didcomm-encrypted+json'

/**
 * Brings a media type to the form of the constants above: lower case, without parameters, and with `application/` where
 * the sender left it out (DIDComm v2.1, "IANA Media Types").
 *
 * @example
 * import { canonicalMediaType } from 'didcomm-mote/message'
 *
 * canonicalMediaType('didcomm-plain+json; charset=utf-8') // 'application/didcomm-plain+json'
 */
export function canonicalMediaType(text: string): string {
  const end = text.indexOf(';')
  const name = (end < 0 ? text : text.slice(0, end)).trim().toLowerCase()
  return name.includes('/') ? name : `application/${name}`
}
