import { createPublicKey, verify } from 'node:crypto'
import { array, bytes, type Item, lastElement, read, Tag, text, uint } from './cbor.ts'
import { aeadOpen, empty, expand, extract, hmac, hpkeOpen, sha256, x25519 } from './hpke.ts'

export { readMessage } from './message.ts'

/**
 * A second implementation of the compact envelope's opening, written from `docs/compact-envelope.md`, RFC 9180 and RFC 9052 alone
 * over node:crypto, sharing no code with the first. It is slow, obvious and only for tests.
 */

export interface ReferenceKey {
  url: string
  /** 32 bytes; for the sender and the signer the public key suffices. */
  publicKey: Buffer
  secretKey?: Buffer
}

export interface ReferenceOpened {
  /** A plaintext, or what is signed. */
  content: Buffer
  /** The id of the message, where the plaintext has none. */
  derivedId: string
  kind: 'authcrypt' | 'anoncrypt' | 'signed'
}

/** Opens an envelope for one key, with exactly this recipient and, for authcrypt, this sender; throws a plain `Error` otherwise. */
export function openReference(envelope: Buffer, recipient: ReferenceKey, sender?: ReferenceKey): ReferenceOpened {
  const [protectedHeader, unprotected, ciphertext] = structure(envelope, 16, 3)
  if (!(unprotected instanceof Map)) throw new Error('no map')
  const [kid, ek] = labels(unprotected, [4, -4])
  const header = mapOf(read(buffer(protectedHeader)))
  const [alg, pskId] = header.size === 1 ? labels(header, [1]) : labels(header, [1, -5])
  if (alg !== 42) throw new Error('another algorithm')
  if (!matches(keyId(kid), recipient.url)) throw new Error('another recipient')
  const aad = array(text('Encrypt0'), bytes(buffer(protectedHeader)), bytes(buffer(kid)))
  const { info, psk } = bound(recipient, sender, pskId)
  const sealed = { ek: key32(ek), aad, info, psk, ciphertext: buffer(ciphertext) }
  const content = hpkeOpen({ ...sealed, pkR: recipient.publicKey, skR: secret(recipient) })
  return { content, derivedId: idOf(sha256(sealed.ciphertext)), kind: psk ? 'authcrypt' : 'anoncrypt' }
}

/** Opens an envelope for several keys, as `openReference` does one for one. */
export function openSeveral(envelope: Buffer, recipient: ReferenceKey, sender?: ReferenceKey): ReferenceOpened {
  const [protectedHeader, unprotected, ciphertext, recipients] = structure(envelope, 96, 4)
  if (mapOf(unprotected).size !== 0) throw new Error('something is not protected')
  const [alg, iv] = labels(mapOf(read(buffer(protectedHeader))), [1, 5])
  if (alg !== 24 || buffer(iv).length !== 12) throw new Error('another algorithm, or no IV')
  if (!Array.isArray(recipients) || recipients.length < 1 || recipients.length > 64) throw new Error('no recipients')
  const parsed = recipients.map(readRecipient)
  const kids = parsed.map(({ kid }) => kid)
  if (new Set(kids.map(String)).size !== kids.length) throw new Error('a recipient twice')
  if (new Set(parsed.map(({ pskId }) => pskId?.toString('hex'))).size !== 1) throw new Error('several senders')

  const own = parsed.find(({ kid }) => matches(kid, recipient.url))
  if (!own) throw new Error('another recipient')
  const { info: extra, psk } = bound(recipient, sender, own.pskId)
  const info = array(text('HPKE Recipient'), uint(24), bytes(own.protectedHeader), bytes(extra))
  const wrapped = { ek: own.ek, aad: empty, info, psk, ciphertext: own.wrappedKey }
  const cek = hpkeOpen({ ...wrapped, pkR: recipient.publicKey, skR: secret(recipient) })
  const externalAad = lastElement(envelope, 2, 4)
  const aad = array(text('Encrypt'), bytes(buffer(protectedHeader)), bytes(externalAad))
  const opened = aeadOpen(cek, buffer(iv), aad, buffer(ciphertext))
  const [seed, content] = [opened.subarray(0, 16), opened.subarray(16)]
  const list = array(...kids.map((kid) => bytes(Buffer.from(kid, 'hex'))))
  if (!hmac(seed, array(text('didcomm-mote/c1 several'), list, bytes(content))).equals(cek)) {
    throw new Error('the key is not that of the content')
  }
  const derivedId = idOf(hmac(cek, Buffer.from('didcomm-mote/c1 several id')))
  return { content, derivedId, kind: psk ? 'authcrypt' : 'anoncrypt' }
}

