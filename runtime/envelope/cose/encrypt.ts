import { type CborValue, encodeCbor, Tagged } from '../../bytes/index.ts'
import type { Crypto, RandomBytes } from '../../crypto/crypto.ts'
import { DidCommError, isDidCommError } from '../../errors.ts'
import { type CoseContentAlgorithm, chaCha20Poly1305 } from './content-algorithms.ts'
import {
  bytesOf,
  type CoseHeaders,
  type CoseLayer,
  headerOf,
  malformed,
  partsOf,
  protectedBytes,
  readLayer,
  taggedParts,
  unsupported,
} from './headers.ts'
import { ALG, IV, TAG_ENCRYPT } from './labels.ts'
import { encStructure } from './structures.ts'

/** The most recipients that one COSE_Encrypt may have. */
export const maxCoseRecipients = 64

/** The encrypted content: what the key derivation of a recipient may bind, so that no recipient can put other content beside it. */
export interface CoseContent {
  readonly algorithm: CoseContentAlgorithm
  readonly protectedHeader: Uint8Array
  readonly iv: Uint8Array
  /** The encrypted bytes followed by the tag. */
  readonly ciphertext: Uint8Array
}

type World = { readonly crypto: Crypto; readonly randomBytes: RandomBytes }

/** One recipient to write: encrypts the content encryption key for it, and returns its COSE_recipient. */
export type WrapCoseKey = (cek: Uint8Array, content: CoseContent, context: World) => Promise<CborValue> | CborValue

/** One recipient that reads: decrypts the content encryption key. @throws DidCommError where it cannot */
export type UnwrapCoseKey = (content: CoseContent, crypto: Crypto) => Promise<Uint8Array> | Uint8Array

export interface CoseEncryptForOptions {
  readonly plaintext: Uint8Array
  /** At least one. */
  readonly recipients: readonly WrapCoseKey[]
  /** Default ChaCha20/Poly1305. */
  readonly algorithm?: CoseContentAlgorithm
  /** What is authenticated with the content and not sent. Default: nothing. */
  readonly externalAad?: Uint8Array
  /** Further protected parameters, such as a content type. */
  readonly protectedMap?: CoseHeaders
}

/** One COSE_recipient, of which nothing has been decrypted. */
export interface CoseRecipient extends CoseLayer {
  /** Empty where it is null. */
  readonly ciphertext: Uint8Array
}

/** A COSE_Encrypt whose structure has been checked and of which nothing has been decrypted. */
export interface CoseEncrypt extends CoseLayer, CoseContent {
  readonly recipients: readonly CoseRecipient[]
}

/**
 * Encrypts once for several recipients, as a tagged COSE_Encrypt (RFC 9052 §5.1) in deterministic CBOR. The content is
 * encrypted first, so that the recipients can bind it.
 *
 * @throws RangeError where there is no recipient, or more than `maxCoseRecipients`
 */
export async function encryptCoseFor(options: CoseEncryptForOptions, context: World): Promise<Uint8Array> {
  const { plaintext, recipients, algorithm = chaCha20Poly1305, externalAad = new Uint8Array(0) } = options
  if (recipients.length === 0 || recipients.length > maxCoseRecipients) {
    throw new RangeError(`"recipients" expected 1 to ${maxCoseRecipients}, got ${recipients.length}`)
  }
  const protectedHeader = protectedBytes(new Map(options.protectedMap).set(ALG, algorithm.alg))
  const aead = algorithm.aead(context.crypto)
  const cek = context.randomBytes(aead.keyBytes)
  const iv = context.randomBytes(aead.nonceBytes)
  const ciphertext = aead.seal(cek, iv, plaintext, encStructure('Encrypt', protectedHeader, externalAad))
  const content = { algorithm, protectedHeader, iv, ciphertext }
  const wrapped = await Promise.all(recipients.map((wrap) => wrap(cek, content, context)))
  cek.fill(0)
  return encodeCbor(new Tagged(TAG_ENCRYPT, [protectedHeader, new Map([[IV, iv]]), ciphertext, wrapped]))
}

