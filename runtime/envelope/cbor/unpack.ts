import { decodeUtf8, encodeUtf8, equalBytes } from '../../bytes/index.ts'
import type { DeriveBits } from '../../crypto/agreement-curve.ts'
import type { Crypto } from '../../crypto/crypto.ts'
import { didOf } from '../../did/did-url.ts'
import { DidCommError, isDidCommError } from '../../errors.ts'
import { parseCborMessage } from '../../message/cbor-plaintext.ts'
import { canonicalMediaType } from '../../message/media-types.ts'
import type { Message } from '../../message/message.ts'
import { ecdh1pu, ecdhEsA256kw } from '../cose/ecdh-algorithms.ts'
import { type CoseEcdhRecipient, parseEcdhRecipient, unwrapEcdh } from '../cose/ecdh-recipient.ts'
import { type CoseEncrypt, decryptCoseFor, parseCoseEncrypt } from '../cose/encrypt.ts'
import { type CoseLayer, headerMap, malformed, unsupported } from '../cose/headers.ts'
import { KID, TYP } from '../cose/labels.ts'
import { parseCoseSign1, verifyCose1 } from '../cose/sign1.ts'
import type { Allows, EnvelopeContext, Leniency, Unpacked } from '../envelope.ts'
import { priorOf } from '../from-prior.ts'
import { apvOf } from '../jwe/parse.ts'
import { authorisedKey, conclude, enter, type Opened, openedBy, openedSigned, ownKey, tolerance } from '../opened.ts'
import { contentAlgorithms, ENCRYPTED_CBOR, encEntry, mediaTypes, SIGNED_CBOR } from './profile.ts'

/** The known implementation does not sort its maps. Nothing that was authenticated is encoded anew, so that the order is as good as any. */
const allow = ['map-order'] as const

/** What is in a layer, by its first bytes. */
type Form = 'encrypted' | 'signed' | 'message'

interface Step {
  readonly content: Uint8Array
  readonly opened: Opened
}

/**
 * Opens all layers around a message, and checks that the message says of itself what they prove. A plaintext passes as what it
 * is.
 *
 * @throws DidCommError as `unpack`
 */
export async function unpackCbor(
  bytes: Uint8Array,
  context: EnvelopeContext,
  lenient: readonly Leniency[] = [],
): Promise<Unpacked> {
  const { allows, tolerated } = tolerance(lenient)
  let step: Step = { content: bytes, opened: { layers: [], recipients: [] } }
  for (;;) {
    const form = formOf(step)
    if (form === 'message') break
    step = form === 'encrypted' ? await decryptLayer(step, context, allows) : await verifyLayer(step, context, allows)
  }
  const unpacked = conclude(messageOf(step.content), step.opened, 'cbor', allows)
  return { ...unpacked, ...(await priorOf(unpacked.message, unpacked.encrypted, context)), ...tolerated() }
}

/** COSE_Encrypt has tag 96, COSE_Sign1 tag 18; a message is a map. */
function formOf({ content, opened }: Step): Form {
  const [first = 0, second] = content
  if (first === 0xd8 && second === 0x60) return 'encrypted'
  if (first === 0xd2) return 'signed'
  if (first >> 5 === 5) return 'message'
  const code = opened.layers.length > 0 ? 'ERR_MESSAGE_MALFORMED' : 'ERR_ENVELOPE_MALFORMED'
  throw new DidCommError(code, 'the first bytes begin neither an envelope nor a message of this profile')
}

function messageOf(bytes: Uint8Array): Message {
  try {
    return parseCborMessage(bytes)
  } catch (cause) {
    if (!isDidCommError(cause, 'ERR_BYTES_MALFORMED', 'ERR_TOO_LARGE')) throw cause
    throw new DidCommError('ERR_MESSAGE_MALFORMED', 'the plaintext is no CBOR', { cause })
  }
}

