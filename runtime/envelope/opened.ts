import { didOf } from '../did/did-url.ts'
import type { PublicKey } from '../did/document.ts'
import { DidCommError } from '../errors.ts'
import type { Message } from '../message/message.ts'
import { checkAddressing, sameDid } from './addressing.ts'
import { documentKeys } from './document-keys.ts'
import type { Allows, Encoding, EnvelopeContext, Layer, Leniency, Unpacked } from './envelope.ts'
import { listedKey } from './keys.ts'

/** What envelopes within envelopes have in common, whatever they are written in: which may be in which, and what they prove together. */

/** The combinations that DIDComm v2.1 allows, outermost first, and their beginnings. This also bounds the nesting. */
const allowed: ReadonlySet<string> = new Set<string>([
  'signed',
  'anoncrypt',
  'authcrypt',
  'anoncrypt signed',
  'authcrypt signed',
  'anoncrypt authcrypt',
])

/** The combination that DIDComm v2.1 forbids by name, and has a vector of. */
const forbidden = 'anoncrypt authcrypt signed'

/** What the layers opened so far have shown. */
export interface Opened {
  readonly layers: readonly Layer[]
  readonly recipients: readonly string[]
  readonly sender?: string
  readonly signer?: string
}

/** Notes what is let pass of what the caller allows. */
export function tolerance(allow: readonly Leniency[]): {
  allows: Allows
  tolerated(): { tolerated?: readonly Leniency[] }
} {
  const noted = new Set<Leniency>()
  return {
    allows(leniency) {
      if (allow.includes(leniency)) noted.add(leniency)
      return noted.has(leniency)
    },
    tolerated: () => (noted.size > 0 ? { tolerated: [...noted] } : {}),
  }
}

/** Checks that a layer may be within those that are open. @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED` */
export function enter(kind: Layer['kind'], { layers }: Opened, allows: Allows): void {
  const path = [...layers.map((layer) => layer.kind), kind]
  const name = path.join(' ')
  if (allowed.has(name) || (name === forbidden && allows('anoncrypt-authcrypt-signed'))) return
  throw new DidCommError('ERR_ENVELOPE_UNSUPPORTED', `the combination ${path.join(' of ')} is not allowed`)
}

/** Adds an encrypted layer that was opened. @throws DidCommError `ERR_ENVELOPE_ADDRESSING` */
export function openedBy(
  opened: Opened,
  { enc, recipientKid, sender }: { enc: string; recipientKid: string; sender: PublicKey | undefined },
): Opened {
  const recipient = didOf(recipientKid)
  // One message is for one DID. Else a stranger who wraps for one of our DIDs what was for another learns that both are ours.
  if (!opened.recipients.every((did) => sameDid(did, recipient))) {
    throw new DidCommError('ERR_ENVELOPE_ADDRESSING', 'the layers are for different recipients')
  }
  const layer: Layer = sender
    ? { kind: 'authcrypt', enc, recipientKid, senderKid: sender.kid }
    : { kind: 'anoncrypt', enc, recipientKid }
  return {
    ...opened,
    layers: [...opened.layers, layer],
    recipients: [...opened.recipients, recipient],
    ...(sender && { sender: didOf(sender.kid) }),
  }
}

/** Adds a layer whose signatures by one DID were verified. */
export function openedSigned(opened: Opened, signer: string, signerKids: readonly string[]): Opened {
  return { ...opened, layers: [...opened.layers, { kind: 'signed', signerKids }], signer }
}

/** Checks that the message says of itself what its layers prove, and says what that is. */
export function conclude(message: Message, opened: Opened, encoding: Encoding, allows?: Allows): Unpacked {
  const { layers, recipients, sender, signer } = opened
  const proven = {
    recipients,
    ...(sender === undefined ? {} : { sender }),
    ...(signer === undefined ? {} : { signer }),
  }
  checkAddressing(message, proven, allows)
  const by = sender ?? signer
  const [recipient] = recipients
  return {
    message,
    ...(by === undefined ? {} : { sender: by }),
    ...(recipient === undefined ? {} : { recipient }),
    encrypted: recipients.length > 0,
    nonRepudiable: signer !== undefined,
    encoding,
    layers,
  }
}

/** Finds the first recipient whose private key is here, and which its DID lists for key agreement. */
export async function ownKey(
  kids: readonly string[],
  isUsable: (key: PublicKey) => boolean,
  context: EnvelopeContext,
): Promise<PublicKey> {
  for (const kid of kids) {
    if (!(await context.secrets.has(kid))) continue
    const key = await listedKey(kid, 'keyAgreement', documentKeys(context))
    if (key && isUsable(key)) return key
  }
  throw new DidCommError('ERR_RECIPIENT_UNKNOWN', 'no key of ours is among the recipients')
}

/** DIDComm v2.1 asks that the document of the sender's DID lists the key for what it was used for. */
export async function authorisedKey(
  kid: string,
  relationship: 'keyAgreement' | 'authentication',
  context: EnvelopeContext,
): Promise<PublicKey> {
  const key = await listedKey(kid, relationship, documentKeys(context))
  if (key) return key
  throw new DidCommError('ERR_ENVELOPE_ADDRESSING', `the sender's DID does not list its key for ${relationship}`)
}
