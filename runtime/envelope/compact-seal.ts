import {
  concatBytes,
  decodeUtf8,
  encodeBase64url,
  encodeCbor,
  encodeHex,
  encodeUtf8,
  equalBytes,
} from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import type { PublicKey } from '../did/document.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { type CoseEncrypt0, decryptCose, encryptCose, parseCose } from './cose/cose.ts'
import { documentKeys } from './document-keys.ts'
import type { EnvelopeContext } from './envelope.ts'
import { listedKey } from './keys.ts'
import type { PskCache } from './psk-cache.ts'

/** Profile C, `docs/compact-envelope.md`: COSE_Encrypt0 between two keys that have DID URLs. */

/** What sealing and opening need of the world. */
export type CompactContext = EnvelopeContext & {
  /** Absent: each message costs one scalar multiplication more. */
  readonly pskCache?: PskCache
}

/** How an envelope names its keys: by the first 8 bytes of a hash, or in full. */
export type Ids = 'short' | 'long'

const shortIdBytes = 8
/** A short id may fit several keys by chance or by malice: this many are tried. */
const maxCandidates = 4
const maxInfoBytes = 16_384
const anoncryptLabel = 'didcomm-mote/c1 anoncrypt'
const authcryptLabel = 'didcomm-mote/c1 authcrypt'

/** Computes the short id of a key: the first 8 bytes of SHA-256 over its DID URL. */
export function shortId(kid: string, crypto: Pick<Crypto, 'sha256'>): Uint8Array {
  return crypto.sha256(encodeUtf8(kid)).slice(0, shortIdBytes)
}

/** Derives the message id from the ciphertext, where the plaintext has none: 32 hexadecimal digits. */
function derivedId(ciphertext: Uint8Array, crypto: Crypto): string {
  return encodeHex(crypto.sha256(ciphertext).slice(0, 16))
}

export interface CompactSealOptions {
  readonly plaintext: Uint8Array
  readonly recipient: PublicKey
  /** Present: authcrypt. */
  readonly sender?: PublicKey
  readonly ids: Ids
}

/** Encrypts a compact plaintext, and derives the id that the message has if it carries none. */
export async function sealCompact(
  options: CompactSealOptions,
  context: CompactContext,
): Promise<{ bytes: Uint8Array; derivedId: string }> {
  const { sender, recipient, ids } = options
  const idOf = (kid: string): Uint8Array => (ids === 'long' ? encodeUtf8(kid) : shortId(kid, context.crypto))
  const kid = idOf(recipient.kid)
  const info = infoOf(recipient, sender)
  const pair = sender && (await pairPsk({ own: sender, peer: recipient, info }, context))
  pair?.remember()
  const { bytes, ciphertext } = encryptCose(
    {
      plaintext: options.plaintext,
      kid,
      recipientPublicKey: recipient.bytes,
      info,
      // Binds the unprotected `kid`, so that not a bit of the envelope can be changed.
      externalAad: kid,
      ...(sender && pair ? { psk: { pskId: idOf(sender.kid), psk: pair.psk } } : {}),
    },
    context,
  )
  return { bytes, derivedId: derivedId(ciphertext, context.crypto) }
}

export interface CompactOpened {
  readonly plaintext: Uint8Array
  readonly recipient: PublicKey
  /** Present: authcrypt, and proven. */
  readonly sender?: PublicKey
  readonly derivedId: string
}

/**
 * Opens a compact envelope with any own key and any sender that its ids may mean.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`, `ERR_RECIPIENT_UNKNOWN`, `ERR_SENDER_UNKNOWN`, `ERR_ENVELOPE_DECRYPT`
 */
export async function openCompact(bytes: Uint8Array, context: CompactContext): Promise<CompactOpened> {
  const envelope = parseCose(bytes)
  const recipients = await ownCandidates(envelope.kid, context)
  const senders = envelope.pskId ? await senderCandidates(envelope.pskId, context) : [undefined]
  for (const recipient of recipients) {
    const dh = await secretOrNothing(recipient.kid, envelope.ek, context)
    if (!dh) break
    for (const sender of senders) {
      const plaintext = await tryOpen(envelope, { recipient, dh, ...(sender ? { sender } : {}) }, context)
      if (!plaintext) continue
      const id = derivedId(envelope.ciphertext, context.crypto)
      return { plaintext, recipient, ...(sender ? { sender } : {}), derivedId: id }
    }
  }
  throw new DidCommError('ERR_ENVELOPE_DECRYPT', 'the envelope cannot be opened')
}

