import { encodeBase64url, encodeUtf8 } from '../../bytes/index.ts'
import type { DeriveBits } from '../../crypto/agreement-curve.ts'
import type { Crypto, RandomBytes } from '../../crypto/crypto.ts'
import { DidCommError, isDidCommError } from '../../errors.ts'
import { unsupported } from '../jose.ts'
import { type AlgEntry, algorithms, type Enc } from './algorithms.ts'
import { type CurveEntry, curveEntry } from './curves.ts'
import { apvOf, type Jwe, maxRecipients } from './parse.ts'

/** The public key of one recipient. */
export interface JweRecipient {
  readonly kid: string
  readonly curve: string
  readonly bytes: Uint8Array
}

/** The sender's own key, for authcrypt. */
export interface JweSender {
  readonly kid: string
  readonly deriveBits: DeriveBits
}

export interface JweEncryptOptions {
  readonly plaintext: Uint8Array
  /** At least one; all on one curve. */
  readonly recipients: readonly JweRecipient[]
  /** Present: authcrypt (ECDH-1PU+A256KW); its key is on the recipients' curve. Absent: anoncrypt (ECDH-ES+A256KW). */
  readonly sender?: JweSender
  /** Default `A256CBC-HS512`, the one that every DIDComm v2 agent reads and the only one for authcrypt. */
  readonly enc?: Enc
  /** Default `application/didcomm-encrypted+json`. */
  readonly typ?: string
}

/**
 * Encrypts `plaintext` for the recipients, as a JWE in the General JSON Serialization (RFC 7516, DIDComm v2.1).
 *
 * @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED`; `ERR_KEY_INVALID` for a recipient key that no honest party makes
 */
export async function encryptJwe(
  options: JweEncryptOptions,
  context: { readonly crypto: Crypto; readonly randomBytes: RandomBytes },
): Promise<Uint8Array> {
  const { plaintext, recipients, sender } = options
  const { crypto, randomBytes } = context
  const { alg, enc } = algorithms(sender ? 'ECDH-1PU+A256KW' : 'ECDH-ES+A256KW', options.enc ?? 'A256CBC-HS512')
  const curve = commonCurve(recipients, crypto)
  const ephemeral = curve.generate(crypto, randomBytes)
  const apu = sender ? encodeUtf8(sender.kid) : new Uint8Array(0)
  const apv = apvOf(recipients, crypto)
  const header = {
    typ: options.typ ?? 'application/didcomm-encrypted+json',
    alg: alg.alg,
    enc: enc.enc,
    ...(sender ? { skid: sender.kid, apu: encodeBase64url(apu) } : {}),
    apv: encodeBase64url(apv),
    epk: curve.toJwk(ephemeral.publicKey),
  }
  const protectedHeader = encodeBase64url(encodeUtf8(JSON.stringify(header)))

  const aead = enc.aead(crypto)
  const random = randomBytes(aead.keyBytes + aead.nonceBytes)
  const [cek, iv] = [random.subarray(0, aead.keyBytes), random.subarray(aead.keyBytes)]
  // Content first: with ECDH-1PU its tag goes into the key derivation, so that no recipient can forge for another.
  const sealed = aead.seal(cek, iv, plaintext, encodeUtf8(protectedHeader))
  const tag = sealed.subarray(sealed.length - aead.tagBytes)
  const wrapFor = async (recipient: JweRecipient): Promise<{ header: { kid: string }; encrypted_key: string }> => {
    const ze = ephemeral.deriveBits(recipient.bytes)
    const zs = sender ? { zs: await sender.deriveBits(recipient.bytes, true) } : {}
    const kek = alg.kek(crypto, { ze, ...zs, apu, apv, tag })
    return { header: { kid: recipient.kid }, encrypted_key: encodeBase64url(crypto.a256kw.wrapKey(kek, cek)) }
  }
  const envelope = {
    protected: protectedHeader,
    recipients: await Promise.all(recipients.map(wrapFor)),
    iv: encodeBase64url(iv),
    ciphertext: encodeBase64url(sealed.subarray(0, sealed.length - aead.tagBytes)),
    tag: encodeBase64url(tag),
  }
  return encodeUtf8(JSON.stringify(envelope))
}