async function decryptLayer({ content, opened }: Step, context: EnvelopeContext, allows: Allows): Promise<Step> {
  const envelope = parseCoseEncrypt(content, { algorithms: contentAlgorithms, allow }, context.crypto)
  expectTyp(envelope, ENCRYPTED_CBOR)
  const { kids, agreed, curve, senderKid } = readRecipients(envelope, context.crypto)
  enter(senderKid === undefined ? 'anoncrypt' : 'authcrypt', opened, allows)
  const { kid } = await ownKey(kids, (key) => key.curve === curve, context)
  const sender = senderKid === undefined ? undefined : await authorisedKey(senderKid, 'keyAgreement', context)
  if (sender && sender.curve !== curve) throw unsupported('the sender key is on another curve than the ephemeral one')
  const { enc, committing } = encEntry(({ algorithm }) => algorithm === envelope.algorithm)
  if (sender && !committing) throw unsupported(`${enc} is not allowed for authcrypt`)

  const deriveBits: DeriveBits = (publicKey, isLasting) => context.secrets.deriveBits(kid, publicKey, isLasting)
  const encryptedKey = envelope.recipients[kids.indexOf(kid)]?.ciphertext ?? new Uint8Array(0)
  const keys = { deriveBits, ...(sender && { senderPublicKey: sender.bytes }) }
  const unwrap = unwrapEcdh({ ...agreed, encryptedKey }, keys)
  const plaintext = await decryptCoseFor(envelope, { unwrap }, context.crypto)
  return { content: plaintext, opened: openedBy(opened, { enc, recipientKid: kid, sender }) }
}

interface Recipients {
  readonly kids: readonly string[]
  /** What is common to all of them. */
  readonly agreed: CoseEcdhRecipient
  readonly curve: string
  /** Present: authcrypt. A claim, until decryption proves it. */
  readonly senderKid?: string
}

/**
 * Reads what DIDComm has in common for all recipients (DIDComm v2.1, "ECDH-1PU key wrapping and common protected headers"): each has the
 * same protected header, and its key id beside it.
 */
function readRecipients(envelope: CoseEncrypt, crypto: Crypto): Recipients {
  const [first, ...others] = envelope.recipients
  const agreed = first && parseEcdhRecipient(first, envelope, crypto, [ecdhEsA256kw, ecdh1pu])
  if (!agreed?.ephemeral) throw unsupported('the key agreement is not supported')
  if (!others.every(({ protectedHeader }) => equalBytes(protectedHeader, agreed.protectedHeader))) {
    throw malformed('the recipients do not have one protected header')
  }
  const kids = envelope.recipients.map(({ unprotectedMap, kid }) => {
    headerMap(unprotectedMap, [KID])
    return keyId(kid, 'kid')
  })
  if (new Set(kids).size !== kids.length) throw malformed('a recipient is there twice')
  const apv = agreed.partyV?.identity
  const expected = apvOf(
    kids.map((kid) => ({ kid })),
    crypto,
  )
  if (!apv || !equalBytes(apv, expected)) throw malformed('"apv" does not match the recipients')
  const { crv: curve } = agreed.ephemeral.curve
  return { kids, agreed, curve, ...(agreed.algorithm.authenticated && { senderKid: senderOf(agreed) }) }
}

function senderOf({ partyU, staticKeyId }: CoseEcdhRecipient): string {
  const kid = keyId(partyU?.identity, 'apu')
  if (staticKeyId && !equalBytes(staticKeyId, encodeUtf8(kid))) throw malformed('"apu" and "skid" do not agree')
  return kid
}

async function verifyLayer({ content, opened }: Step, context: EnvelopeContext, allows: Allows): Promise<Step> {
  enter('signed', opened, allows)
  const envelope = parseCoseSign1(content, { allow })
  expectTyp(envelope, SIGNED_CBOR)
  const kid = keyId(envelope.kid, 'kid')
  const { algorithm } = envelope
  if (!algorithm) throw unsupported('the signature algorithm is not supported')
  verifyCose1(envelope, { publicKey: await authorisedKey(kid, 'authentication', context) }, context.crypto)
  return { content: envelope.payload, opened: openedSigned(opened, didOf(kid), [kid]) }
}

/** A media type of this profile in `typ` is that of the layer; others say nothing. */
function expectTyp({ protectedMap }: CoseLayer, expected: string): void {
  const typ = protectedMap.get(TYP)
  const type = typeof typ === 'string' ? canonicalMediaType(typ) : expected
  if (type !== expected && mediaTypes.includes(type)) throw malformed('"typ" is that of another kind of message')
}

function keyId(id: Uint8Array | undefined, what: string): string {
  if (!id || id.length === 0) throw malformed(`"${what}" is missing`)
  try {
    return decodeUtf8(id)
  } catch (cause) {
    throw malformed(`"${what}" is no UTF-8`, cause)
  }
}
