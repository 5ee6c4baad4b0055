import type { DeriveBits } from '../crypto/agreement-curve.ts'
import { ENCRYPTED, PLAIN, SIGNED } from '../message/media-types.ts'
import type { Message, Packable } from '../message/message.ts'
import { serializeMessage } from '../message/plaintext.ts'
import { checkPacking, expectFrom, withId } from './addressing.ts'
import { documentKeys } from './document-keys.ts'
import type { EnvelopeContext, Packed, PackOptions } from './envelope.ts'
import type { Enc } from './jwe/algorithms.ts'
import { encryptJwe } from './jwe/jwe.ts'
import { type JwsSigner, signJws } from './jws/jws.ts'
import { authcryptKeys, recipientKeys, signingKey } from './keys.ts'

export interface PackJsonOptions extends PackOptions {
  /** The content encryption. Default `A256CBC-HS512`, the one that every agent reads and the only one for authcrypt. */
  readonly enc?: Enc
}

/**
 * Encrypts for all keys of the recipient on one curve (DIDComm v2.1, "Message Encryption").
 *
 * @throws TypeError where `message` and `options` contradict each other
 */
export async function packJson(message: Packable, options: PackJsonOptions, context: EnvelopeContext): Promise<Packed> {
  checkPacking(message, options)
  const { to, from, enc, protectSender } = options
  if (typeof to !== 'string') throw new TypeError('"to" expected one DID in JSON, or packForEach()')
  const complete = withId(message)
  const unsigned = serializeMessage(complete)
  const plaintext = options.sign === undefined ? unsigned : await sign(unsigned, { from: options.sign }, context)
  if (from === undefined) return packed(await anoncrypt(plaintext, to, enc, context))
  const authenticated = await authcrypt(plaintext, { from, to, ...(enc && !protectSender && { enc }) }, context)
  return packed(protectSender ? await anoncrypt(authenticated, to, enc, context) : authenticated)

  function packed(bytes: Uint8Array): Packed {
    return { bytes, mediaType: ENCRYPTED, id: complete.id }
  }
}

/** How `packSigned` signs. */
export interface PackSignedOptions {
  /** The DID that signs, or the DID URL of its key. */
  readonly from: string
  /** DID URLs of further keys of the same DID that sign as well, in the General form. */
  readonly alsoBy?: readonly string[]
  /** Which JSON Serialization (RFC 7515 §7.2). Default `general`. */
  readonly form?: 'general' | 'flattened'
}

/**
 * Signs a message without encrypting it (DIDComm v2.1, "Signed Messages"). Anybody can read it.
 *
 * @throws TypeError where `message.from` is not `options.from`, where the keys are not distinct keys of one DID, and where several sign in the
 * Flattened form
 * @throws DidCommError `ERR_DID_NOT_FOUND`, `ERR_KEY_NOT_FOUND`
 */
export async function packSigned(
  message: Message,
  options: PackSignedOptions,
  context: EnvelopeContext,
): Promise<Packed> {
  expectFrom(message, options.from)
  for (const kid of options.alsoBy ?? []) expectFrom(message, kid)
  const bytes = await sign(serializeMessage(message), options, context)
  return { bytes, mediaType: SIGNED, id: message.id }
}

/** Writes a message without any protection, for places where something else protects it. */
export function packPlaintext(message: Message): Packed {
  return { bytes: serializeMessage(message), mediaType: PLAIN, id: message.id }
}

async function authcrypt(
  plaintext: Uint8Array,
  options: { from: string; to: string; enc?: Enc },
  context: EnvelopeContext,
): Promise<Uint8Array> {
  const { from, to, ...enc } = options
  const { sender, recipients } = await authcryptKeys(from, to, documentKeys(context))
  const { kid } = sender
  const deriveBits: DeriveBits = (peerPublicKey, isLasting) => context.secrets.deriveBits(kid, peerPublicKey, isLasting)
  return encryptJwe({ plaintext, recipients, sender: { kid, deriveBits }, ...enc }, context)
}

async function anoncrypt(
  plaintext: Uint8Array,
  to: string,
  enc: Enc | undefined,
  context: EnvelopeContext,
): Promise<Uint8Array> {
  return encryptJwe(
    { plaintext, recipients: await recipientKeys(to, documentKeys(context)), ...(enc && { enc }) },
    context,
  )
}

async function sign(
  payload: Uint8Array,
  { from, alsoBy = [], form }: PackSignedOptions,
  context: EnvelopeContext,
): Promise<Uint8Array> {
  const signers: JwsSigner[] = []
  for (const named of [from, ...alsoBy]) {
    const { kid, curve } = await signingKey(named, documentKeys(context))
    if (signers.some((signer) => signer.kid === kid)) throw new TypeError('"alsoBy" expected keys that do not sign yet')
    signers.push({ kid, curve, sign: (data) => context.secrets.sign(kid, data) })
  }
  const [signer, ...others] = signers
  if (!signer) throw new TypeError('"from" expected')
  return signJws({ payload, ...signer, others, ...(form && { form }) })
}
