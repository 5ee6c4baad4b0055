import { ENCRYPTED, PLAIN, SIGNED } from '../message/media-types.ts'
import type { Message, Packable } from '../message/message.ts'
import { serializeMessage } from '../message/plaintext.ts'
import { checkPacking, expectFrom } from './addressing.ts'
import type { EnvelopeContext, Packed, PackOptions } from './envelope.ts'
import type { Enc } from './jwe/algorithms.ts'
import { encryptJwe } from './jwe/jwe.ts'
import { signJws } from './jws/jws.ts'
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
  const complete = withId(message)
  const unsigned = serializeMessage(complete)
  const plaintext = options.sign === undefined ? unsigned : await sign(unsigned, options.sign, context)
  const { to, from, enc, protectSender } = options
  if (from === undefined) return packed(await anoncrypt(plaintext, to, enc, context))
  const authenticated = await authcrypt(plaintext, { from, to, ...(enc && !protectSender && { enc }) }, context)
  return packed(protectSender ? await anoncrypt(authenticated, to, enc, context) : authenticated)

  function packed(bytes: Uint8Array): Packed {
    return { bytes, mediaType: ENCRYPTED, id: complete.id }
  }
}

/**
 * Signs a message without encrypting it (DIDComm v2.1, "Signed Messages"). Anybody can read it.
 *
 * @throws TypeError where `message.from` is not `options.from`
 * @throws DidCommError `ERR_DID_NOT_FOUND`, `ERR_KEY_NOT_FOUND`
 */
export async function packSigned(
  message: Message,
  options: { readonly from: string; readonly form?: 'general' | 'flattened' },
  context: EnvelopeContext,
): Promise<Packed> {
  expectFrom(message, options.from)
  const bytes = await sign(serializeMessage(message), options.from, context, options.form)
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
  const { sender, recipients } = await authcryptKeys(from, to, context)
  const { kid } = sender
  const deriveBits = (peerPublicKey: Uint8Array): Promise<Uint8Array> => context.secrets.deriveBits(kid, peerPublicKey)
  return encryptJwe({ plaintext, recipients, sender: { kid, deriveBits }, ...enc }, context)
}

async function anoncrypt(
  plaintext: Uint8Array,
  to: string,
  enc: Enc | undefined,
  context: EnvelopeContext,
): Promise<Uint8Array> {
  return encryptJwe({ plaintext, recipients: await recipientKeys(to, context), ...(enc && { enc }) }, context)
}

async function sign(
  payload: Uint8Array,
  did: string,
  context: EnvelopeContext,
  form?: 'general' | 'flattened',
): Promise<Uint8Array> {
  const { kid, curve } = await signingKey(did, context)
  return signJws({ payload, kid, curve, ...(form && { form }), sign: (data) => context.secrets.sign(kid, data) })
}

function withId(message: Packable): Message {
  const { id, body = {} } = message
  if (id === undefined) throw new TypeError('"message.id" expected in JSON')
  return { ...message, id, body }
}
