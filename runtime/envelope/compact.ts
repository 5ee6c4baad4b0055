import { didOf } from '../did/did-url.ts'
import { LruMap } from '../did/lru.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { type Implied, parseCompact, serializeCompact } from '../message/compact.ts'
import type { Message, Packable } from '../message/message.ts'
import { checkAddressing, checkPacking, type Proven } from './addressing.ts'
import type { Binding } from './compact-binding.ts'
import type { Ids } from './compact-keys.ts'
import type { SealOptions } from './compact-part.ts'
import type { CompactContext } from './compact-psk.ts'
import { openCompact, sealCompact } from './compact-seal.ts'
import { documentKeys } from './document-keys.ts'
import type { EnvelopeFormat, Layer, Packed, PackOptions, Unpacked } from './envelope.ts'
import { authcryptKeys, recipientKeys } from './keys.ts'
import { defaultMaxBytes, expectSize } from './limits.ts'
import { type PskCache, pskCache } from './psk-cache.ts'

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
  return compactFormat(packCompact, unpackCompact, options)
}

/** Makes a format of what packs and what unpacks. */
export function compactFormat(
  pack: typeof packCompact,
  unpack: typeof unpackCompact,
  options: CompactOptions,
): EnvelopeFormat {
  const { ids = 'short', maxBytes = defaultMaxBytes } = options
  const cache = {
    pskCache: options.pskCache ?? pskCache(defaultCachedPairs),
    bindings: new LruMap<Binding>(defaultCachedPairs),
  }
  return {
    encoding: 'compact',
    derivesId: true,
    recognizes: (firstByte) => firstByte >= 0x80,
    pack: (message, parties, context) =>
      pack(message, { ...parties, ids: parties.introduces ? 'long' : ids }, { ...documentKeys(context), ...cache }),
    async unpack(bytes, context) {
      expectSize(bytes, maxBytes)
      return unpack(bytes, { ...documentKeys(context), ...cache })
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
  if (typeof to !== 'string' || sign !== undefined || protectSender) {
    throw new TypeError('"to" expected one DID without "sign" or "protectSender": see compactWith(), json()')
  }
  checkPacking({ ...message, ...(from === undefined ? {} : { from: message.from ?? from }) }, options)
  const keys = await keysFor(from, to, context)
  const implied: Implied = { to: didOf(keys.recipients[0].kid), from: keys.sender && didOf(keys.sender.kid) }
  const plaintext = serializeCompact(message, { types: context.types, implied })
  const { bytes, mediaType, derivedId } = await sealCompact({ ...keys, plaintext, ids }, context)
  return { bytes, mediaType, id: message.id ?? derivedId }
}

/** The keys of one recipient, and that of the sender where there is one. */
export async function keysFor(
  from: string | undefined,
  to: string,
  context: CompactContext,
): Promise<Pick<SealOptions, 'sender' | 'recipients'>> {
  if (from !== undefined) return authcryptKeys(from, to, context, curves)
  return { recipients: await recipientKeys(to, context, curves) }
}

/** Opens a compact envelope and checks its addressing. */
export async function unpackCompact(bytes: Uint8Array, context: CompactContext): Promise<Unpacked> {
  const { content, layer, derivedId } = await openCompact(bytes, context)
  const sender = layer.kind === 'authcrypt' ? didOf(layer.senderKid) : undefined
  return conclude({ content, derivedId, layers: [layer], sender, recipient: didOf(layer.recipientKid) }, context)
}

/** What the layers around a plaintext were, and whom they prove, as DIDs. */
export interface Opened extends Omit<Proven, 'recipients'> {
  readonly content: Uint8Array
  readonly derivedId: string
  readonly layers: readonly Layer[]
  readonly recipient?: string | undefined
}

/** Reads the plaintext, and checks that it says of itself what its layers prove. */
export async function conclude(opened: Opened, context: CompactContext): Promise<Unpacked> {
  const { content, derivedId, layers, signer, recipient } = opened
  const sender = opened.sender ?? signer
  const encrypted = recipient !== undefined
  // What is signed says for whom it is: else a recipient could pass it on as if it were for somebody else.
  const implied = { from: sender, to: signer === undefined ? recipient : undefined }
  const message = parsePlaintext(content, { types: context.types, implied, id: derivedId })
  checkAddressing(message, { ...opened, recipients: encrypted ? [recipient] : [] })
  return {
    message,
    ...(sender !== undefined && { sender }),
    ...(encrypted && { recipient }),
    encrypted,
    nonRepudiable: signer !== undefined,
    encoding: 'compact',
    layers,
    ...(await context.priorOf?.(message, encrypted, context)),
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
