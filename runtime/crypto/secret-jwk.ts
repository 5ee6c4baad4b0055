import { decodeBase64url, encodeBase64url } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import type { Crypto } from './crypto.ts'
import type { SecretKey } from './memory-secrets.ts'

/** A private key as a JSON Web Key (RFC 8037 §2, RFC 7518 §6.2). */
export interface SecretJwk {
  readonly kid: string
  readonly kty: string
  readonly crv: string
  readonly d: string
  readonly x: string
  readonly y?: string
}

/** The curves of JWKs, with the kind of key and the length of `d`. */
const JWK_CURVES: ReadonlyMap<string, { curve: SecretKey['curve']; kty: string; secretKeyBytes: number }> = new Map([
  ['X25519', { curve: 'X25519', kty: 'OKP', secretKeyBytes: 32 }],
  ['Ed25519', { curve: 'Ed25519', kty: 'OKP', secretKeyBytes: 32 }],
  ['P-256', { curve: 'P-256', kty: 'EC', secretKeyBytes: 32 }],
  ['P-384', { curve: 'P-384', kty: 'EC', secretKeyBytes: 48 }],
  ['P-521', { curve: 'P-521', kty: 'EC', secretKeyBytes: 66 }],
  ['secp256k1', { curve: 'secp256k1', kty: 'EC', secretKeyBytes: 32 }],
])

/**
 * Reads a private key of kind OKP (RFC 8037 §2) or EC (RFC 7518 §6.2).
 *
 * @param crypto where it is given, it has to have the curve, and the public half has to belong to the private one
 * @throws DidCommError `ERR_KEY_INVALID`
 */
export function secretKeyFromJwk(jwk: SecretJwk, crypto?: Crypto): SecretKey {
  // It may be the JSON of a file that somebody wrote by hand.
  const { kid, kty, crv, d }: Partial<SecretJwk> = jwk ?? {}
  const known = JWK_CURVES.get(crv)
  if (!known || known.kty !== kty) {
    throw new DidCommError('ERR_KEY_INVALID', 'the secret key is on no curve that is known here')
  }
  if (typeof kid !== 'string' || typeof d !== 'string') {
    throw new DidCommError('ERR_KEY_INVALID', 'the secret key has no "kid" or no "d"')
  }
  const secretKey = decodeSecret(d)
  if (secretKey?.length !== known.secretKeyBytes) {
    throw new DidCommError('ERR_KEY_INVALID', `"d" of the secret key is not ${known.secretKeyBytes} bytes`)
  }
  if (crypto && !belongs(crypto, jwk, secretKey)) {
    throw new DidCommError('ERR_KEY_INVALID', '"d" of the secret key does not belong to its public half')
  }
  return { kid, curve: known.curve, secretKey }
}

/**
 * Writes a private key as a JSON Web Key, with its public half.
 *
 * @throws DidCommError `ERR_KEY_INVALID` where the key is none of its curve, or `crypto` does not have the curve
 */
export function secretKeyToJwk({ kid, curve, secretKey }: SecretKey, crypto: Crypto): SecretJwk {
  const known = JWK_CURVES.get(curve)
  const point = secretKey.length === known?.secretKeyBytes && coordinatesOf(crypto, curve, secretKey)
  if (!known || !point) throw new DidCommError('ERR_KEY_INVALID', 'the secret key is none of its curve')
  const { x, y } = point
  const base = { kid, kty: known.kty, crv: curve, x: encodeBase64url(x), d: encodeBase64url(secretKey) }
  return y ? { ...base, y: encodeBase64url(y) } : base
}

/** Tells whether the public half of a JWK is that of `secretKey`, in the full length of its coordinates. */
function belongs(crypto: Crypto, { crv, x, y }: SecretJwk, secretKey: Uint8Array): boolean {
  const point = coordinatesOf(crypto, crv, secretKey)
  return point !== undefined && isText(x, point.x) && (point.y === undefined || isText(y, point.y))
}

/** Computes the public half, or returns `undefined` where `crypto` does not have the curve or the scalar is none. */
function coordinatesOf(
  crypto: Crypto,
  crv: string,
  secretKey: Uint8Array,
): { x: Uint8Array; y?: Uint8Array } | undefined {
  if (crv === 'X25519') return { x: crypto.x25519.getPublicKey(secretKey) }
  if (crv === 'Ed25519') return { x: crypto.ed25519.getPublicKey(secretKey) }
  const curve = crypto.curves?.get(crv)
  return curve?.isSecretKey(secretKey) ? curve.coordinates(curve.getPublicKey(secretKey)) : undefined
}

function isText(text: unknown, bytes: Uint8Array): boolean {
  return text === encodeBase64url(bytes)
}

function decodeSecret(text: string): Uint8Array | undefined {
  try {
    return decodeBase64url(text)
  } catch {
    return undefined
  }
}
