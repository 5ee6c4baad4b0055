import { decodeBase64url, encodeBase64url } from '../../bytes/index.ts'
import type { Crypto, RandomBytes } from '../../crypto/crypto.ts'
import { isMembers, type Members, malformed, unsupported } from '../jose.ts'

/** A key pair that lives for one message. */
export interface EphemeralKey {
  readonly publicKey: Uint8Array
  deriveBits(peerPublicKey: Uint8Array): Uint8Array
}

/** What the format needs to know of a curve. The curve is a property of the key: a new one is a new entry here. */
export interface CurveEntry {
  readonly crv: string
  /** The length of a public key as it is passed around here. */
  readonly publicKeyBytes: number
  generate(crypto: Crypto, randomBytes: RandomBytes): EphemeralKey
  toJwk(publicKey: Uint8Array): Members
  /** @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
  fromJwk(jwk: Members): Uint8Array
}

/** X25519 as in RFC 8037 §2. */
const x25519: CurveEntry = {
  crv: 'X25519',
  publicKeyBytes: 32,
  generate(crypto, randomBytes) {
    const secretKey = randomBytes(32)
    return {
      publicKey: crypto.x25519.getPublicKey(secretKey),
      deriveBits: (peerPublicKey) => crypto.x25519.getSharedSecret(secretKey, peerPublicKey),
    }
  },
  toJwk: (publicKey) => ({ kty: 'OKP', crv: 'X25519', x: encodeBase64url(publicKey) }),
  fromJwk(jwk) {
    if (jwk['kty'] !== 'OKP' || typeof jwk['x'] !== 'string') throw malformed('"epk" is no X25519 key')
    let publicKey: Uint8Array
    try {
      publicKey = decodeBase64url(jwk['x'])
    } catch (cause) {
      throw malformed('"epk.x" is not base64url', cause)
    }
    if (publicKey.length !== 32) throw malformed('"epk.x" has not 32 bytes')
    return publicKey
  },
}

const curves: ReadonlyMap<string, CurveEntry> = new Map([['X25519', x25519]])

/** Finds a curve by its JOSE name; `undefined` where it is not supported. */
export function curveEntry(crv: string): CurveEntry | undefined {
  return curves.get(crv)
}

/**
 * Reads the public key of a JWK.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function readEpk(jwk: unknown): { curve: CurveEntry; publicKey: Uint8Array } {
  if (!isMembers(jwk) || typeof jwk['crv'] !== 'string') throw malformed('"epk" is missing or no key')
  const curve = curves.get(jwk['crv'])
  if (!curve) throw unsupported('the curve of "epk" is not supported')
  return { curve, publicKey: curve.fromJwk(jwk) }
}
