import { decodeUtf8, encodeUtf8, equalBytes } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import type { Curve, PublicKey } from '../did/document.ts'
import { DidCommError } from '../errors.ts'
import type { EnvelopeContext } from './envelope.ts'
import { type KeyWorld, listedKey, type Relationship } from './keys.ts'

/** How Profile C names keys, and which keys a name may mean (`docs/compact-envelope.md`, "Structure"). */

/** How an envelope names its keys: by the first 8 bytes of a hash, or in full. */
export type Ids = 'short' | 'long'

type CandidateContext = KeyWorld & Pick<EnvelopeContext, 'knownKids'>

const shortIdBytes = 8
/** A short id may fit several keys by chance or by malice: this many are tried. */
export const maxCandidates = 4

/** Computes the short id of a key: the first 8 bytes of SHA-256 over its DID URL. */
export function shortId(kid: string, crypto: Pick<Crypto, 'sha256'>): Uint8Array {
  return crypto.sha256(encodeUtf8(kid)).slice(0, shortIdBytes)
}

/** Tells the two forms of an id apart: a DID URL is longer. */
export function isShortId(id: Uint8Array): boolean {
  return id.length === shortIdBytes
}

/** The form of an id that an envelope has. */
export function idsOf(id: Uint8Array | undefined): Ids {
  return id && !isShortId(id) ? 'long' : 'short'
}

/** The bytes by which an envelope names a key. */
export function idOf(kid: string, ids: Ids, crypto: Pick<Crypto, 'sha256'>): Uint8Array {
  return ids === 'long' ? encodeUtf8(kid) : shortId(kid, crypto)
}

/**
 * Finds the own keys that `id` may mean.
 *
 * @throws DidCommError `ERR_RECIPIENT_UNKNOWN`, `ERR_ENVELOPE_MALFORMED`
 */
export async function ownCandidates(id: Uint8Array, context: CandidateContext): Promise<readonly PublicKey[]> {
  const kids: string[] = []
  if (isShortId(id)) {
    for (const kid of await context.secrets.kids()) {
      if (equalBytes(shortId(kid, context.crypto), id)) kids.push(kid)
    }
  } else {
    const kid = keyUrl(id)
    if (await context.secrets.has(kid)) kids.push(kid)
  }
  const keys = await listedKeys(kids, context)
  if (keys.length === 0) throw new DidCommError('ERR_RECIPIENT_UNKNOWN', 'no key of ours is the recipient')
  return keys
}

/**
 * Finds the keys of others that `id` may mean: a short one among those that are known, a long one by resolving its DID.
 *
 * @throws DidCommError `ERR_SENDER_UNKNOWN`, `ERR_ENVELOPE_ADDRESSING`, `ERR_ENVELOPE_MALFORMED`, and what `resolve` throws
 */
export async function senderCandidates(
  id: Uint8Array,
  context: CandidateContext,
  relationship?: Relationship,
  curve?: Curve,
): Promise<readonly PublicKey[]> {
  if (!isShortId(id)) {
    const keys = await listedKeys([keyUrl(id)], context, relationship, curve)
    if (keys.length > 0) return keys
    throw new DidCommError('ERR_ENVELOPE_ADDRESSING', 'the DID of the sender does not list its key for this')
  }
  const known = (await context.knownKids?.(id)) ?? []
  const matching = known.filter((kid) => equalBytes(shortId(kid, context.crypto), id))
  const keys = await listedKeys(matching, context, relationship, curve)
  if (keys.length === 0) throw new DidCommError('ERR_SENDER_UNKNOWN', 'no known sender has this short id')
  return keys
}

/** The first few of `kids` that their DIDs list for a use, by default key agreement, on the curve that this profile has for it. */
export async function listedKeys(
  kids: readonly string[],
  context: CandidateContext,
  relationship: Relationship = 'keyAgreement',
  curve: Curve = 'X25519',
): Promise<readonly PublicKey[]> {
  const keys: PublicKey[] = []
  for (const kid of kids.slice(0, maxCandidates)) {
    const key = await listedKey(kid, relationship, context)
    if (key?.curve === curve) keys.push(key)
  }
  return keys
}

/** The DID URL that a long id is. @throws DidCommError `ERR_ENVELOPE_MALFORMED` */
export function keyUrl(id: Uint8Array): string {
  let url: string
  try {
    url = decodeUtf8(id)
  } catch (cause) {
    throw new DidCommError('ERR_ENVELOPE_MALFORMED', 'a key id is no UTF-8', { cause })
  }
  if (!url.startsWith('did:') || !url.includes('#')) {
    throw new DidCommError('ERR_ENVELOPE_MALFORMED', 'a key id is no DID URL')
  }
  return url
}
