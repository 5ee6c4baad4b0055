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
  /** `keyScheduleContext` of `info` and `psk.pskId`, where many contexts have the same; computed where absent. */
  readonly scheduleContext?: Uint8Array | undefined
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

/** An AEAD that HPKE can use: those of RFC 9180 §7.3 that are here, by their names in `Crypto`. */
export type HpkeAead = 'aes128gcm' | 'chacha20poly1305'

/** Gives `"HPKE-v1" || suite_id || label`, with which the input of each derivation begins (RFC 9180 §4). */
export type HpkeLabels = (label: string) => Uint8Array

const kemId = 0x0020
const kdfId = 0x0001
const empty = new Uint8Array(0)
/** Nsecret and Nh. */
export const secretBytes = 32

const kemLabels: HpkeLabels = /* @__PURE__ */ labelsOf('KEM', kemId)
const suiteLabels: Readonly<Record<HpkeAead, HpkeLabels>> = {
  aes128gcm: /* @__PURE__ */ labelsOf('HPKE', kemId, kdfId, 0x0001),
  chacha20poly1305: /* @__PURE__ */ labelsOf('HPKE', kemId, kdfId, 0x0003),
}

/** Each label is made once: they are few, and a message needs seven. */
function labelsOf(suite: string, ...ids: readonly number[]): HpkeLabels {
  const made = new Map<string, Uint8Array>()
  return (label) => {
    const bytes = made.get(label) ?? concatBytes(encodeUtf8(`HPKE-v1${suite}`), ...ids.map(uint16), encodeUtf8(label))
    made.set(label, bytes)
    return bytes
  }
}

/** What a context is made of. The first nonce is the base nonce. */
export interface HpkeSchedule {
  readonly key: Uint8Array
  readonly baseNonce: Uint8Array
  /** What the exporter derives from: `secret` and `key_schedule_context` of the RFC, and the labels of the suite. */
  readonly secret: Uint8Array
  readonly context: Uint8Array
  readonly labels: HpkeLabels
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
  { info = empty, psk, scheduleContext }: HpkeAgreed,
): HpkeSchedule {
  expectPsk(psk)
  const labels = suiteLabels[aead]
  const eaePrk = labeledExtract(crypto, kemLabels('eae_prk'), empty, dh)
  const sharedSecret = labeledExpand(crypto, kemLabels('shared_secret'), eaePrk, kemContext, secretBytes)
  const context = scheduleContext ?? keyScheduleContext(crypto, aead, info, psk?.pskId)
  const secret = labeledExtract(crypto, labels('secret'), sharedSecret, psk?.psk ?? empty)
  eaePrk.fill(0)
  sharedSecret.fill(0)
  return {
    key: labeledExpand(crypto, labels('key'), secret, context, crypto[aead].keyBytes),
    baseNonce: labeledExpand(crypto, labels('base_nonce'), secret, context, crypto[aead].nonceBytes),
    secret,
    context,
    labels,
  }
}

/** `key_schedule_context` (§5.1): public, and the same for each context with this `info` and psk. */
export function keyScheduleContext(crypto: Crypto, aead: HpkeAead, info: Uint8Array, pskId?: Uint8Array): Uint8Array {
  const labels = suiteLabels[aead]
  return concatBytes(
    Uint8Array.of(pskId ? 0x01 : 0x00),
    labeledExtract(crypto, labels('psk_id_hash'), empty, pskId ?? empty),
    labeledExtract(crypto, labels('info_hash'), empty, info),
  )
}

function expectPsk(psk: HpkePsk | undefined): void {
  if (psk && (psk.psk.length < 32 || psk.pskId.length === 0)) {
    throw new RangeError(`"psk" expected at least 32 bytes and an id, got length=${psk.psk.length}`)
  }
}

/** RFC 9180 §4. */
function labeledExtract(crypto: Crypto, label: Uint8Array, salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return crypto.hkdfSha256.extract(concatBytes(label, ikm), salt)
}

/** RFC 9180 §4. */
export function labeledExpand(
  crypto: Crypto,
  label: Uint8Array,
  prk: Uint8Array,
  info: Uint8Array,
  lengthBytes: number,
): Uint8Array {
  return crypto.hkdfSha256.expand(prk, concatBytes(uint16(lengthBytes), label, info), lengthBytes)
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff)
}
