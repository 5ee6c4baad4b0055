import { parseJson } from '../bytes/index.ts'
import { didOf } from '../did/did-url.ts'
import type { PublicKey } from '../did/document.ts'
import { DidCommError } from '../errors.ts'
import { checkMessage } from '../message/check.ts'
import { canonicalMediaType, ENCRYPTED, PLAIN, SIGNED } from '../message/media-types.ts'
import type { Json, JsonObject } from '../message/message.ts'
import { checkAddressing, sameDid } from './addressing.ts'
import { documentKeys } from './document-keys.ts'
import type { Allows, EnvelopeContext, Layer, Leniency, Unpacked } from './envelope.ts'
import { priorOf } from './from-prior.ts'
import { isMembers, malformed, unsupported } from './jose.ts'
import { type DeriveBits, decryptJwe } from './jwe/jwe.ts'
import { type Jwe, parseJwe } from './jwe/parse.ts'
import { parseJws, verifyJws } from './jws/jws.ts'
import { listedKey } from './keys.ts'

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

/** What the content of a layer is by its form, and the media type that stands for it. */
const mediaTypes = { jwe: ENCRYPTED, jws: SIGNED, message: PLAIN } as const
type Format = keyof typeof mediaTypes

/** What the layers opened so far have shown. */
interface Opened {
  readonly layers: readonly Layer[]
  readonly recipients: readonly string[]
  readonly sender?: string
  readonly signer?: string
}

/**
 * Opens all layers of JSON around a message, and checks that the message says of itself what they prove. A plaintext passes
 * as what it is.
 */
export async function unpackJson(
  bytes: Uint8Array,
  context: EnvelopeContext,
  allow: readonly Leniency[] = [],
): Promise<Unpacked> {
  const tolerated = new Set<Leniency>()
  const allows: Allows = (leniency) => {
    if (allow.includes(leniency)) tolerated.add(leniency)
    return tolerated.has(leniency)
  }
  let members = jsonObject(bytes, 'ERR_ENVELOPE_MALFORMED')
  let opened: Opened = { layers: [], recipients: [] }
  let contentTypes: readonly (string | undefined)[] = []
  for (;;) {
    const format = formatOf(members)
    for (const cty of contentTypes) expectType('cty', cty, mediaTypes[format])
    if (format === 'message') break
    const step: Step =
      format === 'jwe'
        ? await decryptLayer(parse(members, context, allows), opened, context, allows)
        : await verifyLayer(members, opened, context, allows)
    opened = step.opened
    contentTypes = step.contentTypes
    members = jsonObject(step.content, 'ERR_MESSAGE_MALFORMED')
  }
  const unpacked = conclude(members, opened, allows)
  const { prior } = await priorOf(unpacked.message, unpacked.encrypted, context)
  return { ...unpacked, ...(prior && { prior }), ...(tolerated.size > 0 && { tolerated: [...tolerated] }) }
}

function parse(members: JsonObject, context: EnvelopeContext, allows: Allows): Jwe {
  const flattened = members['recipients'] === undefined && allows('flattened-jwe')
  const jwe = parseJwe(members, context.crypto, { flattened })
  expectType('typ', jwe.typ, ENCRYPTED)
  return jwe
}

/** A media type of DIDComm in `typ` is that of the layer, in `cty` that of its content; others, such as `JWM`, say nothing. */
function expectType(name: 'typ' | 'cty', value: string | undefined, expected: string): void {
  const type = value === undefined ? expected : canonicalMediaType(value)
  if (type !== expected && [PLAIN, SIGNED, ENCRYPTED].includes(type)) {
    throw malformed(`"${name}" is that of another kind of message`)
  }
}

/** A message has a `type`, which no envelope has; with it, a header of any name is just a header. */
function formatOf(members: JsonObject): Format {
  const has = (name: string): boolean => members[name] !== undefined
  if (has('type')) return 'message'
  if (has('ciphertext') || has('recipients')) return 'jwe'
  return has('payload') || has('signatures') ? 'jws' : 'message'
}

function conclude(members: JsonObject, { layers, recipients, sender, signer }: Opened, allows: Allows): Unpacked {
  const message = checkMessage(members)
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
    encoding: 'json',
    layers,
  }
}

function enter(kind: Layer['kind'], { layers }: Opened, allows: Allows): void {
  const path = [...layers.map((layer) => layer.kind), kind]
  const name = path.join(' ')
  if (allowed.has(name) || (name === forbidden && allows('anoncrypt-authcrypt-signed'))) return
  throw unsupported(`the combination ${path.join(' of ')} is not allowed`)
}