/**
 * Reads a tagged COSE_Encrypt with one of `algorithms`, with its ciphertext in it. Parameters that are not known here are passed
 * over, but not `crit`.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function parseCoseEncrypt(
  bytes: Uint8Array,
  algorithms: readonly CoseContentAlgorithm[],
  crypto: Crypto,
): CoseEncrypt {
  const [protectedHeader, unprotected, ciphertext, recipients] = taggedParts(bytes, TAG_ENCRYPT)
  const layer = readLayer(protectedHeader, unprotected)
  const content = readContent(layer, ciphertext, algorithms, crypto)
  if (!Array.isArray(recipients) || recipients.length === 0 || recipients.length > maxCoseRecipients) {
    throw malformed(`a COSE_Encrypt expected 1 to ${maxCoseRecipients} recipients`)
  }
  return { ...layer, ...content, recipients: recipients.map(readRecipient) }
}

/** @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED` */
function readContent(
  layer: CoseLayer,
  ciphertext: CborValue,
  algorithms: readonly CoseContentAlgorithm[],
  crypto: Crypto,
): CoseContent {
  const alg = layer.protectedMap.get(ALG)
  const algorithm = algorithms.find((entry) => entry.alg === alg)
  if (!algorithm) throw unsupported('the content encryption is not supported')
  if (ciphertext === null) throw unsupported('a ciphertext elsewhere is not supported')
  const aead = algorithm.aead(crypto)
  const iv = bytesOf(headerOf(layer, IV), 'the IV')
  if (iv.length !== aead.nonceBytes) throw malformed(`the IV has not ${aead.nonceBytes} bytes`)
  const sealed = bytesOf(ciphertext, 'the ciphertext')
  if (sealed.length < aead.tagBytes) throw malformed('the ciphertext is shorter than its tag')
  return { algorithm, protectedHeader: layer.protectedHeader, iv, ciphertext: sealed }
}

/** A recipient that has recipients of its own is of no method that is here. */
function readRecipient(value: CborValue): CoseRecipient {
  const [protectedHeader, unprotected, ciphertext] = partsOf(value, 3)
  return {
    ...readLayer(protectedHeader, unprotected),
    ciphertext: ciphertext === null ? new Uint8Array(0) : bytesOf(ciphertext, 'the ciphertext of a recipient'),
  }
}

export interface CoseDecryptForKeys {
  readonly unwrap: UnwrapCoseKey
  /** What was authenticated with the content and not sent. Default: nothing. */
  readonly externalAad?: Uint8Array
}

/**
 * Decrypts with one recipient's key, over what was received.
 *
 * Every failure is the one `ERR_ENVELOPE_DECRYPT`, and takes the same steps: where the key does not unwrap, the content is
 * checked all the same under a key that cannot be right (RFC 7516 §11.5, which COSE has no counterpart of).
 *
 * @throws DidCommError `ERR_ENVELOPE_DECRYPT`; what else `unwrap` throws is passed on, for example a key store out of reach
 */
export async function decryptCoseFor(
  envelope: CoseEncrypt,
  { unwrap, externalAad = new Uint8Array(0) }: CoseDecryptForKeys,
  crypto: Crypto,
): Promise<Uint8Array> {
  const aead = envelope.algorithm.aead(crypto)
  const unwrapped = await orNothing(() => unwrap(envelope, crypto))
  const cek = unwrapped?.length === aead.keyBytes ? unwrapped : undefined
  const aad = encStructure('Encrypt', envelope.protectedHeader, externalAad)
  const content = await orNothing(() =>
    aead.open(cek ?? new Uint8Array(aead.keyBytes), envelope.iv, envelope.ciphertext, aad),
  )
  // The stand-in key is public: what opens under it proves nothing.
  if (!cek || !content) throw new DidCommError('ERR_ENVELOPE_DECRYPT', 'the envelope cannot be opened')
  return content
}

/** Turns what a forger can cause, and only that, into `undefined`. */
async function orNothing(step: () => Promise<Uint8Array> | Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await step()
  } catch (error) {
    if (isDidCommError(error, 'ERR_KEY_INVALID', 'ERR_CRYPTO_TAG', 'ERR_ENVELOPE_DECRYPT')) return undefined
    throw error
  }
}
