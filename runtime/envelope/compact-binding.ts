import { concatBytes, encodeBase64url, encodeCbor, equalBytes } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import { keyScheduleContext } from '../crypto/hpke-schedule.ts'
import type { PublicKey } from '../did/document.ts'
import type { LruMap } from '../did/lru.ts'
import { DidCommError } from '../errors.ts'
import { type Ids, idOf } from './compact-keys.ts'
import { aead } from './cose/encrypt0.ts'

/** What is public of the envelopes from one key to another, and the same in each (`docs/compact-envelope.md`, "Keys"). */
export interface Binding {
  readonly recipient: PublicKey
  /** Absent: anoncrypt. */
  readonly sender?: PublicKey | undefined
  /** The id of the sender's key, as its envelopes give it. */
  readonly pskId?: Uint8Array | undefined
  /** The profile, the kind of the envelope, and both keys by their full names. */
  readonly info: Uint8Array
  /** `key_schedule_context` of HPKE (RFC 9180 §5.1). */
  readonly scheduleContext: Uint8Array
  /** Names the pair where its pre-shared key is remembered: by `info`, and by the keys, because a document may change under its names. */
  readonly pair: string
}

/** Whom an envelope is between, and in which form it names its sender. */
export type Between = Pick<Binding, 'recipient' | 'sender'> & { readonly ids: Ids }

export interface BindingContext {
  readonly crypto: Crypto
  /** Absent: what is the same in each envelope is computed for each. It holds no secrets. */
  readonly bindings?: LruMap<Binding>
}

const maxInfoBytes = 16_384
const anoncryptLabel = 'didcomm-mote/c1 anoncrypt'
const authcryptLabel = 'didcomm-mote/c1 authcrypt'

/** Makes a binding, or finds the one that was made for the same keys before. @throws DidCommError `ERR_TOO_LARGE` */
export function bindingOf({ recipient, sender, ids }: Between, { crypto, bindings }: BindingContext): Binding {
  const name = `${ids} ${recipient.kid} ${sender?.kid}`
  const known = bindings?.get(name)
  if (known && sameKey(known.recipient, recipient) && sameKey(known.sender, sender)) return known
  const pskId = sender && idOf(sender.kid, ids, crypto)
  const info = encodeCbor(sender ? [authcryptLabel, sender.kid, recipient.kid] : [anoncryptLabel, recipient.kid])
  // More than a key derivation takes: two did:peer:4 in their long forms, both as long as they can be.
  if (info.length > maxInfoBytes) throw new DidCommError('ERR_TOO_LARGE', 'the two key ids are too long together')
  const scheduleContext = keyScheduleContext(crypto, aead, info, pskId)
  const pair = encodeBase64url(concatBytes(info, recipient.bytes, sender?.bytes ?? new Uint8Array(0)))
  const made = { recipient, sender, pskId, info, scheduleContext, pair }
  bindings?.set(name, made)
  return made
}

function sameKey(one: PublicKey | undefined, other: PublicKey | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && equalBytes(one.bytes, other.bytes))
}
