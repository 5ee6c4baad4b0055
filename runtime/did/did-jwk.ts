import { decodeBase64url, encodeBase64url, encodeUtf8, type Json, parseJson } from '../bytes/index.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { isDid } from './did-url.ts'
import type { DidDocument, DidMethod, VerificationMethod } from './document.ts'
import { readJwk } from './keys.ts'

const PREFIX = 'did:jwk:'

/** The members of a JWK that hold a secret (RFC 7518 §6.2.2, §6.3.2, §6.4.1). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

const SIGNING = ['assertionMethod', 'authentication', 'capabilityInvocation', 'capabilityDelegation'] as const

/** A public key as a JSON Web Key (RFC 7517). `use` says what its did:jwk is for, which is everything without it. */
export interface PublicJwk {
  kty: string
  crv: string
  x: string
  y?: string
  use?: 'sig' | 'enc'
}

/**
 * The did:jwk method: the DID is the base64url of one public JWK, whose key id is always `#0`. A key for `use: "enc"` is for
 * key agreement only, and one for `use: "sig"` for all but that. Points are checked for their form, not for being on the curve.
 */
export function didJwk(): DidMethod {
  return {
    method: 'jwk',
    async resolve(did) {
      if (!did.startsWith(PREFIX) || !isDid(did)) throw malformed('the text is not a did:jwk')
      return documentOfJwk(did, decodeJwk(did.slice(PREFIX.length)))
    },
  }
}

/**
 * Makes the did:jwk of a public key; the key's id is the DID and `#0`. The members are written in the order in which they stand.
 *
 * @throws DidCommError `ERR_DID_MALFORMED` where the key is broken or has a private member, `ERR_DID_NOT_FOUND` for a curve that is not known here
 */
export function createDidJwk(jwk: PublicJwk): string {
  checkJwk(jwk)
  const did = PREFIX + encodeBase64url(encodeUtf8(JSON.stringify(jwk)))
  if (!isDid(did)) throw malformed('the JWK is too long for a DID')
  return did
}

function decodeJwk(encoded: string): Record<string, unknown> {
  let jwk: Json
  try {
    jwk = parseJson(decodeBase64url(encoded), { maxDepth: 4 })
  } catch (cause) {
    if (!isDidCommError(cause)) throw cause
    throw malformed('the did:jwk is not the base64url of JSON', cause)
  }
  return checkJwk(jwk)
}

function checkJwk(jwk: unknown): Record<string, unknown> {
  if (!isRecord(jwk)) throw malformed('the did:jwk does not hold an object')
  if (PRIVATE_MEMBERS.some((name) => jwk[name] !== undefined)) throw malformed('the did:jwk holds a private key')
  const { use } = jwk
  if (use !== undefined && use !== 'sig' && use !== 'enc')
    throw malformed('"use" of the did:jwk is neither sig nor enc')
  if (!readJwk(jwk)) throw new DidCommError('ERR_DID_NOT_FOUND', 'the DID is a key of a kind that is not supported')
  return jwk
}

function documentOfJwk(did: string, jwk: Record<string, unknown>): DidDocument {
  const id = `${did}#0`
  const publicKeyJwk = jwk as VerificationMethod['publicKeyJwk']
  const document: DidDocument = {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/suites/jws-2020/v1'],
    id: did,
    verificationMethod: [{ id, type: 'JsonWebKey2020', controller: did, ...(publicKeyJwk && { publicKeyJwk }) }],
  }
  if (jwk['use'] !== 'enc') for (const relationship of SIGNING) document[relationship] = [id]
  if (jwk['use'] !== 'sig') document.keyAgreement = [id]
  return document
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(message: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_DID_MALFORMED', message, { cause })
}
