import { type CborValue, encodeCbor, Tagged } from '../../bytes/index.ts'
import type { Crypto, RandomBytes } from '../../crypto/crypto.ts'
import { isDidCommError } from '../../errors.ts'
import {
  type CoseContent,
  type CoseContentOptions,
  type CoseContentReadOptions,
  openContent,
  readContent,
  sealContent,
} from './content.ts'
import { type CoseContentAlgorithm, chaCha20Poly1305 } from './content-algorithms.ts'
import {
  bytesOf,
  type CoseLayer,
  type CoseReadOptions,
  malformed,
  optionalKid,
  partsOf,
  readLayer,
  taggedParts,
} from './headers.ts'
import { IV, TAG_ENCRYPT } from './labels.ts'

/** The most recipients that one COSE_Encrypt may have. */
export const maxCoseRecipients = 64

export interface CoseWorld {
  readonly crypto: Crypto
  readonly randomBytes: RandomBytes
}

/**
 * One recipient to write: encrypts the content encryption key for it, and returns its COSE_recipient. It may bind the content,
 * so that no other recipient can put other content beside it.
 */
export type WrapCoseKey = (cek: Uint8Array, content: CoseContent, world: CoseWorld) => Promise<CborValue> | CborValue

/** The only recipient, by a direct method: the content encryption key is what the two sides agree on. */
export type AgreeCoseKey = (
  algorithm: CoseContentAlgorithm,
  world: CoseWorld,
) => Promise<{ cek: Uint8Array; recipient: CborValue }>

/** One recipient that reads: finds the content encryption key. @throws DidCommError where it cannot */
export type UnwrapCoseKey = (content: CoseContent, crypto: Crypto) => Promise<Uint8Array> | Uint8Array

export interface CoseEncryptForOptions extends CoseContentOptions {
  /** At least one; or the only one, by a direct method. */
  readonly recipients: readonly WrapCoseKey[] | { readonly direct: AgreeCoseKey }
  /** Default ChaCha20/Poly1305. */
  readonly algorithm?: CoseContentAlgorithm
}

/** One COSE_recipient, of which nothing has been decrypted. */
export interface CoseRecipient extends CoseLayer {
  readonly kid?: Uint8Array
  /** Empty where it is null. */
  readonly ciphertext: Uint8Array
}

/** A COSE_Encrypt whose structure has been checked and of which nothing has been decrypted. */
export interface CoseEncrypt extends CoseLayer, CoseContent {
  readonly recipients: readonly CoseRecipient[]
}

/**
 * Encrypts once for all recipients, as a tagged COSE_Encrypt (RFC 9052 §5.1) in deterministic CBOR. The content is
 * encrypted first, so that the recipients can bind it.
 *
 * @throws RangeError where there is no recipient, or more than `maxCoseRecipients`
 */
export async function encryptCoseFor(options: CoseEncryptForOptions, world: CoseWorld): Promise<Uint8Array> {
  const { recipients, algorithm = chaCha20Poly1305 } = options
  const count = 'direct' in recipients ? 1 : recipients.length
  if (count === 0 || count > maxCoseRecipients) {
    throw new RangeError(`"recipients" expected 1 to ${maxCoseRecipients}, got ${count}`)
  }
  const aead = algorithm.aead(world.crypto)
  const direct = 'direct' in recipients ? await recipients.direct(algorithm, world) : undefined
  const cek = direct?.cek ?? world.randomBytes(aead.keyBytes)
  const iv = world.randomBytes(aead.nonceBytes)
  const content = sealContent({ ...options, context: 'Encrypt', algorithm, cek, iv }, world.crypto)
  const written = direct
    ? [direct.recipient]
    : (recipients as readonly WrapCoseKey[]).map((wrap) => wrap(cek, content, world))
  const { protectedHeader, ciphertext } = content
  const parts = [protectedHeader, new Map([[IV, iv]]), ciphertext, await Promise.all(written)]
  cek.fill(0)
  return encodeCbor(new Tagged(TAG_ENCRYPT, parts))
}

/**
 * Reads a tagged COSE_Encrypt with one of `algorithms`, with its ciphertext in it. Parameters that are not known here are passed
 * over, but not `crit`.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function parseCoseEncrypt(bytes: Uint8Array, options: CoseContentReadOptions, crypto: Crypto): CoseEncrypt {
  const parts = taggedParts(bytes, { tag: TAG_ENCRYPT, length: 4 }, options)
  const [protectedHeader, unprotected, ciphertext, recipients] = parts
  const layer = readLayer(protectedHeader, unprotected, options)
  const content = readContent(layer, ciphertext, options, crypto)
  if (!Array.isArray(recipients) || recipients.length === 0 || recipients.length > maxCoseRecipients) {
    throw malformed(`a COSE_Encrypt expected 1 to ${maxCoseRecipients} recipients`)
  }
  return { ...layer, ...content, recipients: recipients.map((recipient) => readRecipient(recipient, options)) }
}

/** A recipient that has recipients of its own is of no method that is here. */
function readRecipient(value: CborValue, options: CoseReadOptions): CoseRecipient {
  const [protectedHeader, unprotected, ciphertext] = partsOf(value, 3)
  const layer = readLayer(protectedHeader, unprotected, options)
  return {
    ...layer,
    ...optionalKid(layer),
    ciphertext: ciphertext === null ? new Uint8Array(0) : bytesOf(ciphertext, 'the ciphertext of a recipient'),
  }
}

export interface CoseDecryptForKeys {
  readonly unwrap: UnwrapCoseKey
  /** What was authenticated with the content and not sent. Default: nothing. */
  readonly externalAad?: Uint8Array
}

/**
 * Decrypts with one recipient's key, over what was received. Every failure is the one `ERR_ENVELOPE_DECRYPT`, and takes the same
 * steps.
 *
 * @throws DidCommError `ERR_ENVELOPE_DECRYPT`; what else `unwrap` throws is passed on: `ERR_TOO_LARGE` for a header that no key is derived
 * with, or a key store out of reach
 */
export async function decryptCoseFor(
  envelope: CoseEncrypt,
  { unwrap, externalAad }: CoseDecryptForKeys,
  crypto: Crypto,
): Promise<Uint8Array> {
  const cek = await keyOrNothing(() => unwrap(envelope, crypto))
  return openContent(envelope, { context: 'Encrypt', cek, externalAad }, crypto)
}

/** Turns what a forger can cause, and only that, into `undefined`. */
async function keyOrNothing(unwrap: () => Promise<Uint8Array> | Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await unwrap()
  } catch (error) {
    if (isDidCommError(error, 'ERR_KEY_INVALID', 'ERR_CRYPTO_TAG')) return undefined
    throw error
  }
}
