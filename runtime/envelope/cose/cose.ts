import { type CborValue, concatBytes, decodeCbor, encodeCbor, Tagged } from '../../bytes/index.ts'
import type { Crypto, RandomBytes } from '../../crypto/crypto.ts'
import { type HpkePsk, keySchedule, scheduleSender } from '../../crypto/hpke-schedule.ts'
import { DidCommError, isDidCommError } from '../../errors.ts'

/** The numbers of the registries that are used here. Those of COSE-HPKE are still "assumed" in its draft. */
export const cose = {
  /** COSE_Encrypt0, RFC 9052 §5.2. */
  tagEncrypt0: 16,
  /** Header parameter `alg`, RFC 9052 §3.1. */
  alg: 1,
  /** Header parameter `kid`, RFC 9052 §3.1. */
  kid: 4,
  /** Header parameter `ek`, the encapsulated key (draft-ietf-cose-hpke). */
  ek: -4,
  /** Header parameter `psk_id` (draft-ietf-cose-hpke). */
  pskId: -5,
  /** Algorithm HPKE-4: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305 (draft-ietf-cose-hpke). */
  hpke4: 42,
} as const

/** The longest `kid` or `psk_id` that is read. */
export const maxIdBytes = 9216
const aead = 'chacha20poly1305'
const ekBytes = 32
const tagBytes = 16

/** A COSE_Encrypt0 with COSE-HPKE whose structure has been checked and of which nothing has been decrypted. */
export interface CoseEncrypt0 {
  readonly kid: Uint8Array
  /** Present: psk mode. */
  readonly pskId?: Uint8Array
  readonly ek: Uint8Array
  /** The protected header as it was received. */
  readonly protectedHeader: Uint8Array
  /** The encrypted bytes followed by the tag. */
  readonly ciphertext: Uint8Array
}

export interface CoseEncryptOptions {
  readonly plaintext: Uint8Array
  readonly kid: Uint8Array
  readonly recipientPublicKey: Uint8Array
  readonly info: Uint8Array
  readonly externalAad: Uint8Array
  readonly psk?: HpkePsk
}

/** Encrypts as a tagged COSE_Encrypt0 in deterministic CBOR, and returns its ciphertext beside the whole. */
export function encryptCose(
  options: CoseEncryptOptions,
  context: { readonly crypto: Crypto; readonly randomBytes: RandomBytes },
): { bytes: Uint8Array; ciphertext: Uint8Array } {
  const { psk, externalAad, ...rest } = options
  const protectedMap = new Map<CborValue, CborValue>([[cose.alg, cose.hpke4]])
  if (psk) protectedMap.set(cose.pskId, psk.pskId)
  const protectedHeader = encodeCbor(protectedMap)
  const aad = encStructure(protectedHeader, externalAad)
  const agreed = { ...rest, ...(psk ? { psk } : {}) }
  const { enc, schedule } = scheduleSender(context.crypto, aead, agreed, context.randomBytes)
  const ciphertext = context.crypto[aead].seal(schedule.key, schedule.baseNonce, options.plaintext, aad)
  const unprotected = new Map<CborValue, CborValue>([
    [cose.kid, options.kid],
    [cose.ek, enc],
  ])
  const bytes = encodeCbor(new Tagged(cose.tagEncrypt0, [protectedHeader, unprotected, ciphertext]))
  return { bytes, ciphertext }
}