/** Verifies a signed message with exactly this signer. */
export function verifySigned(envelope: Buffer, signer: ReferenceKey): ReferenceOpened {
  const [protectedHeader, unprotected, payload, signature] = structure(envelope, 18, 4)
  if (mapOf(unprotected).size !== 0) throw new Error('something is not protected')
  const [alg, kid] = labels(mapOf(read(buffer(protectedHeader))), [1, 4])
  if (alg !== -19 && alg !== -8) throw new Error('another algorithm')
  if (!matches(keyId(kid), signer.url)) throw new Error('another signer')
  const externalAad = array(text('didcomm-mote/c1 signed'), text(signer.url))
  const signed = array(text('Signature1'), bytes(buffer(protectedHeader)), bytes(externalAad), bytes(buffer(payload)))
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), signer.publicKey])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  if (!verify(null, signed, publicKey, buffer(signature))) throw new Error('the signature does not verify')
  return { content: buffer(payload), derivedId: idOf(sha256(signed)), kind: 'signed' }
}

/** What the envelope is bound to, and the psk where there is a sender. */
function bound(recipient: ReferenceKey, sender: ReferenceKey | undefined, pskId: Item | undefined) {
  if (pskId === undefined) {
    return { info: array(text('didcomm-mote/c1 anoncrypt'), text(recipient.url)), psk: undefined }
  }
  if (!sender || !matches(keyId(pskId), sender.url)) throw new Error('another sender')
  const info = array(text('didcomm-mote/c1 authcrypt'), text(sender.url), text(recipient.url))
  const psk = expand(extract(empty, x25519(secret(recipient), sender.publicKey)), info, 32)
  return { info, psk: { psk, pskId: buffer(pskId) } }
}

function readRecipient(recipient: Item) {
  if (!Array.isArray(recipient) || recipient.length !== 3) throw new Error('no recipient')
  const [protectedHeader, unprotected, wrapped] = recipient as [Item, Item, Item]
  const header = mapOf(read(buffer(protectedHeader)))
  const [alg, kid, pskId] = header.size === 2 ? labels(header, [1, 4]) : labels(header, [1, 4, -5])
  const [ek] = labels(mapOf(unprotected), [-4])
  if (alg !== 50 || buffer(wrapped).length !== 48) throw new Error('another algorithm')
  return {
    protectedHeader: buffer(protectedHeader),
    kid: keyId(kid).toString('hex'),
    pskId: pskId === undefined ? undefined : keyId(pskId),
    ek: key32(ek),
    wrappedKey: buffer(wrapped),
  }
}

/** The elements of the array under the tag. */
function structure(envelope: Buffer, tag: number, length: number): Item[] {
  const item = read(envelope)
  if (!(item instanceof Tag) || item.number !== tag) throw new Error('another tag')
  if (!Array.isArray(item.item) || item.item.length !== length) throw new Error(`no array of ${length}`)
  return item.item
}

/** The values of exactly these labels. */
function labels(map: Map<Item, Item>, expected: number[]): Item[] {
  if (map.size !== expected.length) throw new Error('another number of labels')
  return expected.map((label) => {
    const value = map.get(label)
    if (value === undefined) throw new Error(`no label ${label}`)
    return value
  })
}

function mapOf(item: Item | undefined): Map<Item, Item> {
  if (!(item instanceof Map)) throw new Error('no map')
  return item
}

function buffer(item: Item | undefined): Buffer {
  if (!Buffer.isBuffer(item)) throw new Error('no byte string')
  return item
}

function key32(item: Item | undefined): Buffer {
  if (buffer(item).length !== 32) throw new Error('no key')
  return buffer(item)
}

function keyId(item: Item | undefined): Buffer {
  const id = buffer(item)
  if (id.length < 8 || id.length > 9216) throw new Error('no key id')
  return id
}

function secret({ secretKey }: ReferenceKey): Buffer {
  if (!secretKey) throw new Error('no secret key')
  return secretKey
}

function matches(id: Buffer | string, url: string): boolean {
  const given = typeof id === 'string' ? Buffer.from(id, 'hex') : id
  const name = Buffer.from(url, 'utf8')
  return given.length === 8 ? given.equals(sha256(name).subarray(0, 8)) : given.equals(name)
}

const idOf = (hash: Buffer): string => hash.toString('hex').slice(0, 32)
