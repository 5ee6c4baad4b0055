import { type CborValue, concatBytes, encodeCbor } from '../../bytes/index.ts'
import { type HpkePsk, keySchedule, scheduleSender } from '../../crypto/hpke-schedule.ts'
import type { CoseContent } from './content.ts'
import type { CoseRecipient, UnwrapCoseKey, WrapCoseKey } from './encrypt.ts'
import { headerMap, idOf, malformed } from './headers.ts'
import { ALG, EK, HPKE_4_KE, KID, PSK_ID } from './labels.ts'
import { recipientStructure } from './structures.ts'

/** A recipient by HPKE-4-KE: COSE-HPKE in its Key Encryption mode (draft-ietf-cose-hpke-24, "HPKE Key Encryption Mode"). */

const aead = 'chacha20poly1305'
const ekBytes = 32
const tagBytes = 16
const empty = new Uint8Array(0)

/** What both sides agree on besides the keys and what is sent. */
export interface CoseHpkeAgreed {
  /**
   * The `recipient_extra_info`, bound to the key derivation and not sent. Whoever can read the content knows its key, too, and could put
   * other content under it: in psk mode, bind a hash of `content.ciphertext` here, or the psk proves nothing of the content. Default: nothing.
   */
  readonly extraInfo?: (content: CoseContent) => Uint8Array
  /** The `aad` of HPKE, which the draft advises against. Default: nothing. */
  readonly hpkeAad?: Uint8Array
}

export interface CoseHpkeRecipientOptions extends CoseHpkeAgreed {
  /** Is bound to the key derivation. */
  readonly kid?: Uint8Array
  readonly recipientPublicKey: Uint8Array
  /** Present: psk mode. */
  readonly psk?: HpkePsk
}

/** Writes a recipient by HPKE-4-KE. */
export function hpkeRecipient(options: CoseHpkeRecipientOptions): WrapCoseKey {
  const { kid, recipientPublicKey, psk, extraInfo, hpkeAad = empty } = options
  return (cek, content, { crypto, randomBytes }) => {
    const protectedMap = new Map<CborValue, CborValue>([[ALG, HPKE_4_KE]])
    if (kid) protectedMap.set(KID, kid)
    if (psk) protectedMap.set(PSK_ID, psk.pskId)
    const protectedHeader = encodeCbor(protectedMap)
    const info = recipientStructure(content.algorithm.alg, protectedHeader, extraInfo?.(content) ?? empty)
    const agreed = { recipientPublicKey, info, ...(psk && { psk }) }
    const { enc, schedule } = scheduleSender(crypto, aead, agreed, randomBytes)
    const sealed = crypto[aead].seal(schedule.key, schedule.baseNonce, cek, hpkeAad)
    return [protectedHeader, new Map([[EK, enc]]), sealed]
  }
}

/** A recipient by HPKE-4-KE, of which nothing has been decrypted. */
export interface CoseHpkeRecipient {
  readonly kid?: Uint8Array
  /** Present: psk mode. */
  readonly pskId?: Uint8Array
  readonly ek: Uint8Array
  readonly protectedHeader: Uint8Array
  readonly ciphertext: Uint8Array
}

/**
 * Reads a recipient by HPKE-4-KE; `undefined` for one by another method. Its headers must hold exactly what is expected.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`
 */
export function parseHpkeRecipient(recipient: CoseRecipient): CoseHpkeRecipient | undefined {
  const { protectedHeader, protectedMap, unprotectedMap, ciphertext } = recipient
  if (protectedMap.get(ALG) !== HPKE_4_KE) return undefined
  headerMap(protectedMap, [ALG, KID, PSK_ID])
  headerMap(unprotectedMap, [KID, EK])
  const ek = idOf(unprotectedMap.get(EK), 'ek')
  if (ek.length !== ekBytes) throw malformed(`"ek" has not ${ekBytes} bytes`)
  if (ciphertext.length < tagBytes) throw malformed('the ciphertext of a recipient is shorter than its tag')
  return {
    ...(recipient.kid && { kid: recipient.kid }),
    ...(protectedMap.has(PSK_ID) && { pskId: idOf(protectedMap.get(PSK_ID), 'psk_id') }),
    ek,
    protectedHeader,
    ciphertext,
  }
}

export interface CoseHpkeKeys extends CoseHpkeAgreed {
  readonly recipientPublicKey: Uint8Array
  /** The raw shared secret of `ek` and the recipient's private key. */
  readonly dh: Uint8Array
  /** Present exactly in psk mode. */
  readonly psk?: Uint8Array
}

/** Reads as a recipient by HPKE-4-KE. @throws TypeError where `psk` is not there exactly in psk mode */
export function unwrapHpke(recipient: CoseHpkeRecipient, keys: CoseHpkeKeys): UnwrapCoseKey {
  const { ek, pskId, protectedHeader, ciphertext } = recipient
  const { recipientPublicKey, dh, psk, extraInfo, hpkeAad = empty } = keys
  if ((pskId === undefined) !== (psk === undefined)) throw new TypeError('"psk" expected exactly in psk mode')
  return (content, crypto) => {
    const info = recipientStructure(content.algorithm.alg, protectedHeader, extraInfo?.(content) ?? empty)
    const agreed = { info, ...(pskId && psk ? { psk: { pskId, psk } } : {}) }
    const schedule = keySchedule(crypto, aead, dh, concatBytes(ek, recipientPublicKey), agreed)
    return crypto[aead].open(schedule.key, schedule.baseNonce, ciphertext, hpkeAad)
  }
}
