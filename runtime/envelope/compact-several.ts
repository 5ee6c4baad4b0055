import { type CborValue, concatBytes, encodeCbor, encodeHex, encodeUtf8, equalBytes, Tagged } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import type { PublicKey } from '../did/document.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { bindingOf } from './compact-binding.ts'
import { idOf, idsOf, isShortId, keyUrl, listedKeys, maxCandidates, senderCandidates, shortId } from './compact-keys.ts'
import type { CompactPart, OpenedLayer, SealedLayer, SealOptions } from './compact-part.ts'
import { type CompactContext, pairPsk, secretOrNothing } from './compact-psk.ts'
import { layerOf } from './compact-seal.ts'
import { chaCha20Poly1305 } from './cose/content-algorithms.ts'
import { type CoseEncrypt, decryptCoseFor, maxCoseRecipients, parseCoseEncrypt } from './cose/encrypt.ts'
import { headerMap, malformed } from './cose/headers.ts'
import { type CoseHpkeRecipient, hpkeRecipient, parseHpkeRecipient, unwrapHpke } from './cose/hpke-recipient.ts'
import { ALG, EK, IV, TAG_ENCRYPT } from './cose/labels.ts'
import { encStructure } from './cose/structures.ts'
import type { EnvelopeContext } from './envelope.ts'

/** Profile C, `docs/compact-envelope.md`, "Several recipients": COSE_Encrypt with HPKE-4-KE, for keys that have DID URLs. */

/** The media type of a compact envelope for several keys (RFC 9052 §2). */
export const COMPACT_SEVERAL = 'application/cose; cose-type="cose-encrypt"'

const severalLabel = 'didcomm-mote/c1 several'
const idLabel = encodeUtf8('didcomm-mote/c1 several id')
/** The tag 96. */
const firstByteOfEncrypt = 0xd8
const seedBytes = 16
const wrappedKeyBytes = 48

/** Encrypts for several keys at once: for all that a DID lists, and for several DIDs. */
export function several(): CompactPart {
  return {
    opens: (firstByte, layers) => firstByte === firstByteOfEncrypt && layers.length === 0,
    open: openSeveral,
    seal: sealSeveral,
  }
}

async function sealSeveral(
  { plaintext, sender, recipients, ids }: SealOptions,
  context: CompactContext,
): Promise<SealedLayer> {
  const { crypto, randomBytes } = context
  if (recipients.length > maxCoseRecipients) {
    throw new DidCommError('ERR_TOO_LARGE', `${recipients.length} keys are more than an envelope is for`)
  }
  const kids = kidsOf(recipients, ids, crypto)
  const pskId = sender && idOf(sender.kid, ids, crypto)
  const seed = randomBytes(seedBytes)
  const cek = contentKey(seed, kids, plaintext, crypto)
  const aead = chaCha20Poly1305.aead(crypto)
  const iv = randomBytes(aead.nonceBytes)
  const protectedHeader = encodeCbor(
    new Map<CborValue, CborValue>([
      [ALG, chaCha20Poly1305.alg],
      [IV, iv],
    ]),
  )
  // The content is bound to the recipients, and not they to it: what binds them to it is the key, which is made of it.
  const content = { algorithm: chaCha20Poly1305, protectedHeader, iv, ciphertext: new Uint8Array(0) }
  const wrapped: CborValue[] = []
  for (const [index, recipient] of recipients.entries()) {
    const binding = bindingOf({ recipient, sender, ids }, context)
    const pair = sender && (await pairPsk(sender, recipient, binding, context))
    pair?.remember()
    const psk = pair && pskId && { psk: { psk: pair.psk, pskId } }
    const options = { kid: kids[index]!, recipientPublicKey: recipient.bytes, extraInfo: () => binding.info, ...psk }
    wrapped.push(await hpkeRecipient(options)(cek, content, context))
  }
  const aad = encStructure('Encrypt', protectedHeader, encodeCbor(wrapped))
  const ciphertext = aead.seal(cek, iv, concatBytes(seed, plaintext), aad)
  const derivedId = idOfKey(cek, crypto)
  cek.fill(0)
  const bytes = encodeCbor(new Tagged(TAG_ENCRYPT, [protectedHeader, new Map(), ciphertext, wrapped]))
  return { bytes, mediaType: COMPACT_SEVERAL, derivedId }
}

/** Names the keys, by their long ids where two short ones are the same. No key is there twice. */
function kidsOf(recipients: readonly PublicKey[], ids: SealOptions['ids'], crypto: Crypto): Uint8Array[] {
  const kids = recipients.map(({ kid }) => idOf(kid, ids, crypto))
  if (areDistinct(kids)) return kids
  const long = recipients.map(({ kid }) => idOf(kid, 'long', crypto))
  if (areDistinct(long)) return long
  throw new TypeError('"to" expected each recipient once')
}

function areDistinct(kids: readonly Uint8Array[]): boolean {
  return new Set(kids.map(encodeHex)).size === kids.length
}

/**
 * The key of the content is made of the content and of the list of its recipients. So whoever vouches for the key vouches for both, and a
 * recipient, who knows the key, finds nothing else that has it.
 */
function contentKey(seed: Uint8Array, kids: readonly Uint8Array[], plaintext: Uint8Array, crypto: Crypto): Uint8Array {
  return crypto.hmacSha256(seed, encodeCbor([severalLabel, kids, plaintext]))
}

/** From the key, since a recipient can encrypt the same content again under it. */
function idOfKey(cek: Uint8Array, crypto: Crypto): string {
  return encodeHex(crypto.hmacSha256(cek, idLabel).subarray(0, 16))
}

/**
 * Opens with any own key and any sender that the ids may mean.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`, `ERR_RECIPIENT_UNKNOWN`, `ERR_SENDER_UNKNOWN`,
 * `ERR_ENVELOPE_ADDRESSING`, `ERR_ENVELOPE_DECRYPT`
 */
