import type { Crypto } from '../crypto/crypto.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { isDid } from './did-url.ts'
import type { Curve, DidDocument, DidMethod, VerificationMethod } from './document.ts'
import { decodeMultikey, encodeMultikey } from './multikey.ts'

const PREFIX = 'did:key:'

/** The JSON-LD contexts of documents whose keys are Multikeys. */
export const MULTIKEY_CONTEXT: readonly string[] = [
  'https://www.w3.org/ns/did/v1',
  'https://w3id.org/security/multikey/v1',
]

/**
 * The did:key method: the DID is one public key, and nothing is looked up. An Ed25519 key brings the X25519 key that is
 * derived from it for key agreement (did:key §3.1.3). Points of other curves are checked to be on their curve where `crypto`
 * has it, and else where they are used.
 */
export function didKey(crypto: Crypto): DidMethod {
  return {
    method: 'key',
    async resolve(did) {
      if (!did.startsWith(PREFIX) || !isDid(did))
        throw new DidCommError('ERR_DID_MALFORMED', 'the text is not a did:key')
      return documentOfKey(crypto, did, did.slice(PREFIX.length))
    },
  }
}

/**
 * Makes the document of a DID that is one public key, as did:key and did:peer:0 are.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`, and `ERR_DID_NOT_FOUND` for kinds of keys that are not known here
 */
export function documentOfKey(crypto: Crypto, did: string, multikey: string): DidDocument {
  const { curve, bytes } = decodeOrNotFound(multikey)
  expectPoint(crypto, curve, bytes)
  const key = method(did, multikey)
  const document: DidDocument = { '@context': [...MULTIKEY_CONTEXT], id: did, verificationMethod: [key] }
  if (curve !== 'X25519') {
    for (const relationship of ['authentication', 'assertionMethod'] as const) document[relationship] = [key.id]
    for (const capability of ['capabilityInvocation', 'capabilityDelegation'] as const) document[capability] = [key.id]
  }
  if (curve === 'Ed25519') {
    const derived = method(did, encodeMultikey('X25519', agreementKey(crypto, bytes)))
    document.verificationMethod = [key, derived]
    document.keyAgreement = [derived.id]
  } else {
    document.keyAgreement = [key.id]
  }
  return document
}

function expectPoint(crypto: Crypto, curve: Curve, bytes: Uint8Array): void {
  try {
    crypto.curves?.get(curve)?.coordinates(bytes)
  } catch (cause) {
    throw new DidCommError('ERR_DID_MALFORMED', `the key of the DID is not on ${curve}`, { cause })
  }
}

function method(did: string, multikey: string): VerificationMethod {
  return { id: `${did}#${multikey}`, type: 'Multikey', controller: did, publicKeyMultibase: multikey }
}

function agreementKey(crypto: Crypto, publicKey: Uint8Array): Uint8Array {
  try {
    return crypto.ed25519.toX25519PublicKey(publicKey)
  } catch (cause) {
    throw new DidCommError('ERR_DID_MALFORMED', 'the Ed25519 key of the DID is not valid', { cause })
  }
}

function decodeOrNotFound(multikey: string): ReturnType<typeof decodeMultikey> {
  try {
    return decodeMultikey(multikey)
  } catch (cause) {
    if (!isDidCommError(cause, 'ERR_DID_UNUSABLE')) throw cause
    throw new DidCommError('ERR_DID_NOT_FOUND', 'the DID is a key of a kind that is not supported', { cause })
  }
}
