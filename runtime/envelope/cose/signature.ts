import type { CborValue } from '../../bytes/index.ts'
import type { Crypto } from '../../crypto/crypto.ts'
import { DidCommError } from '../../errors.ts'
import {
  bytesOf,
  type CoseHeaders,
  type CoseLayer,
  type CoseReadOptions,
  optionalKid,
  protectedAlg,
  protectedBytes,
  unsupported,
} from './headers.ts'
import { ALG, KID } from './labels.ts'
import {
  type CosePublicKey,
  type CoseSignatureAlgorithm,
  signatureAlg,
  signatureAlgorithm,
} from './signature-algorithms.ts'

/** One key that signs. */
export interface CoseSigner {
  /** The curve of the signing key: `Ed25519` or `P-256`. */
  readonly curve: string
  /** Signs: 64 bytes on either curve. It may be a secure element. */
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>
  /** Goes into the unprotected header: a hint of where to find the key, on which nothing hangs unless `externalAad` binds it. */
  readonly kid?: Uint8Array
  /** The number of the algorithm. Default: -19 on Ed25519, -9 on P-256; -8 and -7 are for readers that know no others. */
  readonly alg?: number
  /** Further protected parameters, such as a content type. */
  readonly protectedMap?: CoseHeaders
}

/** One signature, not verified yet. */
export interface CoseSignature extends CoseLayer {
  /** Absent where the algorithm is not known. */
  readonly algorithm?: CoseSignatureAlgorithm
  /** A claim. */
  readonly kid?: Uint8Array
  readonly signature: Uint8Array
}

/** What verifies one signature. */
export interface CoseVerifyKeys {
  readonly publicKey: CosePublicKey
  /** What was signed with the payload and not sent. Default: nothing. */
  readonly externalAad?: Uint8Array
}

/** The headers of a signature to be made. @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED` */
export function headersOf({ curve, kid, alg, protectedMap }: CoseSigner): {
  protectedHeader: Uint8Array
  unprotected: CoseHeaders
} {
  return {
    protectedHeader: protectedBytes(new Map(protectedMap).set(ALG, signatureAlg(curve, alg))),
    unprotected: new Map(kid && [[KID, kid]]),
  }
}

/** @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function signatureOf(layer: CoseLayer, signature: Uint8Array, options: CoseReadOptions): CoseSignature {
  const algorithm = signatureAlgorithm(protectedAlg(layer, options))
  return { ...layer, ...(algorithm && { algorithm }), ...optionalKid(layer), signature }
}

/** @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED` for a payload that is sent by another way */
export function payloadOf(payload: CborValue): Uint8Array {
  if (payload === null) throw unsupported('a payload elsewhere is not supported')
  return bytesOf(payload, 'the payload')
}

/** @throws DidCommError `ERR_ENVELOPE_SIGNATURE`, `ERR_ENVELOPE_UNSUPPORTED` */
export function checkSignature(
  { algorithm, signature }: CoseSignature,
  data: Uint8Array,
  publicKey: CosePublicKey,
  crypto: Crypto,
): void {
  if (!algorithm?.isSupported(crypto)) throw unsupported('the signature algorithm is not supported')
  if (publicKey.curve !== algorithm.curve) throw unsupported(`"alg" does not go with a key on ${publicKey.curve}`)
  if (!algorithm.verify(crypto, signature, data, publicKey.bytes)) {
    throw new DidCommError('ERR_ENVELOPE_SIGNATURE', 'the signature does not verify')
  }
}