async function tryOpen(
  envelope: CoseEncrypt0,
  pair: { recipient: PublicKey; dh: Uint8Array; sender?: PublicKey },
  context: CompactContext,
): Promise<Uint8Array | undefined> {
  const { recipient, sender, dh } = pair
  const info = infoOf(recipient, sender)
  try {
    const shared = sender && (await pairPsk({ own: recipient, peer: sender, info }, context))
    const psk = shared ? { psk: shared.psk } : {}
    const keys = { recipientPublicKey: recipient.bytes, dh, info, externalAad: envelope.kid, ...psk }
    const plaintext = decryptCose(envelope, keys, context.crypto)
    shared?.remember()
    return plaintext
  } catch (error) {
    if (isDidCommError(error, 'ERR_ENVELOPE_DECRYPT', 'ERR_KEY_INVALID')) return undefined
    throw error
  }
}

/** What an envelope is bound to: the profile, its kind, and both keys by their full names. */
function infoOf(recipient: PublicKey, sender: PublicKey | undefined): Uint8Array {
  const info = encodeCbor(sender ? [authcryptLabel, sender.kid, recipient.kid] : [anoncryptLabel, recipient.kid])
  // More than a key derivation takes: two did:peer:4 in their long forms, both as long as they can be.
  if (info.length > maxInfoBytes) throw new DidCommError('ERR_TOO_LARGE', 'the two key ids are too long together')
  return info
}

/**
 * The pre-shared key of two static keys: only their holders can compute it. `remember` puts it into the cache; a receiver
 * calls it after the envelope has opened, so that forgers cannot push honest pairs out.
 */
async function pairPsk(
  pair: { own: PublicKey; peer: PublicKey; info: Uint8Array },
  context: CompactContext,
): Promise<{ psk: Uint8Array; remember: () => void }> {
  const { own, peer, info } = pair
  const { crypto, secrets, pskCache } = context
  // `info` has the direction and the names; the key bytes are there because a document may change under its names.
  const name = encodeBase64url(concatBytes(info, own.bytes, peer.bytes))
  const cached = pskCache?.get(name)
  if (cached) return { psk: cached, remember: () => undefined }
  const shared = await secrets.deriveBits(own.kid, peer.bytes)
  const psk = crypto.hkdfSha256.expand(crypto.hkdfSha256.extract(shared), info, 32)
  return { psk, remember: () => pskCache?.set(name, psk) }
}

async function secretOrNothing(
  kid: string,
  publicKey: Uint8Array,
  context: CompactContext,
): Promise<Uint8Array | undefined> {
  try {
    return await context.secrets.deriveBits(kid, publicKey)
  } catch (error) {
    if (isDidCommError(error, 'ERR_KEY_INVALID')) return undefined
    throw error
  }
}

async function ownCandidates(id: Uint8Array, context: CompactContext): Promise<readonly PublicKey[]> {
  const kids: string[] = []
  if (id.length === shortIdBytes) {
    for (const kid of await context.secrets.kids()) {
      if (equalBytes(shortId(kid, context.crypto), id)) kids.push(kid)
    }
  } else {
    const kid = keyUrl(id, 'kid')
    if (await context.secrets.has(kid)) kids.push(kid)
  }
  const keys = await agreementKeys(kids, context)
  if (keys.length === 0) throw new DidCommError('ERR_RECIPIENT_UNKNOWN', 'no key of ours is the recipient')
  return keys
}

async function senderCandidates(id: Uint8Array, context: CompactContext): Promise<readonly PublicKey[]> {
  if (id.length !== shortIdBytes) {
    const kid = keyUrl(id, 'psk_id')
    const key = await listedKey(kid, 'keyAgreement', documentKeys(context))
    if (key?.curve === 'X25519') return [key]
    throw new DidCommError('ERR_ENVELOPE_ADDRESSING', 'the sender key is no X25519 keyAgreement key of its DID')
  }
  const known = (await context.knownKids?.(id)) ?? []
  const matching = known.filter((kid) => equalBytes(shortId(kid, context.crypto), id))
  const keys = await agreementKeys(matching, context)
  if (keys.length === 0) throw new DidCommError('ERR_SENDER_UNKNOWN', 'no known sender has this short id')
  return keys
}

/** The first few of `kids` that their DIDs list for key agreement on the curve of this profile. */
async function agreementKeys(kids: readonly string[], context: CompactContext): Promise<readonly PublicKey[]> {
  const keys: PublicKey[] = []
  for (const kid of kids.slice(0, maxCandidates)) {
    const key = await listedKey(kid, 'keyAgreement', documentKeys(context))
    if (key?.curve === 'X25519') keys.push(key)
  }
  return keys
}

function keyUrl(id: Uint8Array, what: string): string {
  let url: string
  try {
    url = decodeUtf8(id)
  } catch (cause) {
    throw new DidCommError('ERR_ENVELOPE_MALFORMED', `"${what}" is no UTF-8`, { cause })
  }
  if (!url.startsWith('did:') || !url.includes('#')) {
    throw new DidCommError('ERR_ENVELOPE_MALFORMED', `"${what}" is no DID URL`)
  }
  return url
}
