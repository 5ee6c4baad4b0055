import { parseJson } from '../bytes/index.ts'
import { didOf } from '../did/did-url.ts'
import type { PublicKey } from '../did/document.ts'
import { DidCommError } from '../errors.ts'
import { checkMessage } from '../message/check.ts'
import type { Json, JsonObject } from '../message/message.ts'
import { checkAddressing } from './addressing.ts'
import type { EnvelopeContext, Unpacked } from './envelope.ts'
import { isMembers, unsupported } from './jose.ts'
import { decryptJwe } from './jwe/jwe.ts'
import { type Jwe, parseJwe } from './jwe/parse.ts'
import { parseJws, verifyJws } from './jws/jws.ts'
import { listedKey } from './keys.ts'

/** A layer of JSON around a message, named as in the table of DIDComm v2.1, "IANA Media Types". */
type Kind = 'anoncrypt' | 'authcrypt' | 'signed'

/** The combinations that DIDComm v2.1 allows, outermost first, and their beginnings. This also bounds the nesting. */
const allowed: ReadonlySet<string> = new Set<string>([
  'signed',
  'anoncrypt',
  'authcrypt',
  'anoncrypt signed',
  'authcrypt signed',
  'anoncrypt authcrypt',
])

/** What the layers opened so far have shown. */
interface Opened {
  readonly kinds: readonly Kind[]
  readonly recipients: readonly string[]
  readonly sender?: string
  readonly signer?: string
}

/**
 * Opens all layers of JSON around a message, and checks that the message says of itself what they prove. A plaintext passes
 * as what it is.
 */
export async function unpackJson(bytes: Uint8Array, context: EnvelopeContext): Promise<Unpacked> {
  let members = jsonObject(bytes, 'ERR_ENVELOPE_MALFORMED')
  let opened: Opened = { kinds: [], recipients: [] }
  for (;;) {
    const format = formatOf(members)
    if (format === 'message') return conclude(members, opened)
    const layer: Layer =
      format === 'jwe'
        ? await decryptLayer(parseJwe(members, context.crypto), opened, context)
        : await verifyLayer(members, opened, context)
    opened = layer.opened
    members = jsonObject(layer.content, 'ERR_MESSAGE_MALFORMED')
  }
}

/** A message has a `type`, which no envelope has; with it, a header of any name is just a header. */
function formatOf(members: JsonObject): 'jwe' | 'jws' | 'message' {
  const has = (name: string): boolean => members[name] !== undefined
  if (has('type')) return 'message'
  if (has('ciphertext') || has('recipients')) return 'jwe'
  return has('payload') || has('signatures') ? 'jws' : 'message'
}

function conclude(members: JsonObject, { kinds, recipients, sender, signer }: Opened): Unpacked {
  const message = checkMessage(members)
  const proven = {
    recipients,
    ...(sender === undefined ? {} : { sender }),
    ...(signer === undefined ? {} : { signer }),
  }
  checkAddressing(message, proven)
  const by = sender ?? signer
  const [recipient] = recipients
  return {
    message,
    ...(by === undefined ? {} : { sender: by }),
    ...(recipient === undefined ? {} : { recipient }),
    encrypted: recipients.length > 0,
    nonRepudiable: kinds.includes('signed'),
    encoding: 'json',
  }
}

function enter(kind: Kind, { kinds }: Opened): readonly Kind[] {
  const path = [...kinds, kind]
  if (!allowed.has(path.join(' '))) throw unsupported(`the combination ${path.join(' of ')} is not allowed`)
  return path
}

interface Layer {
  readonly content: Uint8Array
  readonly opened: Opened
}

async function decryptLayer(jwe: Jwe, opened: Opened, context: EnvelopeContext): Promise<Layer> {
  const kinds = enter(jwe.alg.authenticated ? 'authcrypt' : 'anoncrypt', opened)
  const kid = await ownKid(jwe, context)
  const senderKey = jwe.skid === undefined ? undefined : await authorisedKey(jwe.skid, 'keyAgreement', context)
  if (senderKey && senderKey.curve !== jwe.curve.crv) throw unsupported('the sender key is on another curve than "epk"')
  const deriveBits = (peerPublicKey: Uint8Array): Promise<Uint8Array> => context.secrets.deriveBits(kid, peerPublicKey)
  const keys = { kid, deriveBits, ...(senderKey ? { senderPublicKey: senderKey.bytes } : {}) }
  const content = await decryptJwe(jwe, keys, context.crypto)
  const sender = senderKey ? { sender: didOf(senderKey.kid) } : {}
  return { content, opened: { ...opened, kinds, recipients: [...opened.recipients, didOf(kid)], ...sender } }
}

/** Finds the first recipient whose private key is here, and which its DID lists for key agreement on this curve. */
async function ownKid(jwe: Jwe, context: EnvelopeContext): Promise<string> {
  for (const { kid } of jwe.recipients) {
    if (!(await context.secrets.has(kid))) continue
    const key = await listedKey(kid, 'keyAgreement', context)
    if (key?.curve === jwe.curve.crv) return kid
  }
  throw new DidCommError('ERR_RECIPIENT_UNKNOWN', 'no key of ours is among the recipients')
}

async function verifyLayer(members: JsonObject, opened: Opened, context: EnvelopeContext): Promise<Layer> {
  const kinds = enter('signed', opened)
  const { payload, signatures } = parseJws(members)
  const [signer, ...others] = new Set(signatures.map(({ kid }) => didOf(kid)))
  if (signer === undefined || others.length > 0) throw unsupported('the signatures are of several signers')
  // One that cannot be checked proves nothing.
  const checkable = signatures.filter(({ alg }) => alg?.isSupported(context.crypto))
  if (checkable.length === 0) throw unsupported('no signature has a supported "alg"')
  for (const signature of checkable) {
    verifyJws(signature, await authorisedKey(signature.kid, 'authentication', context), context.crypto)
  }
  return { content: payload, opened: { ...opened, kinds, signer } }
}

/** DIDComm v2.1 asks that the document of the sender's DID lists the key for what it was used for. */
async function authorisedKey(
  kid: string,
  relationship: 'keyAgreement' | 'authentication',
  context: EnvelopeContext,
): Promise<PublicKey> {
  const key = await listedKey(kid, relationship, context)
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
