import type { Crypto } from '../../crypto/crypto.ts'
import { unsupported } from './headers.ts'

/** The public key of a signer; on P-256 a point as in SEC 1. */
export interface CosePublicKey {
  readonly curve: string
  readonly bytes: Uint8Array
}

/** A signature algorithm: a new one is a new entry in the table below. */
export interface CoseSignatureAlgorithm {
  readonly alg: number
  readonly curve: string
  /** Tells whether `crypto` has what it takes. */
  isSupported(crypto: Crypto): boolean
  /** Tells whether the signature verifies; one of a wrong length does not. */
  verify(crypto: Crypto, signature: Uint8Array, data: Uint8Array, publicKey: Uint8Array): boolean
}

function ed25519(alg: number): CoseSignatureAlgorithm {
  return {
    alg,
    curve: 'Ed25519',
    isSupported: () => true,
    verify: (crypto, signature, data, publicKey) => crypto.ed25519.verify(signature, data, publicKey),
  }
}

function ecdsa(alg: number): CoseSignatureAlgorithm {
  const curve = 'P-256'
  return {
    alg,
    curve,
    isSupported: ({ curves }) => curves?.get(curve)?.alg === 'ES256',
    verify: ({ curves }, signature, data, publicKey) => curves?.get(curve)?.verify(signature, data, publicKey) ?? false,
  }
}

/**
 * RFC 9864 §2: Ed25519 is -19 and ESP256, ES256 on P-256, is -9. The numbers of RFC 9053 §2 that say nothing of the curve, EdDSA -8 and
 * ES256 -7, are read as well, on these curves alone. The first entry of a curve is the one that is written.
 */
const algorithms = [ed25519(-19), ed25519(-8), ecdsa(-9), ecdsa(-7)]

/** Finds an algorithm by its number, or `undefined`. */
export function signatureAlgorithm(alg: unknown): CoseSignatureAlgorithm | undefined {
  return algorithms.find((entry) => entry.alg === alg)
}

/**
 * The number to write for keys on `curve`: `alg`, where it is given, or the one that says the curve.
 *
 * @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED`
 */
export function signatureAlg(curve: string, alg?: number): number {
  const entry = algorithms.find((known) => known.curve === curve && (alg === undefined || known.alg === alg))
  if (!entry) throw unsupported(`no signature algorithm for the curve ${curve}`)
  return entry.alg
}
