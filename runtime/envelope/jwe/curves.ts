import { encodeBase64url } from '../../bytes/index.ts'
import { type AgreementCurve, ecAgreement, x25519Agreement } from '../../crypto/agreement-curve.ts'
import type { Crypto, EcCurve } from '../../crypto/crypto.ts'
import { bytesMember, isMembers, type Members, malformed, unsupported } from '../jose.ts'

/** A curve, and the form of its keys here. */
export interface CurveEntry extends AgreementCurve {
  toJwk(publicKey: Uint8Array): Members
  /** @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
  fromJwk(jwk: Members): Uint8Array
}

/** X25519 as in RFC 8037 §2. */
const x25519: CurveEntry = {
  ...x25519Agreement,
  toJwk: (publicKey) => ({ kty: 'OKP', crv: 'X25519', x: encodeBase64url(publicKey) }),
  fromJwk: (jwk) => coordinate(jwk, 'OKP', 'x', 32),
}

/** A NIST curve as in RFC 7518 §6.2.1. */
function ellipticCurve(curve: EcCurve): CurveEntry {
  const { secretKeyBytes } = curve
  return {
    ...ecAgreement(curve),
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
