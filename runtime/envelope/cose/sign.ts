import { encodeCbor, Tagged } from '../../bytes/index.ts'
import type { Crypto } from '../../crypto/crypto.ts'
import { bytesOf, type CoseLayer, type CoseReadOptions, malformed, partsOf, readLayer, taggedParts } from './headers.ts'
import { TAG_SIGN } from './labels.ts'
import {
  type CoseSignature,
  type CoseSigner,
  type CoseVerifyKeys,
  checkSignature,
  headersOf,
  payloadOf,
  signatureOf,
} from './signature.ts'
import { signStructure } from './structures.ts'

/** The most signatures that one COSE_Sign may have. */
export const maxCoseSignatures = 8

export interface CoseSignOptions {
  readonly payload: Uint8Array
  readonly signers: readonly CoseSigner[]
  /** What is signed with the payload and not sent. Default: nothing. */
  readonly externalAad?: Uint8Array
}

/** A COSE_Sign whose structure has been checked and of which nothing has been verified. */
export interface CoseSign extends CoseLayer {
  readonly payload: Uint8Array
  readonly signatures: readonly CoseSignature[]
}

/**
 * Signs `payload` with one key or several, as a tagged COSE_Sign (RFC 9052 §4.1), in deterministic CBOR.
 *
 * @throws RangeError where no key signs, or more than `maxCoseSignatures`
 * @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED`
 */
export async function signCose(options: CoseSignOptions): Promise<Uint8Array> {
  const { payload, signers, externalAad = new Uint8Array(0) } = options
  if (signers.length === 0 || signers.length > maxCoseSignatures) {
    throw new RangeError(`"signers" expected 1 to ${maxCoseSignatures} keys, got ${signers.length}`)
  }
  const body = new Uint8Array(0)
  const signatures = signers.map(async (signer) => {
    const { protectedHeader, unprotected } = headersOf(signer)
    const data = signStructure({ body, signer: protectedHeader }, externalAad, payload)
    return [protectedHeader, unprotected, await signer.sign(data)]
  })
  return encodeCbor(new Tagged(TAG_SIGN, [body, new Map(), payload, await Promise.all(signatures)]))
}

/**
 * Reads a tagged COSE_Sign, with its payload in it. Parameters that are not known here are passed over, but not `crit`; so
 * are signatures of other algorithms, which have no `algorithm` then.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function parseCoseSign(bytes: Uint8Array, options: CoseReadOptions = {}): CoseSign {
  const parts = taggedParts(bytes, { tag: TAG_SIGN, length: 4 }, options)
  const [protectedHeader, unprotected, payload, signatures] = parts
  if (!Array.isArray(signatures) || signatures.length === 0 || signatures.length > maxCoseSignatures) {
    throw malformed(`a COSE_Sign expected 1 to ${maxCoseSignatures} signatures`)
  }
  return {
    ...readLayer(protectedHeader, unprotected, options),
    payload: payloadOf(payload),
    signatures: signatures.map((entry) => {
      const [signerProtected, signerUnprotected, signature] = partsOf(entry, 3)
      const layer = readLayer(signerProtected, signerUnprotected, options)
      return signatureOf(layer, bytesOf(signature, 'the signature'), options)
    }),
  }
}

/**
 * Verifies one signature over the bytes that were received.
 *
 * @throws DidCommError `ERR_ENVELOPE_SIGNATURE`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function verifyCose(
  envelope: CoseSign,
  keys: CoseVerifyKeys & { readonly signature: CoseSignature },
  crypto: Crypto,
): void {
  const { signature, publicKey, externalAad = new Uint8Array(0) } = keys
  const headers = { body: envelope.protectedHeader, signer: signature.protectedHeader }
  checkSignature(signature, signStructure(headers, externalAad, envelope.payload), publicKey, crypto)
}
