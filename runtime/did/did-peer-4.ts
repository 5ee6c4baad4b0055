import { concatBytes, encodeBase58btc, encodeUtf8, type Json, parseJson } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { canonicalDid } from './did-url.ts'
import type { DidDocument, Service, VerificationMethod } from './document.ts'
import { multihashSha256 } from './multihash.ts'
import { decodeBase58 } from './multikey.ts'

const PREFIX = 'did:peer:4'

/** The multicodec of JSON, 0x0200, as a varint. */
const JSON_CODEC = Uint8Array.of(0x80, 0x04)

/** With base58 (log 256 / log 58 = 1.366 characters a byte) and the hash, the long form stays below 8,192 characters. */
const MAX_DOCUMENT_BYTES = 5900

/** The members of a document that hold verification methods. */
const METHOD_LISTS = [
  'verificationMethod',
  'authentication',
  'assertionMethod',
  'keyAgreement',
  'capabilityInvocation',
  'capabilityDelegation',
] as const

type InputMethod = Omit<VerificationMethod, 'controller'> & { controller?: string }

/** A document before it has a DID: without `id`, and with relative ids (`#key-1`). */
export interface InputDocument {
  '@context'?: unknown
  id?: never
  alsoKnownAs?: string[]
  verificationMethod?: InputMethod[]
  authentication?: (string | InputMethod)[]
  assertionMethod?: (string | InputMethod)[]
  keyAgreement?: (string | InputMethod)[]
  capabilityInvocation?: (string | InputMethod)[]
  capabilityDelegation?: (string | InputMethod)[]
  service?: Service[]
  [property: string]: unknown
}

/**
 * Makes the two forms of a did:peer:4: the long form holds the document and is sent to each peer once; the short form is
 * its hash (57 characters), and enough from then on.
 *
 * @throws TypeError where `document` has an `id`
 * @throws RangeError where the document has more than 5,900 bytes: a long form has at most 8,192 characters
 */
export function createDidPeer4(crypto: Crypto, document: InputDocument): { long: string; short: string } {
  if (document.id !== undefined) throw new TypeError('"document" expected no "id": the DID is made from the document')
  const bytes = concatBytes(JSON_CODEC, encodeUtf8(JSON.stringify(document)))
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw new RangeError(`"document" expected at most ${MAX_DOCUMENT_BYTES} bytes of JSON, got ${bytes.length}`)
  }
  const encoded = `z${encodeBase58btc(bytes)}`
  const short = PREFIX + multihashSha256(crypto, encodeUtf8(encoded))
  return { long: `${short}:${encoded}`, short }
}

/**
 * Makes the document of a long form, under the DID `id`: the long or the short form itself.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`, also where the hash is not that of the document
 */
export function resolveDidPeer4(crypto: Crypto, long: string, id: 'long' | 'short'): DidDocument {
  const short = canonicalDid(long)
  if (short === long) throw malformed('the text is not the long form of a did:peer:4')
  const encoded = long.slice(short.length + 1)
  // The hash first: without it, the document is nobody's.
  if (PREFIX + multihashSha256(crypto, encodeUtf8(encoded)) !== short) {
    throw malformed('the hash of a did:peer:4 is not that of its document')
  }
  const [did, otherDid] = id === 'long' ? [long, short] : [short, long]
  return underDid(decodeDocument(encoded), did, otherDid)
}

function decodeDocument(encoded: string): Record<string, Json | undefined> {
  const bytes = decodeBase58(encoded.slice(1))
  if (bytes[0] !== JSON_CODEC[0] || bytes[1] !== JSON_CODEC[1])
    throw malformed('the document of a did:peer:4 is not JSON')
  let document: Json
  try {
    document = parseJson(bytes.subarray(JSON_CODEC.length), { maxDepth: 16 })
  } catch (cause) {
    if (!isDidCommError(cause)) throw cause
    throw malformed('the document of a did:peer:4 is not JSON', cause)
  }
  if (!isObject(document)) throw malformed('the document of a did:peer:4 is not an object')
  return document
}

/** Sets `id`, adds the other form to `alsoKnownAs` and gives methods without a controller to the DID. */
function underDid(input: Record<string, Json | undefined>, did: string, otherDid: string): DidDocument {
  const { alsoKnownAs = [] } = input
  if (!isTextList(alsoKnownAs)) throw malformed('"alsoKnownAs" of a did:peer:4 is not a list of texts')
  const document: DidDocument = { ...input, id: did, alsoKnownAs: [...alsoKnownAs, otherDid] }
  for (const name of METHOD_LISTS) {
    const list = input[name]
    if (list === undefined) continue
    if (!Array.isArray(list)) throw malformed(`"${name}" of a did:peer:4 is not a list`)
    Object.assign(document, { [name]: list.map((entry) => (isObject(entry) ? { controller: did, ...entry } : entry)) })
  }
  return document
}

function isObject(value: Json): value is Record<string, Json | undefined> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTextList(value: Json): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function malformed(message: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_DID_MALFORMED', message, { cause })
}
