import { serializeCompact } from '../message/compact.ts'
import type { Packable } from '../message/message.ts'
import { type CompactPart, derivedId } from './compact-part.ts'
import type { EnvelopeContext, Packed } from './envelope.ts'

/** The media type of a compact plaintext. It is not registered, and a hint only. */
export const COMPACT_PLAIN = 'application/didcomm-plain+cbor'

/**
 * Reads messages without any protection, where something else protects them: they come with `encrypted` false and
 * without a `sender`.
 */
export function plaintext(): CompactPart {
  return {
    // A map or an array: what is protected begins with a tag.
    opens: (firstByte = 0, layers) => layers.length === 0 && firstByte >= 0x80 && firstByte < 0xc0,
    open: async (bytes, { crypto }) => ({ content: bytes, layer: undefined, derivedId: derivedId(bytes, crypto) }),
  }
}

/**
 * Writes a message without any protection in CBOR, for places where something else protects it. Nothing around it says whom it is from and to. A message
 * without `id` gets it from its content: two equal ones have the same.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED` for what CBOR cannot carry
 */
export function packPlaintextCompact(message: Packable, context: Pick<EnvelopeContext, 'crypto' | 'types'>): Packed {
  const bytes = serializeCompact(message, { types: context.types, implied: {} })
  return { bytes, mediaType: COMPACT_PLAIN, id: message.id ?? derivedId(bytes, context.crypto) }
}