/**
 * Reads a tagged COSE_Encrypt0 with COSE-HPKE. Both header maps must hold exactly what is expected: there is no
 * parameter to be ignored.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function parseCose(bytes: Uint8Array): CoseEncrypt0 {
  const envelope = strictCbor(bytes, 'the envelope')
  if (!(envelope instanceof Tagged)) throw malformed('the envelope has no tag')
  if (envelope.tag !== cose.tagEncrypt0) {
    throw new DidCommError('ERR_ENVELOPE_UNSUPPORTED', 'the tag is not that of COSE_Encrypt0')
  }
  const parts = envelope.value
  if (!Array.isArray(parts) || parts.length !== 3) throw malformed('COSE_Encrypt0 is no array of 3')
  const [protectedHeader, unprotected, ciphertext] = parts
  if (!(protectedHeader instanceof Uint8Array)) throw malformed('the protected header is no byte string')
  if (!(ciphertext instanceof Uint8Array)) throw malformed('the ciphertext is no byte string')
  if (ciphertext.length < tagBytes) throw malformed('the ciphertext is shorter than its tag')
  const protectedMap = headerMap(strictCbor(protectedHeader, 'the protected header'), [cose.alg, cose.pskId])
  if (protectedMap.get(cose.alg) !== cose.hpke4) {
    throw new DidCommError('ERR_ENVELOPE_UNSUPPORTED', 'the algorithm is not HPKE-4')
  }
  const unprotectedMap = headerMap(unprotected, [cose.kid, cose.ek])
  const ek = idOf(unprotectedMap.get(cose.ek), 'ek')
  if (ek.length !== ekBytes) throw malformed(`"ek" has not ${ekBytes} bytes`)
  return {
    kid: idOf(unprotectedMap.get(cose.kid), 'kid'),
    ...(protectedMap.has(cose.pskId) ? { pskId: idOf(protectedMap.get(cose.pskId), 'psk_id') } : {}),
    ek,
    protectedHeader,
    ciphertext,
  }
}

export interface CoseDecryptKeys {
  readonly recipientPublicKey: Uint8Array
  /** The raw shared secret of `ek` and the recipient's private key. */
  readonly dh: Uint8Array
  readonly info: Uint8Array
  readonly externalAad: Uint8Array
  readonly psk?: Uint8Array
}

/**
 * Decrypts over the protected header as it was received.
 *
 * @throws DidCommError `ERR_ENVELOPE_DECRYPT`
 */
export function decryptCose(envelope: CoseEncrypt0, keys: CoseDecryptKeys, crypto: Crypto): Uint8Array {
  const { pskId } = envelope
  if ((pskId === undefined) !== (keys.psk === undefined)) throw new TypeError('"psk" expected exactly in psk mode')
  try {
    const kemContext = concatBytes(envelope.ek, keys.recipientPublicKey)
    const agreed = { info: keys.info, ...(pskId && keys.psk ? { psk: { pskId, psk: keys.psk } } : {}) }
    const schedule = keySchedule(crypto, aead, keys.dh, kemContext, agreed)
    const aad = encStructure(envelope.protectedHeader, keys.externalAad)
    return crypto[aead].open(schedule.key, schedule.baseNonce, envelope.ciphertext, aad)
  } catch (error) {
    if (!isDidCommError(error)) throw error
    throw new DidCommError('ERR_ENVELOPE_DECRYPT', 'the envelope cannot be opened')
  }
}

/** The Enc_structure of RFC 9052 §5.3. */
function encStructure(protectedHeader: Uint8Array, externalAad: Uint8Array): Uint8Array {
  return encodeCbor(['Encrypt0', protectedHeader, externalAad])
}

function strictCbor(bytes: Uint8Array, what: string): CborValue {
  try {
    return decodeCbor(bytes, { maxBytes: bytes.length, maxDepth: 4 })
  } catch (cause) {
    if (!isDidCommError(cause)) throw cause
    throw malformed(`${what} is not deterministic CBOR`, cause)
  }
}

function headerMap(value: CborValue | undefined, labels: readonly number[]): Map<CborValue, CborValue> {
  if (!(value instanceof Map)) throw malformed('a header is no map')
  for (const label of value.keys()) {
    if (typeof label !== 'number' || !labels.includes(label)) throw malformed('a header has an unknown label')
  }
  return value
}

function idOf(value: CborValue | undefined, what: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length === 0 || value.length > maxIdBytes) {
    throw malformed(`"${what}" is missing, no byte string, empty, or longer than ${maxIdBytes}`)
  }
  return value
}

function malformed(what: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_ENVELOPE_MALFORMED', what, cause === undefined ? undefined : { cause })
}