interface Step {
  readonly content: Uint8Array
  /** What the layer says of its content: `cty`, once for each signature. */
  readonly contentTypes: readonly (string | undefined)[]
  readonly opened: Opened
}

async function decryptLayer(jwe: Jwe, opened: Opened, context: EnvelopeContext, allows: Allows): Promise<Step> {
  enter(jwe.alg.authenticated ? 'authcrypt' : 'anoncrypt', opened, allows)
  const kid = await ownKid(jwe, context)
  const senderKey = jwe.skid === undefined ? undefined : await authorisedKey(jwe.skid, 'keyAgreement', context)
  if (senderKey && senderKey.curve !== jwe.curve.crv) throw unsupported('the sender key is on another curve than "epk"')
  const deriveBits: DeriveBits = (peerPublicKey, isLasting) => context.secrets.deriveBits(kid, peerPublicKey, isLasting)
  const keys = { kid, deriveBits, ...(senderKey ? { senderPublicKey: senderKey.bytes } : {}) }
  const content = await decryptJwe(jwe, keys, context.crypto)
  const recipient = didOf(kid)
  // One message is for one DID. Else a stranger who wraps for one of our DIDs what was for another learns that both are ours.
  if (!opened.recipients.every((did) => sameDid(did, recipient))) {
    throw new DidCommError('ERR_ENVELOPE_ADDRESSING', 'the layers are for different recipients')
  }
  const by = { enc: jwe.enc.enc, recipientKid: kid }
  const layer: Layer = senderKey ? { kind: 'authcrypt', ...by, senderKid: senderKey.kid } : { kind: 'anoncrypt', ...by }
  return {
    content,
    contentTypes: [jwe.cty],
    opened: {
      ...opened,
      layers: [...opened.layers, layer],
      recipients: [...opened.recipients, recipient],
      ...(senderKey && { sender: didOf(senderKey.kid) }),
    },
  }
}

/** Finds the first recipient whose private key is here, and which its DID lists for key agreement on this curve. */
async function ownKid(jwe: Jwe, context: EnvelopeContext): Promise<string> {
  for (const { kid } of jwe.recipients) {
    if (!(await context.secrets.has(kid))) continue
    const key = await listedKey(kid, 'keyAgreement', documentKeys(context))
    if (key?.curve === jwe.curve.crv) return kid
  }
  throw new DidCommError('ERR_RECIPIENT_UNKNOWN', 'no key of ours is among the recipients')
}

async function verifyLayer(
  members: JsonObject,
  opened: Opened,
  context: EnvelopeContext,
  allows: Allows,
): Promise<Step> {
  enter('signed', opened, allows)
  const { payload, signatures } = parseJws(members)
  for (const { typ } of signatures) expectType('typ', typ, SIGNED)
  const [signer, ...others] = new Set(signatures.map(({ kid }) => didOf(kid)))
  if (signer === undefined || others.length > 0) throw unsupported('the signatures are of several signers')
  // One that cannot be checked proves nothing.
  const checkable = signatures.filter(({ alg }) => alg?.isSupported(context.crypto))
  if (checkable.length === 0) throw unsupported('no signature has a supported "alg"')
  for (const signature of checkable) {
    verifyJws(signature, await authorisedKey(signature.kid, 'authentication', context), context.crypto)
  }
  const layer: Layer = { kind: 'signed', signerKids: checkable.map(({ kid }) => kid) }
  const contentTypes = signatures.map(({ cty }) => cty)
  return { content: payload, contentTypes, opened: { ...opened, layers: [...opened.layers, layer], signer } }
}

/** DIDComm v2.1 asks that the document of the sender's DID lists the key for what it was used for. */
async function authorisedKey(
  kid: string,
  relationship: 'keyAgreement' | 'authentication',
  context: EnvelopeContext,
): Promise<PublicKey> {
  const key = await listedKey(kid, relationship, documentKeys(context))
  if (key) return key
  throw new DidCommError('ERR_ENVELOPE_ADDRESSING', `the sender's DID does not list its key for ${relationship}`)
}

function jsonObject(bytes: Uint8Array, code: 'ERR_ENVELOPE_MALFORMED' | 'ERR_MESSAGE_MALFORMED'): JsonObject {
  let value: Json
  try {
    value = parseJson(bytes, { maxBytes: bytes.length })
  } catch (cause) {
    throw new DidCommError(code, 'this is not strict JSON', { cause })
  }
  if (!isMembers(value)) throw new DidCommError(code, 'this is no JSON object')
  return value
}
