import { didOf } from '../did/did-url.ts'
import { DidCommError } from '../errors.ts'
import { type Implied, serializeCompact } from '../message/compact.ts'
import type { Packable } from '../message/message.ts'
import { checkPacking } from './addressing.ts'
import { type CompactOptions, compactFormat, conclude, keysFor, type Opened } from './compact.ts'
import type { Ids } from './compact-keys.ts'
import type { CompactPart, OpenedLayer, SealedLayer, SealOptions, SignOptions } from './compact-part.ts'
import type { CompactContext } from './compact-psk.ts'
import { openCompact, sealCompact } from './compact-seal.ts'
import type { EnvelopeFormat, Layer, Packed, PackOptions, Unpacked } from './envelope.ts'

/**
 * The compact envelope with more than `compact()` has, each part where it is wanted.
 *
 * @example
 * import { compactWith, plaintext, several, signed } from 'didcomm-mote/envelope'
 *
 * compactWith([signed(), several(), plaintext()], { ids: 'long' })
 */
export function compactWith(parts: readonly CompactPart[], options: CompactOptions = {}): EnvelopeFormat {
  return compactFormat(
    (message, parties, context) => packWith(parts, message, parties, context),
    (bytes, context) => unpackWith(parts, bytes, context),
    options,
  )
}

/**
 * Encrypts for all X25519 keys of the recipients, or for the first one where no part is for several. A message needs no `id`,
 * `from` and `to`: the envelope has them, or they are filled in.
 *
 * @throws TypeError where `message` and `options` contradict each other, or no part does what is asked for
 */
export async function packWith(
  parts: readonly CompactPart[],
  message: Packable,
  options: PackOptions & { readonly ids?: Ids },
  context: CompactContext,
): Promise<Packed> {
  const { sign: by, ids = 'short' } = options
  const dids = typeof options.to === 'string' ? [options.to] : options.to
  const names = [...new Set(dids.map(didOf))]
  // What several read, and what is signed, has to say for whom it is.
  const named = by === undefined && names.length === 1 ? message : { ...message, to: message.to ?? names }
  checkOptions(named, options)
  const seal = parts.find((part) => part.seal)?.seal
  if (dids.length !== 1 && !seal) throw new TypeError('"to" expected one DID, or several() among the parts')
  const keys = await allKeys(options.from, dids, context)
  const serialize = (implied: Implied) => serializeCompact(named, { types: context.types, implied })
  const signed = by === undefined ? undefined : await signWith(parts, { serialize, by, ids }, context)
  const implied = {
    from: keys.sender && didOf(keys.sender.kid),
    to: names.length === 1 ? didOf(keys.recipients[0].kid) : undefined,
  }
  const plaintext = signed?.bytes ?? serialize(implied)
  const sealed = await (seal && keys.recipients.length > 1 ? seal : sealCompact)({ ...keys, plaintext, ids }, context)
  return { bytes: sealed.bytes, mediaType: sealed.mediaType, id: message.id ?? (signed ?? sealed).derivedId }
}

/** @throws TypeError */
function checkOptions(message: Packable, options: PackOptions): void {
  const { protectSender, from, sign } = options
  if (protectSender) throw new TypeError('"protectSender" expected with json(): short ids say little of who sends')
  const author = message.from ?? from ?? sign
  const complete = author === undefined ? message : { ...message, from: author }
  checkPacking(complete, options)
}

function signWith(parts: readonly CompactPart[], options: SignOptions, context: CompactContext): Promise<SealedLayer> {
  const sign = parts.find((part) => part.sign)?.sign
  if (!sign) throw new TypeError('"sign" expected with signed() among the parts')
  return sign(options, context)
}

async function allKeys(
  from: string | undefined,
  [first, ...others]: readonly string[],
  context: CompactContext,
): Promise<Pick<SealOptions, 'sender' | 'recipients'>> {
  if (first === undefined) throw new TypeError('"to" expected a DID, or several')
  let { sender, recipients } = await keysFor(from, first, context)
  for (const did of others) recipients = [...recipients, ...(await keysFor(from, did, context)).recipients]
  return { sender, recipients }
}

/** Opens the layers of a compact envelope, and checks that the message says of itself what they prove. */
export async function unpackWith(
  parts: readonly CompactPart[],
  bytes: Uint8Array,
  context: CompactContext,
): Promise<Unpacked> {
  const layers: Layer[] = []
  const partFor = (content: Uint8Array) => parts.find((part) => part.opens(content[0], layers))
  let { content, layer, derivedId }: OpenedLayer = await (partFor(bytes)?.open ?? openCompact)(bytes, context)
  while (layer) {
    layers.push(layer)
    const part = partFor(content)
    if (!part) break
    ;({ content, layer, derivedId } = await part.open(content, context))
  }
  // A tag: an envelope that no part opens here, or that none may open inside of these layers. A plaintext has none.
  if ((content[0] ?? 0) >> 5 === 6) {
    const within = layers.map(({ kind }) => kind).join(' of ')
    throw new DidCommError(
      'ERR_ENVELOPE_UNSUPPORTED',
      `what is inside of ${within} is not allowed there, or not read here`,
    )
  }
  return conclude({ content, derivedId, layers, ...provenBy(layers) }, context)
}

function provenBy(layers: readonly Layer[]): Pick<Opened, 'sender' | 'signer' | 'recipient'> {
  let proven: Pick<Opened, 'sender' | 'signer' | 'recipient'> = {}
  for (const layer of layers) {
    if (layer.kind === 'signed') proven = { ...proven, signer: didOf(layer.signerKids[0] ?? '') }
    else proven = { ...proven, recipient: didOf(layer.recipientKid) }
    if (layer.kind === 'authcrypt') proven = { ...proven, sender: didOf(layer.senderKid) }
  }
  return proven
}
