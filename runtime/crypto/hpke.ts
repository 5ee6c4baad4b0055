import { concatBytes } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import { expectBytes, expectInteger } from './arguments.ts'
import type { Crypto, RandomBytes } from './crypto.ts'
import {
  type HpkeAead,
  type HpkeRecipientOptions,
  type HpkeSchedule,
  type HpkeSenderOptions,
  keySchedule,
  labeledExpand,
  scheduleSender,
  secretBytes,
} from './hpke-schedule.ts'

// HPKE, RFC 9180, with DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256. Names are those of the RFC where they say enough.

interface HpkeExporter {
  /** Derives a secret of `lengthBytes`, at most 8,160, for another use (RFC 9180 §5.3). */
  exportSecret(exporterContext: Uint8Array, lengthBytes: number): Uint8Array
}

/** A context to encrypt with. Messages are numbered: they must be opened in the order in which they were sealed. */
export interface HpkeSender extends HpkeExporter {
  /** The encapsulated key, 32 bytes, which the recipient needs once. */
  readonly enc: Uint8Array
  /** Encrypts the next message; the ciphertext is the plaintext's length plus 16 bytes. */
  seal(plaintext: Uint8Array, aad?: Uint8Array): Uint8Array
}

/** A context to decrypt with. */
export interface HpkeRecipient extends HpkeExporter {
  /**
   * Decrypts the next message. One that fails does not count: the context stays where it is.
   *
   * @throws DidCommError `ERR_CRYPTO_TAG`
   */
  open(ciphertext: Uint8Array, aad?: Uint8Array): Uint8Array
}

/** One ciphersuite of HPKE in its base and psk modes. */
export interface Hpke {
  /**
   * Sets up a context for many messages to one recipient (RFC 9180 §5.1).
   *
   * @param randomBytes gives the ephemeral secret key, 32 bytes
   * @throws DidCommError `ERR_KEY_INVALID` for a recipient's key of low order, or of another length than 32
   */
  createSender(options: HpkeSenderOptions, randomBytes: RandomBytes): HpkeSender
  /** @throws DidCommError `ERR_KEY_INVALID` for an `enc` of low order, or of another length than 32 */
  createRecipient(options: HpkeRecipientOptions): HpkeRecipient
  /** Seals one message (RFC 9180 §6.1). */
  seal(
    options: HpkeSenderOptions & { readonly plaintext: Uint8Array; readonly aad?: Uint8Array },
    randomBytes: RandomBytes,
  ): { enc: Uint8Array; ciphertext: Uint8Array }
  /** Opens one message (RFC 9180 §6.1). @throws DidCommError `ERR_CRYPTO_TAG`, `ERR_KEY_INVALID` */
  open(options: HpkeRecipientOptions & { readonly ciphertext: Uint8Array; readonly aad?: Uint8Array }): Uint8Array
}

/**
 * Makes HPKE with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and one AEAD over a core.
 *
 * @example
 * import { crypto, hpkeOver } from 'didcomm-mote/crypto'
 *
 * const hpke = hpkeOver(crypto, 'chacha20poly1305')
 * const secretKey = globalThis.crypto.getRandomValues(new Uint8Array(32))
 * const recipientPublicKey = crypto.x25519.getPublicKey(secretKey)
 * const random = (lengthBytes: number) => globalThis.crypto.getRandomValues(new Uint8Array(lengthBytes))
 * const { enc, ciphertext } = hpke.seal({ recipientPublicKey, plaintext: Uint8Array.of(1, 2, 3) }, random)
 * const plaintext = hpke.open({ secretKey, enc, ciphertext })
 */
export function hpkeOver(crypto: Crypto, aead: HpkeAead): Hpke {
  const cipher = crypto[aead]

  function createSender(options: HpkeSenderOptions, randomBytes: RandomBytes): HpkeSender {
    const { enc, schedule } = scheduleSender(crypto, aead, options, randomBytes)
    const next = counting(schedule)
    const seal: HpkeSender['seal'] = (plaintext, aad) =>
      next((nonce) => cipher.seal(schedule.key, nonce, plaintext, aad))
    return { enc, seal, ...exporterOf(crypto, schedule) }
  }

  function createRecipient(options: HpkeRecipientOptions): HpkeRecipient {
    const schedule = scheduleRecipient(crypto, aead, options)
    const next = counting(schedule)
    const open: HpkeRecipient['open'] = (ciphertext, aad) =>
      next((nonce) => cipher.open(schedule.key, nonce, ciphertext, aad))
    return { open, ...exporterOf(crypto, schedule) }
  }

  return {
    createSender,
    createRecipient,
    seal(options, randomBytes) {
      const { enc, seal } = createSender(options, randomBytes)
      return { enc, ciphertext: seal(options.plaintext, options.aad) }
    },
    open: (options) => createRecipient(options).open(options.ciphertext, options.aad),
  }
}

/** Decap (§4.1) and KeyScheduleR (§5.1). */
function scheduleRecipient(crypto: Crypto, aead: HpkeAead, options: HpkeRecipientOptions): HpkeSchedule {
  const { enc } = options
  expectBytes('enc', enc)
  if (enc.length !== 32) throw new DidCommError('ERR_KEY_INVALID', `"enc" has ${enc.length} bytes instead of 32`)
  if ('sharedSecret' in options) {
    expectBytes('sharedSecret', options.sharedSecret, 32)
    return keySchedule(crypto, aead, options.sharedSecret, concatBytes(enc, options.recipientPublicKey), options)
  }
  const publicKey = crypto.x25519.getPublicKey(options.secretKey)
  const dh = crypto.x25519.getSharedSecret(options.secretKey, enc)
  const schedule = keySchedule(crypto, aead, dh, concatBytes(enc, publicKey), options)
  dh.fill(0)
  return schedule
}

function exporterOf(crypto: Crypto, { labels, secret, context }: HpkeSchedule): HpkeExporter {
  return {
    exportSecret(exporterContext, lengthBytes) {
      expectBytes('exporterContext', exporterContext)
      expectInteger('lengthBytes', lengthBytes, 0, 8160)
      const exporterSecret = labeledExpand(crypto, labels('exp'), secret, context, secretBytes)
      return labeledExpand(crypto, labels('sec'), exporterSecret, exporterContext, lengthBytes)
    },
  }
}

/** Hands out the nonce of the next message; only work that succeeds counts as one (§5.2). */
function counting({ baseNonce }: HpkeSchedule): (work: (nonce: Uint8Array) => Uint8Array) => Uint8Array {
  let sequence = 0
  return (work) => {
    if (sequence >= Number.MAX_SAFE_INTEGER) throw new RangeError('the context has handled all that it may')
    const result = work(nonceOf(baseNonce, sequence))
    sequence++
    return result
  }
}

/** RFC 9180 §5.2, ComputeNonce. */
function nonceOf(baseNonce: Uint8Array, sequence: number): Uint8Array {
  const nonce = Uint8Array.from(baseNonce)
  let rest = sequence
  for (let at = nonce.length - 1; rest > 0; at--) {
    nonce[at] = (nonce[at] ?? 0) ^ (rest & 0xff)
    rest = Math.floor(rest / 256)
  }
  return nonce
}
