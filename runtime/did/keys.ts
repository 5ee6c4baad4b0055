import { concatBytes, decodeBase64url } from '../bytes/index.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { absoluteDidUrl, canonicalDid, didOf } from './did-url.ts'
import type { Curve, DidDocument, PublicKey, VerificationMethod } from './document.ts'
import { checkPublicKey, decodeBase58, decodeMultikey } from './multikey.ts'

/** The verification method types that are read, with the one curve of each, or any. */
const TYPES: ReadonlyMap<string, Curve | 'any'> = new Map<string, Curve | 'any'>([
  ['Multikey', 'any'],
  ['JsonWebKey2020', 'any'],
  ['JsonWebKey', 'any'],
  ['Ed25519VerificationKey2018', 'Ed25519'],
  ['Ed25519VerificationKey2020', 'Ed25519'],
  ['X25519KeyAgreementKey2019', 'X25519'],
  ['X25519KeyAgreementKey2020', 'X25519'],
  ['P256Key2021', 'P-256'],
  ['P384Key2021', 'P-384'],
  ['P521Key2021', 'P-521'],
  ['EcdsaSecp256k1VerificationKey2019', 'secp256k1'],
])

/** The JWK curves (RFC 7518 §6.2.1.1, RFC 8037 §2, RFC 8812 §3.1) with the length of a coordinate. */
const JWK_CURVES: ReadonlyMap<string, { curve: Curve; kty: string; coordinateBytes: number }> = new Map([
  ['X25519', { curve: 'X25519', kty: 'OKP', coordinateBytes: 32 }],
  ['Ed25519', { curve: 'Ed25519', kty: 'OKP', coordinateBytes: 32 }],
  ['P-256', { curve: 'P-256', kty: 'EC', coordinateBytes: 32 }],
  ['P-384', { curve: 'P-384', kty: 'EC', coordinateBytes: 48 }],
  ['P-521', { curve: 'P-521', kty: 'EC', coordinateBytes: 66 }],
  ['secp256k1', { curve: 'secp256k1', kty: 'EC', coordinateBytes: 32 }],
])

/** How a point begins that has both coordinates, SEC 1 §2.3.3. */
const UNCOMPRESSED = Uint8Array.of(4)

/** How the key of a method can be written. Exactly one of these is there (DID Core 1.0 §5.2.1). */
const KEY_PROPERTIES = ['publicKeyMultibase', 'publicKeyJwk', 'publicKeyBase58'] as const

/**
 * Lists the keys under `keyAgreement`, in the order of the document: what a message to this DID is encrypted to. Keys
 * of kinds that are not known here are left out, and so are methods that are not the document's own.
 *
 * A document is read once: it may not change afterwards.
 *
 * @throws DidCommError `ERR_DID_MALFORMED` where a key of a known kind is broken
 */
export function keyAgreementKeys(document: DidDocument): PublicKey[] {
  return keysOf(document, 'keyAgreement').filter(({ curve }) => curve !== 'Ed25519')
}

/**
 * Lists the keys under `authentication`, in the order of the document: what this DID signs with. Keys of kinds that are
 * not known here are left out, and so are methods that are not the document's own.
 *
 * A document is read once: it may not change afterwards.
 *
 * @throws DidCommError `ERR_DID_MALFORMED` where a key of a known kind is broken
 */
export function authenticationKeys(document: DidDocument): PublicKey[] {
  return keysOf(document, 'authentication').filter(({ curve }) => curve !== 'X25519')
}

type Relationship = 'keyAgreement' | 'authentication'

/** The keys of documents that were looked at: each message looks at two or more. */
const known = new WeakMap<DidDocument, Partial<Record<Relationship, readonly PublicKey[]>>>()

function keysOf(document: DidDocument, relationship: Relationship): readonly PublicKey[] {
  const keys = known.get(document) ?? {}
  known.set(document, keys)
  const found = keys[relationship] ?? readKeys(document, relationship)
  keys[relationship] = found
  return found
}

