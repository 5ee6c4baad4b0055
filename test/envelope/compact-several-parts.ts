import { expect } from 'vitest'
import { type CborValue, concatBytes, decodeCbor, encodeCbor, encodeUtf8, Tagged } from '../../runtime/bytes/index.ts'
import type { PublicKey } from '../../runtime/did/document.ts'
import {
  chaCha20Poly1305,
  hpkeRecipient,
  parseCoseEncrypt,
  parseHpkeRecipient,
  unwrapHpke,
} from '../../runtime/envelope/cose/index.ts'
import { crypto, type Party, seededBytes } from './world.ts'

/** An envelope for several recipients, taken apart and put together again as an attacker would who can open it. */

export interface Parts {
  /** The protected header of the content, decoded. */
  header: Map<CborValue, CborValue>
  unprotected: Map<CborValue, CborValue>
  ciphertext: Uint8Array
  recipients: [Uint8Array, Map<CborValue, CborValue>, Uint8Array][]
}

export interface OpenedParts extends Parts {
  cek: Uint8Array
  seed: Uint8Array
  content: Uint8Array
}

export function publicKeyOf(owner: Party, index = 0): PublicKey {
  const key = owner.keys[index] ?? expect.fail()
  return { kid: key.kid, curve: 'X25519', bytes: crypto.x25519.getPublicKey(key.secretKey) }
}

export function partsOf(bytes: Uint8Array): Parts {
  const { value } = decodeCbor(bytes.slice()) as Tagged
  const [header, unprotected, ciphertext, recipients] = value as unknown as [
    Uint8Array,
    Parts['unprotected'],
    Uint8Array,
    Parts['recipients'],
  ]
  return { header: decodeCbor(header) as Parts['header'], unprotected, ciphertext, recipients }
}

export function bytesOf({ header, unprotected, ciphertext, recipients }: Parts): Uint8Array {
  return encodeCbor(new Tagged(96, [encodeCbor(header), unprotected, ciphertext, recipients]))
}

export function changed(bytes: Uint8Array, change: (parts: Parts) => void): Uint8Array {
  const parts = partsOf(bytes)
  change(parts)
  return bytesOf(parts)
}

/** The names of the recipients, as sent. */
export const kidsOf = ({ recipients }: Pick<Parts, 'recipients'>): Uint8Array[] =>
  recipients.map(([header]) => (decodeCbor(header) as Map<number, Uint8Array>).get(4) ?? expect.fail())

export function infoOf(recipient: PublicKey, sender?: PublicKey): Uint8Array {
  const names = sender ? ['authcrypt', sender.kid, recipient.kid] : ['anoncrypt', recipient.kid]
  return encodeCbor([`didcomm-mote/c1 ${names[0]}`, ...names.slice(1)])
}

export function pskOf(own: Uint8Array, peer: PublicKey, info: Uint8Array): Uint8Array {
  const shared = crypto.x25519.getSharedSecret(own, peer.bytes)
  return crypto.hkdfSha256.expand(crypto.hkdfSha256.extract(shared), info, 32)
}

/** What a recipient sees who opens it: the key of the content, and all that is under it. */
export async function openParts(bytes: Uint8Array, reader: Party, sender?: Party): Promise<OpenedParts> {
  const parts = partsOf(bytes)
  const envelope = parseCoseEncrypt(bytes, { algorithms: [chaCha20Poly1305] }, crypto)
  const secretKey = reader.keys[0]?.secretKey ?? expect.fail()
  const own = publicKeyOf(reader)
  const id = crypto.sha256(encodeUtf8(own.kid)).slice(0, 8)
  const index = kidsOf(parts).findIndex((kid) => Buffer.from(kid).equals(Buffer.from(id)))
  const recipient = parseHpkeRecipient(envelope.recipients[index] ?? expect.fail()) ?? expect.fail()
  const info = infoOf(own, sender && publicKeyOf(sender))
  const dh = crypto.x25519.getSharedSecret(secretKey, recipient.ek)
  const psk = sender && { psk: pskOf(secretKey, publicKeyOf(sender), info) }
  const keys = { recipientPublicKey: own.bytes, dh, extraInfo: () => info, ...psk }
  const cek = await unwrapHpke(recipient, keys)(envelope, crypto)
  const opened = crypto.chacha20poly1305.open(cek, envelope.iv, envelope.ciphertext, aadOf(parts))
  return { ...parts, cek, seed: opened.slice(0, 16), content: opened.slice(16) }
}

const aadOf = ({ header, recipients }: Parts): Uint8Array =>
  encodeCbor(['Encrypt', encodeCbor(header), encodeCbor(recipients)])

/** Encrypts what was opened again under its key, whatever was changed of it: what any recipient can do. */
export function resealed(parts: OpenedParts): Uint8Array {
  const iv = parts.header.get(5) as Uint8Array
  const ciphertext = crypto.chacha20poly1305.seal(parts.cek, iv, concatBytes(parts.seed, parts.content), aadOf(parts))
  return bytesOf({ ...parts, ciphertext })
}

/** The key that content, seed and recipients have. */
export function keyOf(parts: Pick<OpenedParts, 'seed' | 'content' | 'recipients'>): Uint8Array {
  return crypto.hmacSha256(parts.seed, encodeCbor(['didcomm-mote/c1 several', kidsOf(parts), parts.content]))
}

/** Wraps a key for a recipient, with the psk of whoever wraps it. */
export async function wrapFor(
  recipient: PublicKey,
  {
    cek,
    kid,
    psk,
    sender,
  }: { cek: Uint8Array; kid: Uint8Array; psk?: { psk: Uint8Array; pskId: Uint8Array }; sender?: PublicKey },
): Promise<Parts['recipients'][number]> {
  const info = infoOf(recipient, sender)
  const content = { algorithm: chaCha20Poly1305, protectedHeader: kid, iv: kid, ciphertext: kid }
  const options = { kid, recipientPublicKey: recipient.bytes, extraInfo: () => info, ...(psk && { psk }) }
  const wrapped = await hpkeRecipient(options)(cek, content, { crypto, randomBytes: seededBytes('attacker') })
  return wrapped as unknown as Parts['recipients'][number]
}
