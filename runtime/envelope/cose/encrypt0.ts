import { type CborValue, concatBytes, encodeCbor, Tagged } from '../../bytes/index.ts'
import type { Crypto, RandomBytes } from '../../crypto/crypto.ts'
import { type HpkePsk, keySchedule, scheduleSender } from '../../crypto/hpke-schedule.ts'
import { DidCommError, isDidCommError } from '../../errors.ts'
import { decodeStructure, headerMap, idOf, malformed, unsupported } from './headers.ts'
import { ALG, EK, HPKE_4, KID, PSK_ID, TAG_ENCRYPT0 } from './labels.ts'
import { encStructure } from './structures.ts'

/** The cipher of HPKE-4. */
export const aead = 'chacha20poly1305'
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
  /** `keyScheduleContext` of `info` and the id of the psk; computed where absent. */
  readonly scheduleContext?: Uint8Array
  readonly externalAad: Uint8Array
  readonly psk?: HpkePsk
}

/** Encrypts as a tagged COSE_Encrypt0 in deterministic CBOR, and returns its ciphertext beside the whole. */
export function encryptCose(
  options: CoseEncryptOptions,
  context: { readonly crypto: Crypto; readonly randomBytes: RandomBytes },
): { bytes: Uint8Array; ciphertext: Uint8Array } {
  const { psk, externalAad, ...rest } = options
  const protectedMap = new Map<CborValue, CborValue>([[ALG, HPKE_4]])
  if (psk) protectedMap.set(PSK_ID, psk.pskId)
  const protectedHeader = encodeCbor(protectedMap)
  const aad = encStructure('Encrypt0', protectedHeader, externalAad)
  const agreed = { ...rest, ...(psk ? { psk } : {}) }
  const { enc, schedule } = scheduleSender(context.crypto, aead, agreed, context.randomBytes)
  const ciphertext = context.crypto[aead].seal(schedule.key, schedule.baseNonce, options.plaintext, aad)
  const unprotected = new Map<CborValue, CborValue>([
    [KID, options.kid],
    [EK, enc],
  ])
  const bytes = encodeCbor(new Tagged(TAG_ENCRYPT0, [protectedHeader, unprotected, ciphertext]))
  return { bytes, ciphertext }
}

/**
 * Reads a tagged COSE_Encrypt0 with COSE-HPKE. Both header maps must hold exactly what is expected: there is no
 * parameter to be ignored.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export function parseCose(bytes: Uint8Array): CoseEncrypt0 {
  const envelope = decodeStructure(bytes, 'the envelope')
  if (!(envelope instanceof Tagged)) throw malformed('the envelope has no tag')
  if (envelope.tag !== TAG_ENCRYPT0) {
    throw unsupported('the tag is not that of COSE_Encrypt0')
  }
  const parts = envelope.value
  if (!Array.isArray(parts) || parts.length !== 3) throw malformed('COSE_Encrypt0 is no array of 3')
  const [protectedHeader, unprotected, ciphertext] = parts
  if (!(protectedHeader instanceof Uint8Array)) throw malformed('the protected header is no byte string')
  if (!(ciphertext instanceof Uint8Array)) throw malformed('the ciphertext is no byte string')
  if (ciphertext.length < tagBytes) throw malformed('the ciphertext is shorter than its tag')
  const protectedMap = headerMap(decodeStructure(protectedHeader, 'the protected header'), [ALG, PSK_ID])
  if (protectedMap.get(ALG) !== HPKE_4) {
    throw unsupported('the algorithm is not HPKE-4')
  }
  const unprotectedMap = headerMap(unprotected, [KID, EK])
  const ek = idOf(unprotectedMap.get(EK), 'ek')
  if (ek.length !== ekBytes) throw malformed(`"ek" has not ${ekBytes} bytes`)
  return {
    kid: idOf(unprotectedMap.get(KID), 'kid'),
    ...(protectedMap.has(PSK_ID) ? { pskId: idOf(protectedMap.get(PSK_ID), 'psk_id') } : {}),
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
  /** `keyScheduleContext` of `info` and the id of the psk; computed where absent. */
  readonly scheduleContext?: Uint8Array
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
    const { info, scheduleContext } = keys
    const agreed = { info, scheduleContext, ...(pskId && keys.psk ? { psk: { pskId, psk: keys.psk } } : {}) }
    const schedule = keySchedule(crypto, aead, keys.dh, kemContext, agreed)
    const aad = encStructure('Encrypt0', envelope.protectedHeader, keys.externalAad)
    return crypto[aead].open(schedule.key, schedule.baseNonce, envelope.ciphertext, aad)
  } catch (error) {
    if (!isDidCommError(error)) throw error
    throw new DidCommError('ERR_ENVELOPE_DECRYPT', 'the envelope cannot be opened')
  }
}
