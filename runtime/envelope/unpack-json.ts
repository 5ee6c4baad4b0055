import { parseJson } from '../bytes/index.ts'
import type { DeriveBits } from '../crypto/agreement-curve.ts'
import { didOf } from '../did/did-url.ts'
import { DidCommError } from '../errors.ts'
import { checkMessage } from '../message/check.ts'
import { canonicalMediaType, ENCRYPTED, PLAIN, SIGNED } from '../message/media-types.ts'
import type { Json, JsonObject } from '../message/message.ts'
import type { Allows, EnvelopeContext, Leniency, Unpacked } from './envelope.ts'
import { priorOf } from './from-prior.ts'
import { isMembers, malformed, unsupported } from './jose.ts'
import { decryptJwe } from './jwe/jwe.ts'
import { type Jwe, parseJwe } from './jwe/parse.ts'
import { parseJws, verifyJws } from './jws/jws.ts'
import { authorisedKey, conclude, enter, type Opened, openedBy, openedSigned, ownKey, tolerance } from './opened.ts'

/** What the content of a layer is by its form, and the media type that stands for it. */
const mediaTypes = { jwe: ENCRYPTED, jws: SIGNED, message: PLAIN } as const
type Format = keyof typeof mediaTypes

/**
 * Opens all layers of JSON around a message, and checks that the message says of itself what they prove. A plaintext passes
 * as what it is.
 */
export async function unpackJson(
  bytes: Uint8Array,
  context: EnvelopeContext,
  allow: readonly Leniency[] = [],
): Promise<Unpacked> {
  const { allows, tolerated } = tolerance(allow)
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
  const unpacked = conclude(checkMessage(members), opened, 'json', allows)
  const { prior } = await priorOf(unpacked.message, unpacked.encrypted, context)
  return { ...unpacked, ...(prior && { prior }), ...tolerated() }
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

interface Step {
  readonly content: Uint8Array
  /** What the layer says of its content: `cty`, once for each signature. */
  readonly contentTypes: readonly (string | undefined)[]
  readonly opened: Opened
}

async function decryptLayer(jwe: Jwe, opened: Opened, context: EnvelopeContext, allows: Allows): Promise<Step> {
  enter(jwe.alg.authenticated ? 'authcrypt' : 'anoncrypt', opened, allows)
  const kids = jwe.recipients.map(({ kid }) => kid)
  const { kid } = await ownKey(kids, ({ curve }) => curve === jwe.curve.crv, context)
  const sender = jwe.skid === undefined ? undefined : await authorisedKey(jwe.skid, 'keyAgreement', context)
  if (sender && sender.curve !== jwe.curve.crv) throw unsupported('the sender key is on another curve than "epk"')
  const deriveBits: DeriveBits = (peerPublicKey, isLasting) => context.secrets.deriveBits(kid, peerPublicKey, isLasting)
  const keys = { kid, deriveBits, ...(sender ? { senderPublicKey: sender.bytes } : {}) }
  const content = await decryptJwe(jwe, keys, context.crypto)
  const by = { enc: jwe.enc.enc, recipientKid: kid, sender }
  return { content, contentTypes: [jwe.cty], opened: openedBy(opened, by) }
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
  const kids = checkable.map(({ kid }) => kid)
  const contentTypes = signatures.map(({ cty }) => cty)
  return { content: payload, contentTypes, opened: openedSigned(opened, signer, kids) }
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
