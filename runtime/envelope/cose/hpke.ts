import { concatBytes, encodeUtf8 } from '../../bytes/index.ts'
import type { Crypto, RandomBytes } from '../../crypto/crypto.ts'
import { DidCommError, isDidCommError } from '../../errors.ts'

/**
 * HPKE (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20Poly1305, single-shot, in its base and psk
 * modes. Names are those of the RFC.
 */

/** A secret that sender and recipient share already, which authenticates the sender (RFC 9180 §5.1.2). */
export interface HpkePsk {
  readonly pskId: Uint8Array
  /** At least 32 bytes. */
  readonly psk: Uint8Array
}

const kemId = 0x0020
const kdfId = 0x0001
const aeadId = 0x0003
const version = encodeUtf8('HPKE-v1')
const kemSuite = concatBytes(encodeUtf8('KEM'), uint16(kemId))
const hpkeSuite = concatBytes(encodeUtf8('HPKE'), uint16(kemId), uint16(kdfId), uint16(aeadId))
const empty = new Uint8Array(0)
const secretBytes = 32

export interface HpkeSealOptions {
  /** pkR */
  readonly recipientPublicKey: Uint8Array
  readonly info: Uint8Array
  readonly aad: Uint8Array
  readonly plaintext: Uint8Array
  /** Present: psk mode. Absent: base mode. */
  readonly psk?: HpkePsk
}

/**
 * Seals one message (RFC 9180 §6.1): `enc` is the encapsulated key, 32 bytes.
 *
 * @throws DidCommError `ERR_KEY_INVALID` for a recipient key of low order
 */
export function sealHpke(
  options: HpkeSealOptions,
  context: { readonly crypto: Crypto; readonly randomBytes: RandomBytes },
): { enc: Uint8Array; ciphertext: Uint8Array } {
  const { crypto } = context
  const secretKey = context.randomBytes(32)
  const enc = crypto.x25519.getPublicKey(secretKey)
  const dh = crypto.x25519.getSharedSecret(secretKey, options.recipientPublicKey)
  const sharedSecret = extractAndExpand(crypto, dh, concatBytes(enc, options.recipientPublicKey))
  const { key, nonce } = keySchedule(crypto, sharedSecret, options.info, options.psk)
  return { enc, ciphertext: crypto.chacha20poly1305.seal(key, nonce, options.plaintext, options.aad) }
}

export interface HpkeOpenOptions {
  readonly enc: Uint8Array
  /** pkR */
  readonly recipientPublicKey: Uint8Array
  /** The raw shared secret of `enc` and the recipient's private key, wherever that is kept. */
  readonly dh: Uint8Array
  readonly info: Uint8Array
  readonly aad: Uint8Array
  readonly ciphertext: Uint8Array
  readonly psk?: HpkePsk
}

/**
 * Opens one message (RFC 9180 §6.1).
 *
 * @throws DidCommError `ERR_ENVELOPE_DECRYPT`
 */
export function openHpke(options: HpkeOpenOptions, crypto: Crypto): Uint8Array {
  const sharedSecret = extractAndExpand(crypto, options.dh, concatBytes(options.enc, options.recipientPublicKey))
  const { key, nonce } = keySchedule(crypto, sharedSecret, options.info, options.psk)
  try {
    return crypto.chacha20poly1305.open(key, nonce, options.ciphertext, options.aad)
  } catch (error) {
    if (!isDidCommError(error)) throw error
    throw new DidCommError('ERR_ENVELOPE_DECRYPT', 'the envelope cannot be opened')
  }
}

/** RFC 9180 §4.1. */
function extractAndExpand(crypto: Crypto, dh: Uint8Array, kemContext: Uint8Array): Uint8Array {
  const eaePrk = labeledExtract(crypto, kemSuite, empty, 'eae_prk', dh)
  return labeledExpand(crypto, kemSuite, eaePrk, 'shared_secret', kemContext, secretBytes)
}

/** RFC 9180 §5.1; a single-shot message has sequence number 0, so that its nonce is the base nonce. */
function keySchedule(
  crypto: Crypto,
  sharedSecret: Uint8Array,
  info: Uint8Array,
  psk: HpkePsk | undefined,
): { key: Uint8Array; nonce: Uint8Array } {
  if (psk && (psk.psk.length < 32 || psk.pskId.length === 0)) {
    throw new RangeError(`"psk" expected at least 32 bytes and an id, got length=${psk.psk.length}`)
  }
  const context = concatBytes(
    Uint8Array.of(psk ? 0x01 : 0x00),
    labeledExtract(crypto, hpkeSuite, empty, 'psk_id_hash', psk?.pskId ?? empty),
    labeledExtract(crypto, hpkeSuite, empty, 'info_hash', info),
  )
  const secret = labeledExtract(crypto, hpkeSuite, sharedSecret, 'secret', psk?.psk ?? empty)
  const { keyBytes, nonceBytes } = crypto.chacha20poly1305
  return {
    key: labeledExpand(crypto, hpkeSuite, secret, 'key', context, keyBytes),
    nonce: labeledExpand(crypto, hpkeSuite, secret, 'base_nonce', context, nonceBytes),
  }
}

/** RFC 9180 §4. */
function labeledExtract(
  crypto: Crypto,
  suite: Uint8Array,
  salt: Uint8Array,
  label: string,
  ikm: Uint8Array,
): Uint8Array {
  return crypto.hkdfSha256.extract(concatBytes(version, suite, encodeUtf8(label), ikm), salt)
}

function labeledExpand(
  crypto: Crypto,
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  lengthBytes: number,
): Uint8Array {
  const labeledInfo = concatBytes(uint16(lengthBytes), version, suite, encodeUtf8(label), info)
  return crypto.hkdfSha256.expand(prk, labeledInfo, lengthBytes)
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff)
}
