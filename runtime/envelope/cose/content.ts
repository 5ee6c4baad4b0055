import type { CborValue } from '../../bytes/index.ts'
import type { Crypto } from '../../crypto/crypto.ts'
import { DidCommError, isDidCommError } from '../../errors.ts'
import type { CoseContentAlgorithm } from './content-algorithms.ts'
import {
  bytesOf,
  type CoseHeaders,
  type CoseLayer,
  type CoseReadOptions,
  headerOf,
  malformed,
  protectedAlg,
  protectedBytes,
  unsupported,
} from './headers.ts'
import { ALG, IV } from './labels.ts'
import { encStructure } from './structures.ts'

/** Content that is encrypted under one key: what COSE_Encrypt and COSE_Encrypt0 have in common. */

export interface CoseContent {
  readonly algorithm: CoseContentAlgorithm
  /** The protected header as it was received and is authenticated. */
  readonly protectedHeader: Uint8Array
  readonly iv: Uint8Array
  /** The encrypted bytes followed by the tag. */
  readonly ciphertext: Uint8Array
}

export interface CoseContentOptions {
  readonly plaintext: Uint8Array
  /** What is authenticated with the content and not sent. Default: nothing. */
  readonly externalAad?: Uint8Array
  /** Further protected parameters, such as a content type. */
  readonly protectedMap?: CoseHeaders
}

export interface SealCoseContent extends CoseContentOptions {
  readonly context: 'Encrypt' | 'Encrypt0'
  readonly algorithm: CoseContentAlgorithm
  readonly cek: Uint8Array
  readonly iv: Uint8Array
}

export function sealContent(options: SealCoseContent, crypto: Crypto): CoseContent {
  const { context, algorithm, cek, iv, plaintext, externalAad = new Uint8Array(0) } = options
  const protectedHeader = protectedBytes(new Map(options.protectedMap).set(ALG, algorithm.alg))
  const aad = encStructure(context, protectedHeader, externalAad)
  return { algorithm, protectedHeader, iv, ciphertext: algorithm.aead(crypto).seal(cek, iv, plaintext, aad) }
}

/** What is read of a content: with which algorithms, and what is let pass. */
export interface CoseContentReadOptions extends CoseReadOptions {
  readonly algorithms: readonly CoseContentAlgorithm[]
}

/** @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`, `ERR_TOO_LARGE` */
export function readContent(
  layer: CoseLayer,
  ciphertext: CborValue,
  options: CoseContentReadOptions,
  crypto: Crypto,
): CoseContent {
  const alg = protectedAlg(layer, options)
  const algorithm = options.algorithms.find((entry) => entry.alg === alg)
  if (!algorithm) throw unsupported('the content encryption is not supported')
  if (ciphertext === null) throw unsupported('a ciphertext elsewhere is not supported')
  const aead = algorithm.aead(crypto)
  const iv = bytesOf(headerOf(layer, IV), 'the IV')
  if (iv.length !== aead.nonceBytes) throw malformed(`the IV has not ${aead.nonceBytes} bytes`)
  const sealed = bytesOf(ciphertext, 'the ciphertext')
  if (sealed.length < aead.tagBytes) throw malformed('the ciphertext is shorter than its tag')
  if (sealed.length - aead.tagBytes > (algorithm.maxTextBytes ?? Infinity)) {
    throw new DidCommError('ERR_TOO_LARGE', 'the ciphertext is longer than its algorithm allows')
  }
  return { algorithm, protectedHeader: layer.protectedHeader, iv, ciphertext: sealed }
}

/**
 * Decrypts over what was received. Every failure is the one `ERR_ENVELOPE_DECRYPT`, and takes the same steps: without a key, or with
 * one of another length, the content is checked all the same under a key that cannot be right (as RFC 7516 §11.5 has it for JWE).
 *
 * @throws DidCommError `ERR_ENVELOPE_DECRYPT`
 */
export function openContent(
  content: CoseContent,
  keys: {
    readonly context: 'Encrypt' | 'Encrypt0'
    readonly cek: Uint8Array | undefined
    readonly externalAad: Uint8Array | undefined
  },
  crypto: Crypto,
): Uint8Array {
  const { algorithm, protectedHeader, iv, ciphertext } = content
  const aead = algorithm.aead(crypto)
  const cek = keys.cek?.length === aead.keyBytes ? keys.cek : undefined
  const aad = encStructure(keys.context, protectedHeader, keys.externalAad ?? new Uint8Array(0))
  const plaintext = orNothing(() => aead.open(cek ?? new Uint8Array(aead.keyBytes), iv, ciphertext, aad))
  // The stand-in key is public: what opens under it proves nothing.
  if (!cek || !plaintext) throw new DidCommError('ERR_ENVELOPE_DECRYPT', 'the envelope cannot be opened')
  return plaintext
}

function orNothing(open: () => Uint8Array): Uint8Array | undefined {
  try {
    return open()
  } catch (error) {
    if (isDidCommError(error)) return undefined
    throw error
  }
}
