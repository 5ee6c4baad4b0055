import { type CborValue, encodeUtf8 } from '../../bytes/index.ts'
import type { DeriveBits } from '../../crypto/agreement-curve.ts'
import type { PublicKey } from '../../did/document.ts'
import { DidCommError } from '../../errors.ts'
import { type AttachmentMember, PLAIN_CBOR, serializeCborMessage } from '../../message/cbor-plaintext.ts'
import type { Message, Packable } from '../../message/message.ts'
import { checkPacking, expectFrom, withId } from '../addressing.ts'
import { ecdh1pu, ecdhEsA256kw } from '../cose/ecdh-algorithms.ts'
import { ecdhRecipients } from '../cose/ecdh-recipient.ts'
import { encryptCoseFor } from '../cose/encrypt.ts'
import { KID, TYP } from '../cose/labels.ts'
import { signCose1 } from '../cose/sign1.ts'
import { documentKeys } from '../document-keys.ts'
import type { EnvelopeContext, Packed, PackOptions } from '../envelope.ts'
import type { Enc } from '../jwe/algorithms.ts'
import { apvOf } from '../jwe/parse.ts'
import { authcryptKeys, recipientKeys, signingKey } from '../keys.ts'
import { ENCRYPTED_CBOR, encEntry, SIGNED_CBOR } from './profile.ts'

/** Where this profile leaves a choice. */
export interface CborWriting {
  /** The content encryption of anoncrypt. Default `XC20P`; authcrypt has `A256CBC-HS512` and no other. */
  readonly enc?: Enc
  /** The member with the bytes of attachments. Default `binary`. */
  readonly attachments?: AttachmentMember
}

/**
 * Encrypts for all keys of the recipient on one curve, as a COSE_Encrypt.
 *
 * @throws TypeError where `message` and `options` contradict each other
 * @throws DidCommError `ERR_DID_NOT_FOUND`, `ERR_DID_UNUSABLE`, `ERR_KEY_NOT_FOUND`, `ERR_KEY_INVALID`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export async function packCbor(
  message: Packable,
  options: PackOptions & CborWriting,
  context: EnvelopeContext,
): Promise<Packed> {
  const { to, from, sign, protectSender, enc } = options
  if (typeof to !== 'string') throw new TypeError('"to" expected one DID in this encoding')
  checkPacking(message, options)
  const complete = withId(message)
  const unsigned = serializeCborMessage(complete, options.attachments)
  const plaintext = sign === undefined ? unsigned : await signed(unsigned, sign, context)
  const anoncrypt = async (content: Uint8Array): Promise<Uint8Array> =>
    encrypt(content, { recipients: await recipientKeys(to, documentKeys(context)), enc: enc ?? 'XC20P' }, context)
  if (from === undefined) return packed(await anoncrypt(plaintext))
  if (enc !== undefined && !encEntry((entry) => entry.enc === enc).committing && !protectSender) {
    throw new DidCommError('ERR_ENVELOPE_UNSUPPORTED', `${enc} is not allowed for authcrypt`)
  }
  const keys = await authcryptKeys(from, to, documentKeys(context))
  const authenticated = await encrypt(plaintext, { ...keys, enc: 'A256CBC-HS512' }, context)
  return packed(protectSender ? await anoncrypt(authenticated) : authenticated)

  function packed(bytes: Uint8Array): Packed {
    return { bytes, mediaType: ENCRYPTED_CBOR, id: complete.id }
  }
}

/**
 * Signs a message without encrypting it, as a COSE_Sign1. Anybody can read it.
 *
 * @throws TypeError where `message.from` is not `options.from`
 * @throws DidCommError `ERR_DID_NOT_FOUND`, `ERR_KEY_NOT_FOUND`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export async function packSignedCbor(
  message: Message,
  options: { readonly from: string } & Pick<CborWriting, 'attachments'>,
  context: EnvelopeContext,
): Promise<Packed> {
  expectFrom(message, options.from)
  const bytes = await signed(serializeCborMessage(message, options.attachments), options.from, context)
  return { bytes, mediaType: SIGNED_CBOR, id: message.id }
}

/** Writes a message without any protection, for places where something else protects it. */
export function packPlaintextCbor(message: Message, options: Pick<CborWriting, 'attachments'> = {}): Packed {
  return { bytes: serializeCborMessage(message, options.attachments), mediaType: PLAIN_CBOR, id: message.id }
}

async function signed(payload: Uint8Array, from: string, context: EnvelopeContext): Promise<Uint8Array> {
  const { kid, curve } = await signingKey(from, documentKeys(context))
  const protectedMap = new Map<CborValue, CborValue>([
    [TYP, SIGNED_CBOR],
    [KID, encodeUtf8(kid)],
  ])
  // EdDSA: the known implementation reads no Ed25519, which RFC 9864 has in its place.
  const alg = curve === 'Ed25519' ? { alg: -8 } : {}
  return signCose1({ payload, curve, ...alg, protectedMap, sign: (data) => context.secrets.sign(kid, data) })
}

async function encrypt(
  plaintext: Uint8Array,
  options: { readonly recipients: readonly PublicKey[]; readonly sender?: PublicKey; readonly enc: Enc },
  context: EnvelopeContext,
): Promise<Uint8Array> {
  const { sender, enc } = options
  // In the order in which they are hashed: a reader that hashes them as they came finds the same.
  const sorted = [...options.recipients].sort((a, b) => (a.kid < b.kid ? -1 : 1))
  const deriveBits: DeriveBits = (publicKey, isLasting) =>
    context.secrets.deriveBits(sender?.kid ?? '', publicKey, isLasting)
  const recipients = ecdhRecipients(
    {
      algorithm: sender ? ecdh1pu : ecdhEsA256kw,
      // `skid` would repeat this, and is not needed beside it.
      ...(sender && { sender: { deriveBits }, partyU: { identity: encodeUtf8(sender.kid) } }),
      partyV: { identity: apvOf(sorted, context.crypto) },
      recipients: sorted.map(({ kid, curve, bytes }) => ({ kid: encodeUtf8(kid), curve, bytes })),
    },
    context,
  )
  const { algorithm } = encEntry((entry) => entry.enc === enc)
  const protectedMap = new Map([[TYP, ENCRYPTED_CBOR]])
  return encryptCoseFor({ plaintext, algorithm, recipients, protectedMap }, context)
}
