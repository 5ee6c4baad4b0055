import type { CborValue } from '../../bytes/index.ts'
import { type AgreementCurve, ecAgreement, x25519Agreement } from '../../crypto/agreement-curve.ts'
import type { Crypto, EcCurve } from '../../crypto/crypto.ts'
import { isDidCommError } from '../../errors.ts'
import { bytesOf, type CoseHeaders, headerMap, malformed, unsupported } from './headers.ts'
import { KEY_CURVE, KEY_TYPE, KEY_TYPE_EC2, KEY_TYPE_OKP, KEY_X, KEY_Y } from './labels.ts'

/** Public keys for key agreement as COSE_Key (RFC 9052 §7, RFC 9053 §7): X25519, and the NIST curves that `crypto` has. */

/** A curve, and the form of its keys here. */
export interface CoseCurve extends AgreementCurve {
  toCoseKey(publicKey: Uint8Array): CoseHeaders
  /** @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
  fromCoseKey(key: CoseHeaders): Uint8Array
}

/** RFC 9053 §7.1, by their JOSE names. */
const curveNumbers: ReadonlyMap<CborValue, string> = new Map<number, string>([
  [1, 'P-256'],
  [2, 'P-384'],
  [3, 'P-521'],
  [4, 'X25519'],
])

/** RFC 9053 §7.2. */
const x25519: CoseCurve = {
  ...x25519Agreement,
  toCoseKey: (publicKey) => coseKey(KEY_TYPE_OKP, 4, [[KEY_X, publicKey]]),
  fromCoseKey: (key) => coordinate(headerMap(key, [KEY_TYPE, KEY_CURVE, KEY_X]), KEY_TYPE_OKP, KEY_X, 32),
}

/** RFC 9053 §7.1.1. */
function ellipticCurve(number: number, curve: EcCurve): CoseCurve {
  const { secretKeyBytes } = curve
  return {
    ...ecAgreement(curve),
    toCoseKey(publicKey) {
      const { x, y } = curve.coordinates(publicKey)
      return coseKey(KEY_TYPE_EC2, number, [
        [KEY_X, x],
        [KEY_Y, y],
      ])
    },
    fromCoseKey(key) {
      headerMap(key, [KEY_TYPE, KEY_CURVE, KEY_X, KEY_Y])
      const x = coordinate(key, KEY_TYPE_EC2, KEY_X, secretKeyBytes)
      const y = key.get(KEY_Y)
      try {
        // A sign bit in the place of y: the point is compressed, as in SEC 1 §2.3.3.
        if (typeof y !== 'boolean') {
          return curve.fromCoordinates(x, coordinate(key, KEY_TYPE_EC2, KEY_Y, secretKeyBytes))
        }
        const point = Uint8Array.of(y ? 3 : 2, ...x)
        curve.coordinates(point)
        return point
      } catch (cause) {
        if (!isDidCommError(cause, 'ERR_KEY_INVALID')) throw cause
        throw malformed(`a key is not on ${curve.curve}`, cause)
      }
    },
  }
}

function coseKey(type: number, curve: number, coordinates: readonly (readonly [number, Uint8Array])[]): CoseHeaders {
  return new Map<CborValue, CborValue>([[KEY_TYPE, type], [KEY_CURVE, curve], ...coordinates])
}

function coordinate(key: CoseHeaders, type: number, label: number, lengthBytes: number): Uint8Array {
  const bytes = bytesOf(key.get(label), 'a coordinate')
  if (key.get(KEY_TYPE) !== type || bytes.length !== lengthBytes) throw malformed('a key is none of its curve')
  return bytes
}

/** Finds a curve by its JOSE name. @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED` */
export function coseCurve(name: string, crypto: Crypto): CoseCurve {
  if (name === x25519.crv) return x25519
  for (const [number, crv] of curveNumbers) {
    const curve = crv === name ? crypto.curves?.get(name) : undefined
    if (curve) return ellipticCurve(Number(number), curve)
  }
  throw unsupported(`the curve ${name} is not supported`)
}

/** Reads a public key. @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED` */
export function readCoseKey(key: CborValue, crypto: Crypto): { curve: CoseCurve; publicKey: Uint8Array } {
  if (!(key instanceof Map)) throw malformed('a key is no map')
  const name = curveNumbers.get(key.get(KEY_CURVE))
  if (name === undefined) throw unsupported('the curve of a key is not supported')
  const curve = coseCurve(name, crypto)
  return { curve, publicKey: curve.fromCoseKey(key) }
}
