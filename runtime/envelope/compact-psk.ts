import { concatBytes, encodeBase64url, encodeCbor } from '../bytes/index.ts'
import type { PublicKey } from '../did/document.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import type { EnvelopeContext } from './envelope.ts'
import type { KeyWorld } from './keys.ts'
import type { PskCache } from './psk-cache.ts'

/** What binds a compact envelope to its two keys (`docs/compact-envelope.md`, "Keys"). */

/** What packing and unpacking need of the world. */
export type PackContext = EnvelopeContext & {
  /** Absent: each message costs one scalar multiplication more. */
  readonly pskCache?: PskCache
}

/** The same with the keys of DIDs at hand. */
export type CompactContext = PackContext & KeyWorld

const maxInfoBytes = 16_384
const anoncryptLabel = 'didcomm-mote/c1 anoncrypt'
const authcryptLabel = 'didcomm-mote/c1 authcrypt'

/** What an envelope is bound to: the profile, its kind, and both keys by their full names. */
export function infoOf(recipient: PublicKey, sender: PublicKey | undefined): Uint8Array {
  const info = encodeCbor(sender ? [authcryptLabel, sender.kid, recipient.kid] : [anoncryptLabel, recipient.kid])
  // More than a key derivation takes: two did:peer:4 in their long forms, both as long as they can be.
  if (info.length > maxInfoBytes) throw new DidCommError('ERR_TOO_LARGE', 'the two key ids are too long together')
  return info
}

/**
 * The pre-shared key of two static keys: only their holders can compute it. `remember` puts it into the cache; a receiver
 * calls it after the envelope has opened, so that forgers cannot push honest pairs out.
 */
export async function pairPsk(
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

/** The shared secret with an ephemeral key; `undefined` where that is no key. */
export async function secretOrNothing(
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
