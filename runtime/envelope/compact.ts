import { didOf } from '../did/did-url.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { type Implied, parseCompact, serializeCompact } from '../message/compact.ts'
import type { Message, Packable } from '../message/message.ts'
import { checkAddressing, checkPacking } from './addressing.ts'
import { type CompactContext, type Ids, openCompact, sealCompact } from './compact-seal.ts'
import { documentKeys } from './document-keys.ts'
import type { EnvelopeContext, EnvelopeFormat, Layer, Packed, PackOptions, Unpacked } from './envelope.ts'
import { authcryptKeys, recipientKeys } from './keys.ts'
import { defaultMaxBytes, expectSize } from './limits.ts'
import { type PskCache, pskCache } from './psk-cache.ts'

/** The media type of a compact envelope (RFC 9052 §2). */
export const COMPACT = 'application/cose; cose-type="cose-encrypt0"'

const curves = ['X25519'] as const
const defaultCachedPairs = 256

export interface CompactOptions {
  /** How envelopes name their keys. Default `short`; `long` where the recipient does not know the sender yet. */
  readonly ids?: Ids
  /** Default: one of 256 pairs, of this format's own. */
  readonly pskCache?: PskCache
  /** The largest envelope that is read. Default 1 MiB. */
  readonly maxBytes?: number
}

/**
 * The compact envelope, CBOR and COSE (Profile C, `docs/compact-envelope.md`): authcrypt and anoncrypt to the first X25519
 * key of the recipient.
 */
export function compact(options: CompactOptions = {}): EnvelopeFormat {
  const { ids = 'short', maxBytes = defaultMaxBytes } = options
  const cache = { pskCache: options.pskCache ?? pskCache(defaultCachedPairs) }
  return {
    encoding: 'compact',
    derivesId: true,
    recognizes: (firstByte) => firstByte >= 0x80,
    pack: (message, parties, context) =>
      packCompact(message, { ...parties, ids: parties.introduces ? 'long' : ids }, { ...context, ...cache }),
    async unpack(bytes, context) {
      expectSize(bytes, maxBytes)
      return unpackCompact(bytes, { ...context, ...cache })
    },
  }
}

/**
 * Encrypts for the first X25519 key of the recipient. A message needs no `id`, `from` and `to`: the envelope has them.
 *
 * @throws TypeError where `message` and `options` contradict each other
 */
export async function packCompact(
  message: Packable,
  options: PackOptions & { readonly ids?: Ids },
  context: CompactContext,
): Promise<Packed> {
  const { to, from, sign, protectSender, ids = 'short' } = options
  if (sign !== undefined) throw new TypeError('"sign" expected with JSON only')
  if (protectSender) throw new TypeError('"protectSender" expected with JSON only: short ids say little of who sends')
  checkPacking({ ...message, ...(from === undefined ? {} : { from: message.from ?? from }) }, options)
  const { sender, recipient } = await chooseKeys(from, to, context)
  const implied: Implied = { to: didOf(recipient.kid), ...(sender ? { from: didOf(sender.kid) } : {}) }
  const plaintext = serializeCompact(message, { types: context.types, implied })
  const sealed = await sealCompact({ plaintext, recipient, ids, ...(sender ? { sender } : {}) }, context)
  return { bytes: sealed.bytes, mediaType: COMPACT, id: message.id ?? sealed.derivedId }
}

async function chooseKeys(from: string | undefined, to: string, context: EnvelopeContext) {
  const { sender, recipients } =
    from === undefined
      ? { sender: undefined, recipients: await recipientKeys(to, documentKeys(context), curves) }
      : await authcryptKeys(from, to, documentKeys(context), curves)
  const [recipient] = recipients
  if (!recipient) throw new DidCommError('ERR_DID_UNUSABLE', `no X25519 keyAgreement key for ${to}`)
  return { sender, recipient }
}

/** Opens a compact envelope and checks its addressing. */
export async function unpackCompact(bytes: Uint8Array, context: CompactContext): Promise<Unpacked> {
  const { plaintext, recipient, sender, derivedId } = await openCompact(bytes, context)
  const to = didOf(recipient.kid)
  const from = sender && didOf(sender.kid)
  const implied = { to, ...(from === undefined ? {} : { from }) }
  const message = parsePlaintext(plaintext, { types: context.types, implied, id: derivedId })
  const proven = from === undefined ? {} : { sender: from }
  checkAddressing(message, { recipients: [to], ...proven })
  const opened = { enc: 'ChaCha20/Poly1305', recipientKid: recipient.kid }
  const layer: Layer = sender
    ? { kind: 'authcrypt', ...opened, senderKid: sender.kid }
    : { kind: 'anoncrypt', ...opened }
  return {
    message,
    ...proven,
    recipient: to,
    encrypted: true,
    nonRepudiable: false,
    encoding: 'compact',
    layers: [layer],
    ...(await context.priorOf?.(message, true, context)),
  }
}

function parsePlaintext(plaintext: Uint8Array, options: Parameters<typeof parseCompact>[1]): Message {
  try {
    return parseCompact(plaintext, options)
  } catch (cause) {
    if (!isDidCommError(cause, 'ERR_BYTES_MALFORMED', 'ERR_TOO_LARGE')) throw cause
    throw new DidCommError('ERR_MESSAGE_MALFORMED', 'the plaintext is not deterministic CBOR', { cause })
  }
}