function readKeys(document: DidDocument, relationship: Relationship): PublicKey[] {
  const methods = new Map<string, VerificationMethod>()
  for (const method of listOf(document, 'verificationMethod')) {
    if (typeof method === 'string') throw malformed('a verification method is not an object')
    methods.set(absoluteDidUrl(document.id, method.id), method)
  }
  const keys = new Map<string, PublicKey>()
  for (const entry of listOf(document, relationship)) {
    const kid = absoluteDidUrl(document.id, typeof entry === 'string' ? entry : entry.id)
    const method = typeof entry === 'string' ? methods.get(kid) : entry
    // A document speaks for its own DID only: a key under a foreign id could pass for that DID's.
    if (!method || keys.has(kid) || canonicalDid(didOf(kid)) !== canonicalDid(document.id)) continue
    const key = readKey(method)
    if (key) keys.set(kid, { kid, ...key })
  }
  return [...keys.values()]
}

/** Returns a list of methods or references to them, with the shape checked of what came from outside. */
function listOf(
  document: DidDocument,
  name: 'verificationMethod' | 'keyAgreement' | 'authentication',
): (string | VerificationMethod)[] {
  const list: unknown = document[name] ?? []
  if (!Array.isArray(list)) throw malformed(`"${name}" is not a list`)
  return list.map((entry: unknown) => {
    if (typeof entry === 'string') return entry
    if (!isRecord(entry) || typeof entry['id'] !== 'string' || typeof entry['type'] !== 'string') {
      throw malformed(`"${name}" holds something that is not a verification method`)
    }
    return entry as unknown as VerificationMethod
  })
}

/** Reads the key of a method, or returns `undefined` where it is of a kind that is not known here. */
function readKey(method: VerificationMethod): Pick<PublicKey, 'curve' | 'bytes'> | undefined {
  const expected = TYPES.get(method.type)
  if (!expected) return undefined
  const [property, ...others] = KEY_PROPERTIES.filter((name) => method[name] !== undefined)
  if (!property || others.length > 0) throw malformed(`a ${method.type} has not exactly one form of its key`)
  const key = property === 'publicKeyJwk' ? readJwk(method[property]) : readText(property, method[property], expected)
  if (key && expected !== 'any' && key.curve !== expected) throw malformed(`a ${method.type} holds a ${key.curve} key`)
  return key
}

function readText(
  property: 'publicKeyMultibase' | 'publicKeyBase58',
  text: unknown,
  expected: Curve | 'any',
): Pick<PublicKey, 'curve' | 'bytes'> | undefined {
  if (typeof text !== 'string' || text.length > 1024) throw malformed(`"${property}" is not a short text`)
  if (property === 'publicKeyMultibase') return readMultikey(text)
  if (expected === 'any') throw malformed('"publicKeyBase58" does not say its curve')
  const bytes = decodeBase58(text)
  checkPublicKey(expected, bytes)
  return { curve: expected, bytes }
}

/**
 * Decodes a Multikey, or returns `undefined` where it is of a kind that is not known here.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 */
export function readMultikey(text: string): Pick<PublicKey, 'curve' | 'bytes'> | undefined {
  try {
    return decodeMultikey(text)
  } catch (error) {
    if (isDidCommError(error, 'ERR_DID_UNUSABLE')) return undefined
    throw error
  }
}

/**
 * Reads a public JWK, or returns `undefined` where its curve is not known here.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 */
export function readJwk(jwk: unknown): Pick<PublicKey, 'curve' | 'bytes'> | undefined {
  if (!isRecord(jwk)) throw malformed('"publicKeyJwk" is not an object')
  if (jwk['d'] !== undefined) throw malformed('"publicKeyJwk" holds a private key')
  const { crv } = jwk
  const known = typeof crv === 'string' ? JWK_CURVES.get(crv) : undefined
  if (!known) return undefined
  const { curve, kty, coordinateBytes } = known
  if (jwk['kty'] !== kty) throw malformed(`"kty" of a ${curve} key is not ${kty}`)
  const x = readCoordinate(jwk['x'], coordinateBytes)
  if (kty === 'OKP') return { curve, bytes: x }
  return { curve, bytes: concatBytes(UNCOMPRESSED, x, readCoordinate(jwk['y'], coordinateBytes)) }
}

function readCoordinate(text: unknown, lengthBytes: number): Uint8Array {
  if (typeof text !== 'string') throw malformed('a coordinate of "publicKeyJwk" is missing')
  // RFC 7518 §6.2.1.2: always the full size.
  if (text.length !== Math.ceil((lengthBytes * 4) / 3))
    throw malformed('a coordinate of "publicKeyJwk" has a wrong length')
  try {
    return decodeBase64url(text)
  } catch (cause) {
    throw malformed('a coordinate of "publicKeyJwk" is not base64url', cause)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(message: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_DID_MALFORMED', message, { cause })
}
