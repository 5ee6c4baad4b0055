import { encodeBase64url } from '../../bytes/index.ts'
import type { Crypto, EcCurve, RandomBytes } from '../../crypto/crypto.ts'
import { DidCommError } from '../../errors.ts'
import { bytesMember, isMembers, type Members, malformed, unsupported } from '../jose.ts'

/** A key pair that lives for one message. */
export interface EphemeralKey {
  readonly publicKey: Uint8Array
  deriveBits(peerPublicKey: Uint8Array): Uint8Array
}

/** What the format needs to know of a curve. The curve is a property of the key: a new one is a new entry here. */
export interface CurveEntry {
  readonly crv: string
  /**
   * Checks a public key before a private one meets it, which may be in hardware that does not.
   *
   * @throws DidCommError `ERR_KEY_INVALID`
   */
  expectPublicKey(bytes: Uint8Array): void
  generate(crypto: Crypto, randomBytes: RandomBytes): EphemeralKey
  toJwk(publicKey: Uint8Array): Members
  /** @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
  fromJwk(jwk: Members): Uint8Array
}

/** X25519 as in RFC 8037 §2. */
const x25519: CurveEntry = {
  crv: 'X25519',
  // Any 32 bytes are one, and those of low order show in the shared secret (RFC 7748 §6.1).
  expectPublicKey({ length }) {
    if (length !== 32) throw new DidCommError('ERR_KEY_INVALID', `the public key has ${length} bytes instead of 32`)
  },
  generate(crypto, randomBytes) {
    const secretKey = randomBytes(32)
    return {
      publicKey: crypto.x25519.getPublicKey(secretKey),
      deriveBits: (peerPublicKey) => crypto.x25519.getSharedSecret(secretKey, peerPublicKey),
    }
  },
  toJwk: (publicKey) => ({ kty: 'OKP', crv: 'X25519', x: encodeBase64url(publicKey) }),
  fromJwk: (jwk) => coordinate(jwk, 'OKP', 'x', 32),
}

/** A NIST curve as in RFC 7518 §6.2.1. */
function ellipticCurve(curve: EcCurve): CurveEntry {
  const { secretKeyBytes } = curve
  return {
    crv: curve.curve,
    expectPublicKey: (bytes) => void curve.coordinates(bytes),
    generate(_, randomBytes) {
      const secretKey = curve.generateSecretKey(randomBytes)
      return {
        publicKey: curve.getPublicKey(secretKey),
        deriveBits: (peerPublicKey) => curve.getSharedSecret(secretKey, peerPublicKey),
      }
    },
    toJwk(publicKey) {
      const { x, y } = curve.coordinates(publicKey)
      return { kty: 'EC', crv: curve.curve, x: encodeBase64url(x), y: encodeBase64url(y) }
    },
    fromJwk(jwk) {
      const [x, y] = [coordinate(jwk, 'EC', 'x', secretKeyBytes), coordinate(jwk, 'EC', 'y', secretKeyBytes)]
      try {
        return curve.fromCoordinates(x, y)
      } catch (cause) {
        throw malformed(`"epk" is not on ${curve.curve}`, cause)
      }
    },
  }
}

/** Reads a coordinate. RFC 7518 §6.2.1.2: always the full size. */
function coordinate(epk: Members, kty: string, name: 'x' | 'y', lengthBytes: number): Uint8Array {
  const bytes = bytesMember(epk, name)
  if (epk['kty'] !== kty || bytes.length !== lengthBytes) throw malformed(`"epk" is no ${kty} key of full length`)
  return bytes
}

/** Finds a curve by its JOSE name; `undefined` where it is not supported. */
export function curveEntry(crv: string, crypto: Crypto): CurveEntry | undefined {
  if (crv === x25519.crv) return x25519
  // RFC 8812 has secp256k1 for signatures only.
  const curve = crv === 'secp256k1' ? undefined : crypto.curves?.get(crv)
  return curve && ellipticCurve(curve)
}

/**
 * Reads the public key of a JWK.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function readEpk(jwk: unknown, crypto: Crypto): { curve: CurveEntry; publicKey: Uint8Array } {
  if (!isMembers(jwk) || typeof jwk['crv'] !== 'string') throw malformed('"epk" is missing or no key')
  const curve = curveEntry(jwk['crv'], crypto)
  if (!curve) throw unsupported('the curve of "epk" is not supported')
  return { curve, publicKey: curve.fromJwk(jwk) }
}
