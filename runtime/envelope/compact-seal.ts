import type { PublicKey } from '../did/document.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { bindingOf } from './compact-binding.ts'
import { idOf, idsOf, ownCandidates, senderCandidates } from './compact-keys.ts'
import { derivedId, type OpenedLayer, type SealedLayer, type SealOptions } from './compact-part.ts'
import { type CompactContext, pairPsk, secretOrNothing } from './compact-psk.ts'
import { type CoseEncrypt0, decryptCose, encryptCose, parseCose } from './cose/encrypt0.ts'
import type { EncryptedLayer } from './envelope.ts'

/** Profile C, `docs/compact-envelope.md`: COSE_Encrypt0 between two keys that have DID URLs. */

/** The media type of a compact envelope for one key (RFC 9052 §2). */
export const COMPACT = 'application/cose; cose-type="cose-encrypt0"'

/** Encrypts for the first of the recipients, and derives the id that the message has if it carries none. */
export async function sealCompact(
  { plaintext, sender, recipients: [recipient], ids }: SealOptions,
  context: CompactContext,
): Promise<SealedLayer> {
  const { crypto } = context
  const kid = idOf(recipient.kid, ids, crypto)
  const binding = bindingOf({ recipient, sender, ids }, context)
  const { info, scheduleContext, pskId } = binding
  const pair = sender && (await pairPsk(sender, recipient, binding, context))
  pair?.remember()
  const { bytes, ciphertext } = encryptCose(
    {
      plaintext,
      kid,
      recipientPublicKey: recipient.bytes,
      info,
      scheduleContext,
      // Binds the unprotected `kid`, so that not a bit of the envelope can be changed.
      externalAad: kid,
      ...(pskId && pair ? { psk: { pskId, psk: pair.psk } } : {}),
    },
    context,
  )
  return { bytes, mediaType: COMPACT, derivedId: derivedId(ciphertext, crypto) }
}

/**
 * Opens a compact envelope with any own key and any sender that its ids may mean.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`, `ERR_RECIPIENT_UNKNOWN`, `ERR_SENDER_UNKNOWN`, `ERR_ENVELOPE_DECRYPT`
 */
export async function openCompact(bytes: Uint8Array, context: CompactContext): Promise<OpenedLayer<EncryptedLayer>> {
  const envelope = parseCose(bytes)
  const recipients = await ownCandidates(envelope.kid, context)
  const senders = envelope.pskId ? await senderCandidates(envelope.pskId, context) : [undefined]
  for (const recipient of recipients) {
    const dh = await secretOrNothing(recipient.kid, envelope.ek, context)
    if (!dh) break
    for (const sender of senders) {
      const content = await tryOpen(envelope, { recipient, dh, sender }, context)
      if (!content) continue
      return { content, layer: layerOf(recipient, sender), derivedId: derivedId(envelope.ciphertext, context.crypto) }
    }
  }
  throw new DidCommError('ERR_ENVELOPE_DECRYPT', 'the envelope cannot be opened')
}

/** The layer that these keys have opened. */
export function layerOf(recipient: PublicKey, sender: PublicKey | undefined): EncryptedLayer {
  const opened = { enc: 'ChaCha20/Poly1305', recipientKid: recipient.kid }
  return sender ? { kind: 'authcrypt', ...opened, senderKid: sender.kid } : { kind: 'anoncrypt', ...opened }
}

async function tryOpen(
  envelope: CoseEncrypt0,
  pair: { recipient: PublicKey; dh: Uint8Array; sender: PublicKey | undefined },
  context: CompactContext,
): Promise<Uint8Array | undefined> {
  const { recipient, sender, dh } = pair
  const binding = bindingOf({ recipient, sender, ids: idsOf(envelope.pskId) }, context)
  const { info, scheduleContext } = binding
  try {
    const shared = sender && (await pairPsk(recipient, sender, binding, context))
    const psk = shared ? { psk: shared.psk } : {}
    const keys = { recipientPublicKey: recipient.bytes, dh, info, scheduleContext, externalAad: envelope.kid, ...psk }
    const plaintext = decryptCose(envelope, keys, context.crypto)
    shared?.remember()
    return plaintext
  } catch (error) {
    if (isDidCommError(error, 'ERR_ENVELOPE_DECRYPT', 'ERR_KEY_INVALID')) return undefined
    throw error
  }
}
