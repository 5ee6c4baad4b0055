import { encodeCbor, Tagged } from '../../bytes/index.ts'
import type { Crypto, RandomBytes } from '../../crypto/crypto.ts'
import {
  type CoseContent,
  type CoseContentOptions,
  type CoseContentReadOptions,
  openContent,
  readContent,
  sealContent,
} from './content.ts'
import { type CoseContentAlgorithm, chaCha20Poly1305 } from './content-algorithms.ts'
import { type CoseLayer, optionalKid, readLayer, taggedParts } from './headers.ts'
import { IV, KID, TAG_ENCRYPT0 } from './labels.ts'

/** A COSE_Encrypt0 under a key that both sides have already: RFC 9052 §5.2 as it stands, without HPKE. */
export interface CoseSharedEncrypt0 extends CoseLayer, CoseContent {
  readonly kid?: Uint8Array
}

export interface CoseSharedOptions extends CoseContentOptions {
  /** The content encryption key. */
  readonly key: Uint8Array
  /** Says which key it is, to who has several. */
  readonly kid?: Uint8Array
  /** Default ChaCha20/Poly1305. */
  readonly algorithm?: CoseContentAlgorithm
}

/**
 * Encrypts as a tagged COSE_Encrypt0 in deterministic CBOR. The IV is drawn at random: a key lasts for 2^32 messages at most with
 * 12 bytes (NIST SP 800-38D §8.3).
 */
export function encryptCoseShared(
  options: CoseSharedOptions,
  { crypto, randomBytes }: { readonly crypto: Crypto; readonly randomBytes: RandomBytes },
): Uint8Array {
  const { key, kid, algorithm = chaCha20Poly1305 } = options
  const iv = randomBytes(algorithm.aead(crypto).nonceBytes)
  const { protectedHeader, ciphertext } = sealContent(
    { ...options, context: 'Encrypt0', algorithm, cek: key, iv },
    crypto,
  )
  const unprotected = new Map([...(kid ? ([[KID, kid]] as const) : []), [IV, iv]])
  return encodeCbor(new Tagged(TAG_ENCRYPT0, [protectedHeader, unprotected, ciphertext]))
}

/**
 * Reads a tagged COSE_Encrypt0 with one of `algorithms`, with its ciphertext in it.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function parseCoseShared(
  bytes: Uint8Array,
  options: CoseContentReadOptions,
  crypto: Crypto,
): CoseSharedEncrypt0 {
  const [protectedHeader, unprotected, ciphertext] = taggedParts(bytes, { tag: TAG_ENCRYPT0, length: 3 }, options)
  const layer = readLayer(protectedHeader, unprotected, options)
  return { ...layer, ...readContent(layer, ciphertext, options, crypto), ...optionalKid(layer) }
}

/** Decrypts over what was received. @throws DidCommError `ERR_ENVELOPE_DECRYPT` */
export function decryptCoseShared(
  envelope: CoseSharedEncrypt0,
  { key, externalAad }: { readonly key: Uint8Array; readonly externalAad?: Uint8Array },
  crypto: Crypto,
): Uint8Array {
  return openContent(envelope, { context: 'Encrypt0', cek: key, externalAad }, crypto)
}
