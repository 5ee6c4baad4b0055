import { concatBytes, encodeUtf8 } from '../bytes/index.ts'
import type { Crypto, RandomBytes } from './crypto.ts'

// The key schedule of HPKE, RFC 9180, with DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256. Names are those of the RFC.

/** A secret that sender and recipient share already, which authenticates the sender (RFC 9180 §5.1.2). */
export interface HpkePsk {
  /** At least 1 byte. */
  readonly pskId: Uint8Array
  /** At least 32 bytes, with the entropy of a key: it is no password. */
  readonly psk: Uint8Array
}

/** What both sides of a context agree on besides the keys. */
export interface HpkeAgreed {
  /** Bound to the key schedule; empty if absent. */
  readonly info?: Uint8Array
  /** Present: psk mode. Absent: base mode, in which nobody knows who the sender is. */
  readonly psk?: HpkePsk
}

export interface HpkeSenderOptions extends HpkeAgreed {
  /** pkR, 32 bytes. */
  readonly recipientPublicKey: Uint8Array
}

/** The recipient's secret key, or, where that cannot leave its store, what the store computes with it. */
export type HpkeRecipientKey =
  | { readonly secretKey: Uint8Array }
  | {
      /** The raw X25519 shared secret of `enc` and the recipient's secret key. */
      readonly sharedSecret: Uint8Array
      readonly recipientPublicKey: Uint8Array
    }

export type HpkeRecipientOptions = HpkeAgreed &
  HpkeRecipientKey & {
    /** The encapsulated key, 32 bytes. */
    readonly enc: Uint8Array
  }

/** The AEADs of RFC 9180 §7.3 that are here, by their names in `Crypto`. */
const aeadIds = { aes128gcm: 0x0001, chacha20poly1305: 0x0003 } as const

const kemId = 0x0020
const kdfId = 0x0001
const version: Uint8Array = /* @__PURE__ */ encodeUtf8('HPKE-v1')
const kemSuite: Uint8Array = /* @__PURE__ */ concatBytes(encodeUtf8('KEM'), uint16(kemId))
const empty = new Uint8Array(0)
/** Nsecret and Nh. */
export const secretBytes = 32

/** An AEAD that HPKE can use. */
export type HpkeAead = keyof typeof aeadIds

/** What a context is made of. The first nonce is the base nonce. */
export interface HpkeSchedule {
  readonly key: Uint8Array
  readonly baseNonce: Uint8Array
  /** What the exporter derives from: `secret`, `key_schedule_context` and `suite_id` of the RFC. */
  readonly secret: Uint8Array
  readonly context: Uint8Array
  readonly suite: Uint8Array
}

/** Encap (§4.1) and KeyScheduleS (§5.1). */
export function scheduleSender(
  crypto: Crypto,
  aead: HpkeAead,
  options: HpkeSenderOptions,
  randomBytes: RandomBytes,
): { enc: Uint8Array; schedule: HpkeSchedule } {
  const secretKey = randomBytes(32)
  const enc = crypto.x25519.getPublicKey(secretKey)
  const dh = crypto.x25519.getSharedSecret(secretKey, options.recipientPublicKey)
  secretKey.fill(0)
  const schedule = keySchedule(crypto, aead, dh, concatBytes(enc, options.recipientPublicKey), options)
  dh.fill(0)
  return { enc, schedule }
}

/** ExtractAndExpand (§4.1) and KeySchedule (§5.1). */
export function keySchedule(
  crypto: Crypto,
  aead: HpkeAead,
  dh: Uint8Array,
  kemContext: Uint8Array,
  { info = empty, psk }: HpkeAgreed,
): HpkeSchedule {
  expectPsk(psk)
  const eaePrk = labeledExtract(crypto, kemSuite, empty, 'eae_prk', dh)
  const sharedSecret = labeledExpand(crypto, kemSuite, eaePrk, 'shared_secret', kemContext, secretBytes)
  const suite = concatBytes(encodeUtf8('HPKE'), uint16(kemId), uint16(kdfId), uint16(aeadIds[aead]))
  const context = concatBytes(
    Uint8Array.of(psk ? 0x01 : 0x00),
    labeledExtract(crypto, suite, empty, 'psk_id_hash', psk?.pskId ?? empty),
    labeledExtract(crypto, suite, empty, 'info_hash', info),
  )
  const secret = labeledExtract(crypto, suite, sharedSecret, 'secret', psk?.psk ?? empty)
  eaePrk.fill(0)
  sharedSecret.fill(0)
  return {
    key: labeledExpand(crypto, suite, secret, 'key', context, crypto[aead].keyBytes),
    baseNonce: labeledExpand(crypto, suite, secret, 'base_nonce', context, crypto[aead].nonceBytes),
    secret,
    context,
    suite,
  }
}

function expectPsk(psk: HpkePsk | undefined): void {
  if (psk && (psk.psk.length < 32 || psk.pskId.length === 0)) {
    throw new RangeError(`"psk" expected at least 32 bytes and an id, got length=${psk.psk.length}`)
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

export function labeledExpand(
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
