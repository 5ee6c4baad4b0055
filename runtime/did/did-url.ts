import { DidCommError } from '../errors.ts'

/** The longest DID that is read: a did:peer:4 long form holds a whole document. */
export const MAX_DID_CHARACTERS = 8192

/** The longest DID URL: a DID, and room for a path, a query and a fragment. */
const MAX_DID_URL_CHARACTERS = MAX_DID_CHARACTERS + 1024

const DID = /^did:[a-z0-9]+:(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})$/
/** What older libraries left behind the services of a did:peer:2, though DID Core has no room for it: the padding of base64. */
const PEER_2_PADDING = /={1,2}(?=\.S|$)/g
const AFTER_DID = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?#%]*$/
const PEER_4_LONG = /^(did:peer:4zQm[1-9A-HJ-NP-Za-km-z]{44}):z[1-9A-HJ-NP-Za-km-z]+$/

/**
 * Tells whether `text` is a DID (DID Core 1.0 §3.1): no path, query or fragment, and at most 8,192 characters. The services of a did:peer:2 may
 * end with the padding that older libraries wrote.
 */
export function isDid(text: string): boolean {
  if (text.length > MAX_DID_CHARACTERS) return false
  return DID.test(text.startsWith('did:peer:2.') ? text.replace(PEER_2_PADDING, '') : text)
}

/**
 * Returns the DID of a DID URL (DID Core 1.0 §3.2), which may be a DID itself: drops path, query and fragment.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 * @example
 * import { didOf } from 'didcomm-mote/did'
 *
 * didOf('did:example:alice#key-1') // 'did:example:alice'
 */
export function didOf(didUrl: string): string {
  if (didUrl.length > MAX_DID_URL_CHARACTERS) {
    throw new DidCommError('ERR_DID_MALFORMED', `the DID URL is longer than ${MAX_DID_URL_CHARACTERS} characters`)
  }
  const end = didUrl.search(/[/?#]/)
  const did = end < 0 ? didUrl : didUrl.slice(0, end)
  if (!isDid(did) || (end >= 0 && !AFTER_DID.test(didUrl.slice(end)))) {
    throw new DidCommError('ERR_DID_MALFORMED', 'the text is not a DID URL')
  }
  return did
}

/**
 * Returns the name under which two forms of one DID are equal: the short form of a did:peer:4 long form, any other text
 * unchanged. This compares names and proves nothing: that the long form belongs to its hash is checked by resolving it.
 */
export function canonicalDid(did: string): string {
  if (did.length > MAX_DID_CHARACTERS) return did
  return PEER_4_LONG.exec(did)?.[1] ?? did
}

/** Returns the absolute form of a DID URL that may be relative (`#key-1`) to `did` (DID Core 1.0 §3.2.2). */
export function absoluteDidUrl(did: string, reference: string): string {
  return reference.startsWith('#') ? did + reference : reference
}
