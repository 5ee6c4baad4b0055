import { type CborValue, concatBytes } from '../../bytes/index.ts'
import type { DeriveBits } from '../../crypto/agreement-curve.ts'
import type { Crypto } from '../../crypto/crypto.ts'
import { DidCommError } from '../../errors.ts'
import type { CoseContent } from './content.ts'
import { type CoseCurve, coseCurve, readCoseKey } from './cose-key.ts'
import { type CoseEcdhAlgorithm, ecdhAlgorithms } from './ecdh-algorithms.ts'
import type { AgreeCoseKey, CoseEncrypt, CoseRecipient, CoseWorld, UnwrapCoseKey, WrapCoseKey } from './encrypt.ts'
import { headerOf, idOf, malformed, protectedBytes } from './headers.ts'
import {
  type CoseKdfInputs,
  type CoseKnownInputs,
  deriveCoseKey,
  kdfHeaders,
  kdfInputs,
  readKdfInputs,
} from './kdf-context.ts'
import { A256KW, ALG, EPHEMERAL_KEY, KID, STATIC_KEY, STATIC_KEY_ID } from './labels.ts'

/** Recipients by key agreement, RFC 9053 §6.3 and §6.4. */

/** The public key of one recipient. */
export interface CoseAgreementKey {
  readonly kid?: Uint8Array
  /** X25519, or a NIST curve that `crypto` has, by its JOSE name. */
  readonly curve: string
  readonly bytes: Uint8Array
}

/** The sender's own key. */
export interface CoseAgreementSender {
  /** The `static key id`, where the recipient has to find the key by it. */
  readonly kid?: Uint8Array
  readonly deriveBits: DeriveBits
}

export interface CoseEcdhOptions extends CoseKdfInputs {
  readonly algorithm: CoseEcdhAlgorithm
  /** Present exactly where the algorithm is authenticated. */
  readonly sender?: CoseAgreementSender
}

const kekBytes = 32
const partyNonceBytes = 32

/**
 * Writes recipients on one curve by an algorithm that wraps, with one ephemeral key and one protected header for all.
 *
 * @throws TypeError where the options do not fit together
 * @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED`; `ERR_KEY_INVALID` for a recipient key that no honest party makes
 */
export function ecdhRecipients(
  options: CoseEcdhOptions & { readonly recipients: readonly CoseAgreementKey[] },
  world: CoseWorld,
): WrapCoseKey[] {
  const { algorithm, recipients } = options
  const [first] = recipients
  if (!algorithm.wraps || !first) throw new TypeError('"algorithm" expected to wrap keys, for at least one recipient')
  if (recipients.some(({ curve }) => curve !== first.curve)) throw new TypeError('"recipients" expected on one curve')
  const agreement = startAgreement(options, first.curve, world)
  return recipients.map((recipient) => {
    agreement.curve.expectPublicKey(recipient.bytes)
    return async (cek, content) => {
      const use = { algorithmId: A256KW, keyBytes: kekBytes, protectedHeader: agreement.protectedHeader }
      const inputs = withTag(agreement.inputs, algorithm, content, world.crypto)
      const kek = deriveCoseKey(world.crypto, await agreement.secret(recipient.bytes), use, inputs)
      return written(agreement.protectedHeader, recipient, world.crypto.a256kw.wrapKey(kek, cek))
    }
  })
}

/**
 * Writes the only recipient, by an algorithm that does not wrap.
 *
 * @throws TypeError where the options do not fit together
 * @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED`; `ERR_KEY_INVALID` for a recipient key that no honest party makes
 */
