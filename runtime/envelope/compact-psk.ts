import type { PublicKey } from '../did/document.ts'
import { isDidCommError } from '../errors.ts'
import type { Binding, BindingContext } from './compact-binding.ts'
import type { EnvelopeContext } from './envelope.ts'
import type { KeyWorld } from './keys.ts'
import type { PskCache } from './psk-cache.ts'

/** What binds a compact envelope to its two keys (`docs/compact-envelope.md`, "Keys"). */

/** What packing and unpacking need of the world. */
export type PackContext = EnvelopeContext &
  Pick<BindingContext, 'bindings'> & {
    /** Absent: each message costs one scalar multiplication more. */
    readonly pskCache?: PskCache
  }

/** The same with the keys of DIDs at hand. */
export type CompactContext = PackContext & KeyWorld

/**
 * The pre-shared key of two static keys: only their holders can compute it. `remember` puts it into the cache; a receiver
 * calls it after the envelope has opened, so that forgers cannot push honest pairs out.
 */
export async function pairPsk(
  own: PublicKey,
  peer: PublicKey,
  { pair, info }: Pick<Binding, 'pair' | 'info'>,
  context: CompactContext,
): Promise<{ psk: Uint8Array; remember: () => void }> {
  const { crypto, secrets, pskCache } = context
  const cached = pskCache?.get(pair)
  if (cached) return { psk: cached, remember: () => undefined }
  const shared = await secrets.deriveBits(own.kid, peer.bytes)
  const psk = crypto.hkdfSha256.expand(crypto.hkdfSha256.extract(shared), info, 32)
  return { psk, remember: () => pskCache?.set(pair, psk) }
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