/** The keys that open one envelope. */
export interface JweDecryptKeys {
  /** The recipient's key id, one of `jwe.recipients`. */
  readonly kid: string
  readonly deriveBits: DeriveBits
  /** The public key of `jwe.skid`; needed for authcrypt. */
  readonly senderPublicKey?: Uint8Array
}

/**
 * Decrypts with one recipient's key.
 *
 * Every failure is the one `ERR_ENVELOPE_DECRYPT`, and takes the same steps: where the key does not unwrap, the content
 * is checked all the same under a key that cannot be right (RFC 7516 §11.5).
 *
 * @throws DidCommError `ERR_ENVELOPE_DECRYPT`; whatever else `deriveBits` throws is passed on, for example a key store out of reach
 */
export async function decryptJwe(jwe: Jwe, keys: JweDecryptKeys, crypto: Crypto): Promise<Uint8Array> {
  const recipient = jwe.recipients.find(({ kid }) => kid === keys.kid)
  if (!recipient) throw new TypeError('"kid" expected to be one of the recipients')
  if (jwe.alg.authenticated && !keys.senderPublicKey) throw new TypeError('"senderPublicKey" expected for authcrypt')
  const aead = jwe.enc.aead(crypto)
  const kek = await orNothing(() => agree(jwe, jwe.alg, keys, crypto))
  // The length is public, and checked here so that key wrapping need not tell a wrong length from a wrong key.
  const fits = recipient.encryptedKey.length === aead.keyBytes + 8
  const cek =
    kek && fits ? await orNothing(async () => crypto.a256kw.unwrapKey(kek, recipient.encryptedKey)) : undefined
  const content = await orNothing(async () =>
    aead.open(cek ?? new Uint8Array(aead.keyBytes), jwe.iv, jwe.ciphertext, jwe.aad),
  )
  // The stand-in key is public: what opens under it proves nothing.
  if (!cek || !content) throw new DidCommError('ERR_ENVELOPE_DECRYPT', 'the envelope cannot be opened')
  return content
}

async function agree(jwe: Jwe, alg: AlgEntry, keys: JweDecryptKeys, crypto: Crypto): Promise<Uint8Array> {
  if (keys.senderPublicKey) jwe.curve.expectPublicKey(keys.senderPublicKey)
  const ze = await keys.deriveBits(jwe.epk)
  const zs = alg.authenticated && keys.senderPublicKey ? { zs: await keys.deriveBits(keys.senderPublicKey, true) } : {}
  return alg.kek(crypto, { ze, ...zs, apu: jwe.apu, apv: jwe.apv, tag: jwe.tag })
}

/** Turns what a forger can cause, and only that, into `undefined`. */
async function orNothing(step: () => Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await step()
  } catch (error) {
    if (isDidCommError(error, 'ERR_KEY_INVALID', 'ERR_CRYPTO_TAG')) return undefined
    throw error
  }
}

function commonCurve(recipients: readonly JweRecipient[], crypto: Crypto): CurveEntry {
  const [first] = recipients
  if (!first || recipients.length > maxRecipients) {
    throw new RangeError(`"recipients" expected 1 to ${maxRecipients} keys, got ${recipients.length}`)
  }
  const curve = curveEntry(first.curve, crypto)
  if (!curve) throw unsupported(`the curve ${first.curve} is not supported`)
  for (const { curve: name, bytes } of recipients) {
    if (name !== first.curve) throw new TypeError('"recipients" expected keys on one curve')
    curve.expectPublicKey(bytes)
  }
  if (new Set(recipients.map(({ kid }) => kid)).size !== recipients.length) {
    throw new TypeError('"recipients" expected distinct key ids')
  }
  return curve
}
