import { p256 as nobleP256, p384 as nobleP384, p521 as nobleP521 } from '@noble/curves/nist.js'
import { secp256k1 as nobleSecp256k1 } from '@noble/curves/secp256k1.js'
import { DidCommError } from '../errors.ts'
import { copyOf } from './arguments.ts'
import type { Crypto, EcCurve, EcdsaAlg } from './crypto.ts'

type NobleCurve = typeof nobleP256

/** Of the numbers that are drawn, at most one in 2^32 is too large, which is on P-256. */
const MAX_DRAWS = 8

/**
 * Adds curves to a `Crypto`: with them agents agree on keys over P-256, P-384 and P-521, and sign and verify ES256, ES384 and
 * ES256K. They come from `@noble/curves`, which is not as strict about constant time as the core (`docs/security.md`).
 *
 * @example
 * import { crypto } from 'didcomm-mote/crypto'
 * import { p256, p384, withCurves } from 'didcomm-mote/crypto/curves'
 *
 * const extended = withCurves(crypto, p256, p384)
 */
export function withCurves(crypto: Crypto, ...curves: readonly EcCurve[]): Crypto {
  const known = [...(crypto.curves?.values() ?? []), ...curves]
  return { ...crypto, curves: new Map(known.map((entry) => [entry.curve, entry])) }
}

/** P-256, FIPS 186-5 and SP 800-186, with ES256 (RFC 7518 §3.4). */
export const p256: EcCurve = /* @__PURE__ */ ecCurve('P-256', nobleP256, 'ES256')
/** P-384, with ES384. */
export const p384: EcCurve = /* @__PURE__ */ ecCurve('P-384', nobleP384, 'ES384')
/** P-521, for key agreement. */
export const p521: EcCurve = /* @__PURE__ */ ecCurve('P-521', nobleP521)
/** secp256k1, SEC 2 §2.4.1, with ES256K (RFC 8812 §3.2). */
export const secp256k1: EcCurve = /* @__PURE__ */ ecCurve('secp256k1', nobleSecp256k1, 'ES256K')

function ecCurve(curve: EcCurve['curve'], noble: NobleCurve, alg?: EcdsaAlg): EcCurve {
  const secretKeyBytes = noble.lengths.secretKey ?? 0
  // The SEC 1 form of 65 bytes and more, the only one that holds what a JWK holds.
  const uncompressed = (publicKey: Uint8Array): Uint8Array => pointOf(curve, noble, publicKey).toBytes(false)

  return {
    curve,
    secretKeyBytes,
    ...(alg && { alg }),
    isSecretKey: (secretKey) => noble.utils.isValidSecretKey(secretKey),
    generateSecretKey(randomBytes) {
      for (let draws = 0; draws < MAX_DRAWS; draws++) {
        const secretKey = copyOf(randomBytes(secretKeyBytes))
        // The order of P-521 has 521 bits of the 528.
        if (curve === 'P-521') secretKey[0] = (secretKey[0] ?? 0) & 1
        if (noble.utils.isValidSecretKey(secretKey)) return secretKey
      }
      throw new RangeError(`"randomBytes" expected to bring a secret key of ${curve} within ${MAX_DRAWS} draws`)
    },
    getPublicKey: (secretKey) => orInvalid(curve, () => noble.getPublicKey(secretKey)),
    getSharedSecret(secretKey, publicKey) {
      // Not compressed, so that no root is taken twice.
      const point = uncompressed(publicKey)
      return orInvalid(curve, () => noble.getSharedSecret(secretKey, point)).slice(1)
    },
    coordinates(publicKey) {
      const point = uncompressed(publicKey)
      return { x: point.subarray(1, 1 + secretKeyBytes), y: point.subarray(1 + secretKeyBytes) }
    },
    fromCoordinates(x, y) {
      const bytes = new Uint8Array(1 + 2 * secretKeyBytes)
      if (x.length !== secretKeyBytes || y.length !== secretKeyBytes) throw invalid(curve)
      bytes[0] = 4
      bytes.set(x, 1)
      bytes.set(y, 1 + secretKeyBytes)
      return pointOf(curve, noble, bytes).toBytes(true)
    },
    // Low S: older libraries refuse the other half.
    sign: (message, secretKey) => orInvalid(curve, () => noble.sign(message, secretKey, { lowS: true })),
    verify(signature, message, publicKey) {
      try {
        return noble.verify(signature, message, publicKey, { lowS: false })
      } catch {
        return false
      }
    },
  }
}

/** Decodes a point and checks that it is on the curve, and not its neutral element. */
function pointOf(curve: string, noble: NobleCurve, bytes: Uint8Array): ReturnType<NobleCurve['Point']['fromBytes']> {
  return orInvalid(curve, () => {
    const point = noble.Point.fromBytes(bytes)
    point.assertValidity()
    return point
  })
}

function orInvalid<T>(curve: string, work: () => T): T {
  try {
    return work()
  } catch {
    // Without the cause, whose text may name the bytes of a key.
    throw invalid(curve)
  }
}

function invalid(curve: string): DidCommError {
  return new DidCommError('ERR_KEY_INVALID', `the key is none of ${curve}`)
}
