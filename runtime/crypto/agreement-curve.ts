import { DidCommError } from '../errors.ts'
import type { Crypto, EcCurve, RandomBytes } from './crypto.ts'

/** A key pair that lives for one message. */
export interface EphemeralKey {
  readonly publicKey: Uint8Array
  deriveBits(peerPublicKey: Uint8Array): Uint8Array
}

/** A private key, used: computes the raw shared secret with a peer's public key, which lasts longer than a message or does not. */
export type DeriveBits = (peerPublicKey: Uint8Array, isLasting?: boolean) => Promise<Uint8Array>

/** What the formats need to know of a curve for key agreement. The curve is a property of the key: a new one is a new entry here. */
export interface AgreementCurve {
  /** Its JOSE name. */
  readonly crv: string
  /**
   * Checks a public key before a private one meets it, which may be in hardware that does not.
   *
   * @throws DidCommError `ERR_KEY_INVALID`
   */
  expectPublicKey(bytes: Uint8Array): void
  generate(crypto: Crypto, randomBytes: RandomBytes): EphemeralKey
}

/** X25519, RFC 7748 §5. */
export const x25519Agreement: AgreementCurve = {
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
}

/** A curve in Weierstrass form. */
export function ecAgreement(curve: EcCurve): AgreementCurve {
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
  }
}
