import type { Crypto, EcCurve } from './crypto/crypto.ts'
import type { SecretKey } from './crypto/memory-secrets.ts'
import { secretKeyToJwk } from './crypto/secret-jwk.ts'
import {
  createDidJwk,
  createDidPeer2,
  createDidPeer4,
  didcommService,
  encodeMultikey,
  type ServiceInput,
} from './did/index.ts'

/** A DID together with the private keys of its document. */
export interface Identity {
  did: string
  /** For `memorySecrets`, or to be kept in a safer place. */
  secretKeys: SecretKey[]
}

interface KeyPairs {
  signing: { secretKey: Uint8Array; multikey: string }
  agreement: { secretKey: Uint8Array; multikey: string }
}

/**
 * Makes the did:key of a 32-byte Ed25519 seed, with the X25519 key that did:key derives from it. The seed is all that a
 * device has to keep.
 */
export function didKeyIdentity(crypto: Crypto, seed: Uint8Array): Identity {
  const pairs = keyPairs(crypto, seed)
  const did = `did:key:${pairs.signing.multikey}`
  return { did, secretKeys: secretKeys(did, pairs, `#${pairs.agreement.multikey}`, `#${pairs.signing.multikey}`) }
}

/**
 * Makes the did:key of a key on one of the curves that `withCurves` added to `crypto`: one key for all purposes, as did:key has
 * it. `secretKey` is a scalar: 32 bytes, 48 on P-384, 66 on P-521.
 *
 * @throws RangeError where `crypto` does not have the curve
 * @throws DidCommError `ERR_KEY_INVALID` where `secretKey` is none of the curve
 */
export function didKeyIdentityOn(crypto: Crypto, curve: EcCurve['curve'], secretKey: Uint8Array): Identity {
  const known = crypto.curves?.get(curve)
  if (!known) throw new RangeError('"curve" expected one that "crypto" has')
  const multikey = encodeMultikey(curve, known.getPublicKey(secretKey))
  const did = `did:key:${multikey}`
  return { did, secretKeys: [{ kid: `${did}#${multikey}`, curve, secretKey: secretKey.slice() }] }
}

/**
 * Makes the did:jwk of a secret key: one key for all that its curve can do, so that one on Ed25519 only signs and one on X25519
 * only agrees on keys.
 *
 * @throws DidCommError `ERR_KEY_INVALID` where `secretKey` is none of the curve, or `crypto` does not have the curve
 */
export function didJwkIdentity(crypto: Crypto, curve: SecretKey['curve'], secretKey: Uint8Array): Identity {
  const { kty, crv, x, y } = secretKeyToJwk({ kid: '', curve, secretKey }, crypto)
  const use = curve === 'X25519' ? 'enc' : curve === 'Ed25519' ? 'sig' : undefined
  const did = createDidJwk({ kty, crv, x, ...(y !== undefined && { y }), ...(use && { use }) })
  return { did, secretKeys: [{ kid: `${did}#0`, curve, secretKey: secretKey.slice() }] }
}

/** Makes a did:peer:2 from a 32-byte Ed25519 seed; its document holds the same two keys as `didKeyIdentity`. */
export function didPeer2Identity(crypto: Crypto, seed: Uint8Array, services: readonly ServiceInput[]): Identity {
  const pairs = keyPairs(crypto, seed)
  const did = createDidPeer2({
    keys: [
      { purpose: 'keyAgreement', multikey: pairs.agreement.multikey },
      { purpose: 'authentication', multikey: pairs.signing.multikey },
    ],
    services,
  })
  return { did, secretKeys: secretKeys(did, pairs, '#key-1', '#key-2') }
}

/**
 * Makes a did:peer:4 from a 32-byte Ed25519 seed; its document holds the same two keys as `didKeyIdentity`. `did` is the
 * long form, and the secret keys are there under the key ids of both forms.
 */
export function didPeer4Identity(
  crypto: Crypto,
  seed: Uint8Array,
  services: readonly ServiceInput[],
): Identity & { shortDid: string } {
  const pairs = keyPairs(crypto, seed)
  const { long, short } = createDidPeer4(crypto, {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    verificationMethod: [
      { id: '#key-1', type: 'Multikey', publicKeyMultibase: pairs.agreement.multikey },
      { id: '#key-2', type: 'Multikey', publicKeyMultibase: pairs.signing.multikey },
    ],
    keyAgreement: ['#key-1'],
    authentication: ['#key-2'],
    ...(services.length > 0 && {
      service: services.map((service, i) => didcommService(i === 0 ? '#service' : `#service-${i}`, service)),
    }),
  })
  const keys = [long, short].flatMap((did) => secretKeys(did, pairs, '#key-1', '#key-2'))
  return { did: long, shortDid: short, secretKeys: keys }
}

function keyPairs(crypto: Crypto, seed: Uint8Array): KeyPairs {
  if (!(seed instanceof Uint8Array) || seed.length !== 32) {
    const got = seed instanceof Uint8Array ? `length=${seed.length}` : typeof seed
    throw new TypeError(`"seed" expected Uint8Array of length 32, got ${got}`)
  }
  const agreementKey = crypto.ed25519.toX25519SecretKey(seed)
  return {
    signing: { secretKey: seed.slice(), multikey: encodeMultikey('Ed25519', crypto.ed25519.getPublicKey(seed)) },
    agreement: {
      secretKey: agreementKey,
      multikey: encodeMultikey('X25519', crypto.x25519.getPublicKey(agreementKey)),
    },
  }
}

function secretKeys(did: string, pairs: KeyPairs, agreementId: string, signingId: string): SecretKey[] {
  return [
    { kid: did + agreementId, curve: 'X25519', secretKey: pairs.agreement.secretKey },
    { kid: did + signingId, curve: 'Ed25519', secretKey: pairs.signing.secretKey },
  ]
}