export function ecdhDirect(options: CoseEcdhOptions & { readonly recipient: CoseAgreementKey }): AgreeCoseKey {
  const { algorithm, recipient } = options
  if (algorithm.wraps) throw new TypeError('"algorithm" expected not to wrap keys')
  return async (content, world) => {
    const { protectedHeader, inputs, secret, curve } = startAgreement(options, recipient.curve, world)
    curve.expectPublicKey(recipient.bytes)
    const use = { algorithmId: content.alg, keyBytes: content.aead(world.crypto).keyBytes, protectedHeader }
    const cek = deriveCoseKey(world.crypto, await secret(recipient.bytes), use, inputs)
    return { cek, recipient: written(protectedHeader, recipient, new Uint8Array(0)) }
  }
}

/** What all recipients of a message share. */
interface Agreement {
  readonly curve: CoseCurve
  readonly protectedHeader: Uint8Array
  readonly inputs: CoseKdfInputs
  secret(recipientPublicKey: Uint8Array): Promise<Uint8Array>
}

function startAgreement(options: CoseEcdhOptions, curveName: string, { crypto, randomBytes }: CoseWorld): Agreement {
  const { algorithm, sender } = options
  if (algorithm.authenticated !== (sender !== undefined)) {
    throw new TypeError('"sender" expected exactly where the algorithm is authenticated')
  }
  const curve = coseCurve(curveName, crypto)
  const ephemeral = algorithm.ephemeral ? curve.generate(crypto, randomBytes) : undefined
  // RFC 9053 §6.3.1: two lasting keys agree on one secret for ever, so that something else must be new for each message.
  const partyU = { ...(ephemeral ? {} : { nonce: randomBytes(partyNonceBytes) }), ...options.partyU }
  const inputs = { ...options, partyU }
  const headers = new Map<CborValue, CborValue>([[ALG, algorithm.alg], ...kdfHeaders(inputs)])
  if (ephemeral) headers.set(EPHEMERAL_KEY, curve.toCoseKey(ephemeral.publicKey))
  if (sender?.kid) headers.set(STATIC_KEY_ID, sender.kid)
  return {
    curve,
    inputs,
    protectedHeader: protectedBytes(headers),
    async secret(recipientPublicKey) {
      const ze = ephemeral?.deriveBits(recipientPublicKey) ?? new Uint8Array(0)
      return concatBytes(ze, (await sender?.deriveBits(recipientPublicKey, true)) ?? new Uint8Array(0))
    },
  }
}

/** Where both keys take part, the tag of the content does, too. */
function withTag(
  inputs: CoseKdfInputs,
  { ephemeral, authenticated }: CoseEcdhAlgorithm,
  { algorithm, ciphertext }: CoseContent,
  crypto: Crypto,
): CoseKdfInputs {
  if (!ephemeral || !authenticated) return inputs
  return { ...inputs, publicInfo: ciphertext.subarray(ciphertext.length - algorithm.aead(crypto).tagBytes) }
}

function written(protectedHeader: Uint8Array, { kid }: CoseAgreementKey, encryptedKey: Uint8Array): CborValue {
  return [protectedHeader, new Map(kid && [[KID, kid]]), encryptedKey]
}

/** A recipient by key agreement, of which nothing has been decrypted. */
export interface CoseEcdhRecipient extends Pick<CoseKdfInputs, 'salt' | 'partyU' | 'partyV'> {
  readonly algorithm: CoseEcdhAlgorithm
  readonly kid?: Uint8Array
  /** The curve and the public key of the message; present exactly where the algorithm has one. */
  readonly ephemeral?: { readonly curve: CoseCurve; readonly publicKey: Uint8Array }
  /** The sender's key, where it is in the message: a claim, which is worth what its key is known for. */
  readonly staticKey?: { readonly curve: CoseCurve; readonly publicKey: Uint8Array }
  /** How the sender's key is named: a claim, until decryption proves it. */
  readonly staticKeyId?: Uint8Array
  readonly protectedHeader: Uint8Array
  readonly encryptedKey: Uint8Array
}

/**
 * Reads a recipient by one of `algorithms`; `undefined` for one by another method.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED` for a curve that `crypto` does not have
 */
