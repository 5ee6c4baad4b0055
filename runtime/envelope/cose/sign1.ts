import { encodeCbor, Tagged } from '../../bytes/index.ts'
import type { Crypto } from '../../crypto/crypto.ts'
import { bytesOf, type CoseReadOptions, readLayer, taggedParts } from './headers.ts'
import { TAG_SIGN1 } from './labels.ts'
import {
  type CoseSignature,
  type CoseSigner,
  type CoseVerifyKeys,
  checkSignature,
  headersOf,
  payloadOf,
  signatureOf,
} from './signature.ts'
import { sign1Structure } from './structures.ts'

export interface CoseSign1Options extends CoseSigner {
  readonly payload: Uint8Array
  /** What is signed with the payload and not sent. Default: nothing. */
  readonly externalAad?: Uint8Array
}

/** A COSE_Sign1 whose structure has been checked and of which nothing has been verified. */
export interface CoseSign1 extends CoseSignature {
  readonly payload: Uint8Array
}

/**
 * Signs `payload` as a tagged COSE_Sign1 (RFC 9052 §4.2), in deterministic CBOR.
 *
 * @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED`
 */
export async function signCose1(options: CoseSign1Options): Promise<Uint8Array> {
  const { payload, externalAad = new Uint8Array(0), sign } = options
  const { protectedHeader, unprotected } = headersOf(options)
  const signature = await sign(sign1Structure(protectedHeader, externalAad, payload))
  return encodeCbor(new Tagged(TAG_SIGN1, [protectedHeader, unprotected, payload, signature]))
}

/**
 * Reads a tagged COSE_Sign1, with its payload in it. Parameters that are not known here are passed over, but not `crit`.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function parseCoseSign1(bytes: Uint8Array, options: CoseReadOptions = {}): CoseSign1 {
  const parts = taggedParts(bytes, { tag: TAG_SIGN1, length: 4 }, options)
  const [protectedHeader, unprotected, payload, signature] = parts
  const layer = readLayer(protectedHeader, unprotected, options)
  return { ...signatureOf(layer, bytesOf(signature, 'the signature'), options), payload: payloadOf(payload) }
}

/**
 * Verifies over the bytes that were received.
 *
 * @throws DidCommError `ERR_ENVELOPE_SIGNATURE`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function verifyCose1(envelope: CoseSign1, keys: CoseVerifyKeys, crypto: Crypto): void {
  const { publicKey, externalAad = new Uint8Array(0) } = keys
  checkSignature(envelope, sign1Structure(envelope.protectedHeader, externalAad, envelope.payload), publicKey, crypto)
}