async function openSeveral(bytes: Uint8Array, context: CompactContext): Promise<OpenedLayer> {
  const envelope = parseCoseEncrypt(bytes, { algorithms: [chaCha20Poly1305] }, context.crypto)
  const recipients = parseRecipients(envelope)
  const own = await ownRecipients(recipients, context)
  const pskId = recipients[0]?.pskId
  const senders = pskId ? await senderCandidates(pskId, context) : [undefined]
  // What is behind the ciphertext is the array of recipients, as it was received.
  const { ciphertext } = envelope
  const externalAad = bytes.subarray(ciphertext.byteOffset + ciphertext.length - bytes.byteOffset)
  const received: Received = { envelope, externalAad, kids: recipients.map(({ kid }) => kid) }
  for (const { key, recipient } of own) {
    const dh = await secretOrNothing(key.kid, recipient.ek, context)
    if (!dh) continue
    for (const sender of senders) {
      const opened = await tryOpen(received, { recipient, key, dh, sender }, context)
      if (opened) return opened
    }
  }
  throw new DidCommError('ERR_ENVELOPE_DECRYPT', 'the envelope cannot be opened')
}

/** A recipient whose key is named. */
type NamedRecipient = CoseHpkeRecipient & { readonly kid: Uint8Array }

interface Received {
  readonly envelope: CoseEncrypt
  readonly externalAad: Uint8Array
  readonly kids: readonly Uint8Array[]
}

/** Checks that the headers hold exactly what is expected. @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED` */
function parseRecipients({ protectedMap, unprotectedMap, recipients }: CoseEncrypt): NamedRecipient[] {
  if (headerMap(protectedMap, [ALG, IV]).size !== 2) throw malformed('the IV is not protected')
  headerMap(unprotectedMap, [])
  const parsed = recipients.map((recipient) => {
    headerMap(recipient.unprotectedMap, [EK])
    const named = parseHpkeRecipient(recipient)
    if (!named) throw new DidCommError('ERR_ENVELOPE_UNSUPPORTED', 'the algorithm of a recipient is not HPKE-4-KE')
    const { kid } = named
    if (!kid) throw malformed('"kid" of a recipient is missing')
    if (named.ciphertext.length !== wrappedKeyBytes) throw malformed(`a key is not wrapped in ${wrappedKeyBytes} bytes`)
    return { ...named, kid }
  })
  if (!areDistinct(parsed.map(({ kid }) => kid))) throw malformed('two recipients have one "kid"')
  const senders = new Set(parsed.map(({ pskId }) => pskId && encodeHex(pskId)))
  if (senders.size !== 1) throw malformed('"psk_id" is not the same for all recipients')
  return parsed
}

/** Finds the recipients that are own keys, the first few of them. @throws DidCommError `ERR_RECIPIENT_UNKNOWN` */
async function ownRecipients(
  recipients: readonly NamedRecipient[],
  context: CompactContext,
): Promise<{ key: PublicKey; recipient: NamedRecipient }[]> {
  const kidsOf = await ownKidsBy(context)
  const own: { key: PublicKey; recipient: NamedRecipient }[] = []
  for (const recipient of recipients) {
    for (const key of await listedKeys(await kidsOf(recipient.kid), context)) own.push({ key, recipient })
    if (own.length >= maxCandidates) break
  }
  if (own.length === 0) throw new DidCommError('ERR_RECIPIENT_UNKNOWN', 'no key of ours is among the recipients')
  return own.slice(0, maxCandidates)
}

/** Looks own keys up by either form of an id, hashing each of them once. */
async function ownKidsBy({ secrets, crypto }: EnvelopeContext): Promise<(id: Uint8Array) => Promise<string[]>> {
  const shorts = new Map<string, string[]>()
  for (const kid of await secrets.kids()) {
    const id = encodeHex(shortId(kid, crypto))
    shorts.set(id, [...(shorts.get(id) ?? []), kid])
  }
  return async (id) => {
    if (isShortId(id)) return shorts.get(encodeHex(id)) ?? []
    const url = keyUrl(id)
    return (await secrets.has(url)) ? [url] : []
  }
}

async function tryOpen(
  { envelope, externalAad, kids }: Received,
  own: { recipient: NamedRecipient; key: PublicKey; dh: Uint8Array; sender: PublicKey | undefined },
  context: CompactContext,
): Promise<OpenedLayer | undefined> {
  const { recipient, key, dh, sender } = own
  const { crypto } = context
  const binding = bindingOf({ recipient: key, sender, ids: idsOf(recipient.pskId) }, context)
  try {
    const pair = sender && (await pairPsk(key, sender, binding, context))
    const psk = pair ? { psk: pair.psk } : {}
    const unwrapped = unwrapHpke(recipient, {
      recipientPublicKey: key.bytes,
      dh,
      extraInfo: () => binding.info,
      ...psk,
    })
    const cek = await unwrapped(envelope, crypto)
    const opened = await decryptCoseFor(envelope, { unwrap: () => cek, externalAad }, crypto)
    const content = opened.subarray(seedBytes)
    // Else another recipient, who knows the key as well, has put other content or recipients under it.
    if (!equalBytes(contentKey(opened.subarray(0, seedBytes), kids, content, crypto), cek)) return undefined
    pair?.remember()
    const derivedId = idOfKey(cek, crypto)
    cek.fill(0)
    return { content, layer: layerOf(key, sender), derivedId }
  } catch (error) {
    if (isDidCommError(error, 'ERR_ENVELOPE_DECRYPT', 'ERR_KEY_INVALID', 'ERR_CRYPTO_TAG')) return undefined
    throw error
  }
}