export function parseEcdhRecipient(
  recipient: CoseRecipient,
  envelope: CoseEncrypt,
  crypto: Crypto,
  algorithms: readonly CoseEcdhAlgorithm[] = ecdhAlgorithms,
): CoseEcdhRecipient | undefined {
  const algorithm = algorithms.find(({ alg }) => alg === recipient.protectedMap.get(ALG))
  if (!algorithm) return undefined
  // RFC 9052 §8.5.4: what both sides agree on is the key of the content, so that there is nobody else and nothing to wrap.
  const isDirect = envelope.recipients.length === 1 && recipient.ciphertext.length === 0
  if (!algorithm.wraps && !isDirect) throw malformed('a direct key agreement is not alone or has a ciphertext')
  const inputs = readKdfInputs(recipient)
  // RFC 9053 §5.2 wants one of them for all static keys. Without, the key of the content would be the same in all messages; a key that
  // wraps may be, and is in published examples.
  const isNew = algorithm.ephemeral || algorithm.wraps || inputs.salt || inputs.partyU?.nonce
  if (!isNew) throw malformed('nothing is new in a direct key agreement')
  const ephemeral = algorithm.ephemeral ? readCoseKey(headerOf(recipient, EPHEMERAL_KEY), crypto) : undefined
  return {
    algorithm,
    ...(recipient.kid && { kid: recipient.kid }),
    ...(ephemeral && { ephemeral }),
    ...(algorithm.authenticated && readSender(recipient, crypto)),
    ...inputs,
    protectedHeader: recipient.protectedHeader,
    encryptedKey: recipient.ciphertext,
  }
}

function readSender(recipient: CoseRecipient, crypto: Crypto): Pick<CoseEcdhRecipient, 'staticKey' | 'staticKeyId'> {
  const [key, id] = [headerOf(recipient, STATIC_KEY), headerOf(recipient, STATIC_KEY_ID)]
  return {
    ...(key !== undefined && { staticKey: readCoseKey(key, crypto) }),
    ...(id !== undefined && { staticKeyId: idOf(id, 'static key id') }),
  }
}

export interface CoseEcdhKeys extends CoseKnownInputs {
  readonly deriveBits: DeriveBits
  /** The sender's public key on the recipient's curve; needed where the algorithm is authenticated. */
  readonly senderPublicKey?: Uint8Array
}

/** Reads as a recipient by key agreement. @throws TypeError where the sender's key is needed and missing */
export function unwrapEcdh(recipient: CoseEcdhRecipient, keys: CoseEcdhKeys): UnwrapCoseKey {
  const { algorithm, ephemeral, protectedHeader, encryptedKey } = recipient
  const { deriveBits, senderPublicKey, ...known } = keys
  if (algorithm.authenticated && !senderPublicKey) throw new TypeError('"senderPublicKey" expected')
  return async (content, crypto) => {
    const ze = ephemeral ? await deriveBits(ephemeral.publicKey) : new Uint8Array(0)
    const zs = algorithm.authenticated && senderPublicKey ? await deriveBits(senderPublicKey, true) : new Uint8Array(0)
    const { keyBytes } = content.algorithm.aead(crypto)
    const use = algorithm.wraps
      ? { algorithmId: A256KW, keyBytes: kekBytes, protectedHeader }
      : { algorithmId: content.algorithm.alg, keyBytes, protectedHeader }
    const inputs = withTag(kdfInputs(recipient, known), algorithm, content, crypto)
    const key = deriveCoseKey(crypto, concatBytes(ze, zs), use, inputs)
    if (!algorithm.wraps) return key
    // The length is public, and checked here so that key wrapping need not tell a wrong length from a wrong key.
    if (encryptedKey.length !== keyBytes + 8) throw new DidCommError('ERR_CRYPTO_TAG', 'the key is of another length')
    return crypto.a256kw.unwrapKey(key, encryptedKey)
  }
}
