import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { Decoder, Tag } from 'cbor-x'

// A second implementation of `didcomm/v2+cbor`, written from docs/envelopes.md over other libraries. It writes maps in the order in which it was
// told to, as the implementation in the field does.

type Bytes = Uint8Array
type Item = number | string | null | Bytes | Item[] | Pairs
/** A map, in this order. */
class Pairs {
  readonly pairs: readonly (readonly [Item, Item])[]
  constructor(entries: readonly (readonly [Item, Item])[]) {
    this.pairs = entries
  }
}
export const pairs = (...entries: (readonly [Item, Item])[]): Pairs => new Pairs(entries)

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  if (value < 0x100) return Buffer.from([(major << 5) | 24, value])
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255])
}

export function cbor(item: Item): Buffer {
  if (item === null) return Buffer.from([0xf6])
  if (typeof item === 'number') return item < 0 ? head(1, -1 - item) : head(0, item)
  if (typeof item === 'string') return Buffer.concat([head(3, Buffer.byteLength(item)), Buffer.from(item)])
  if (item instanceof Uint8Array) return Buffer.concat([head(2, item.length), item])
  if (item instanceof Pairs) return Buffer.concat([head(5, item.pairs.length), ...item.pairs.flat().map(cbor)])
  return Buffer.concat([head(4, item.length), ...item.map(cbor)])
}
export const tagged = (tag: number, item: Item): Buffer => Buffer.concat([head(6, tag), cbor(item)])

const okp = { X25519: '302e020100300506032b656e04220420', Ed25519: '302e020100300506032b657004220420' }
export function privateKey(curve: keyof typeof okp, secretKey: Bytes): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([Buffer.from(okp[curve], 'hex'), secretKey]),
    format: 'der',
    type: 'pkcs8',
  })
}
export function publicKey(raw: Bytes): KeyObject {
  const key = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), raw])
  return createPublicKey({ key, format: 'der', type: 'spki' })
}
export const rawPublic = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)

function cbcHs512(key: Bytes, iv: Bytes, text: Bytes, aad: Bytes): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key.subarray(32), iv)
  const encrypted = Buffer.concat([cipher.update(text), cipher.final()])
  return Buffer.concat([encrypted, cbcTag(key, iv, encrypted, aad)])
}
function cbcTag(key: Bytes, iv: Bytes, encrypted: Bytes, aad: Bytes): Buffer {
  const bits = Buffer.alloc(8)
  bits.writeUInt32BE(aad.length * 8, 4)
  const mac = createHmac('sha512', key.subarray(0, 32)).update(aad).update(iv).update(encrypted).update(bits)
  return mac.digest().subarray(0, 32)
}

function wrap(kek: Bytes, cek: Bytes, decrypt = false): Buffer {
  const make = decrypt ? createDecipheriv : createCipheriv
  const cipher = make('id-aes256-wrap', kek, Buffer.alloc(8, 0xa6))
  return Buffer.concat([cipher.update(cek), cipher.final()])
}

const encStructure = (header: Bytes): Buffer => cbor(['Encrypt', header, Buffer.alloc(0)])
const apvOf = (kids: readonly string[]): Buffer =>
  createHash('sha256')
    .update([...kids].sort().join('.'))
    .digest()

interface Agreed {
  protectedHeader: Bytes
  apu: Bytes | null
  apv: Bytes
  tag: Bytes | null
}
function kekOf(secrets: Bytes[], { protectedHeader, apu, apv, tag }: Agreed): Buffer {
  const context = cbor([-5, [apu, null, null], [apv, null, null], [256, protectedHeader, ...(tag ? [tag] : [])]])
  return Buffer.from(hkdfSync('sha256', Buffer.concat(secrets), Buffer.alloc(0), context, 32))
}

export interface ReferenceRecipient {
  kid: string
  publicKey: KeyObject
}

export interface ReferenceOptions {
  recipients: ReferenceRecipient[]
  sender?: { kid: string; privateKey: KeyObject }
  /** 32 bytes, and as many as the content encryption takes. */
  ephemeral: Bytes
  random: (lengthBytes: number) => Bytes
  /** Writes `static key id` as well, as older versions did. */
  skid?: boolean
}

/** Encrypts as the implementation in the field does: authcrypt with A256CBC-HS512, anoncrypt with XC20P. */
export function referenceEncrypt(plaintext: Bytes, options: ReferenceOptions): Buffer {
  const { recipients, sender, random } = options
  const name = sender ? 'A256CBC-HS512' : 'XC20P'
  const [cek, iv] = sender ? [random(64), random(16)] : [random(32), random(24)]
  const header = cbor(pairs([1, name], [16, 'application/didcomm-encrypted+cbor']))
  const aad = encStructure(header)
  const ciphertext = sender ? cbcHs512(cek, iv, plaintext, aad) : xchacha20poly1305(cek, iv, aad).encrypt(plaintext)
  const ephemeral = privateKey('X25519', options.ephemeral)
  const apu = sender ? Buffer.from(sender.kid) : null
  const apv = apvOf(recipients.map(({ kid }) => kid))
  const epk = pairs([1, 1], [-1, 4], [-2, rawPublic(ephemeral)])
  const protectedHeader = cbor(
    pairs(
      [1, sender ? 'ECDH-1PU+A256KW' : -31],
      [-1, epk],
      ...(apu && options.skid ? [[-3, apu] as const] : []),
      ...(apu ? [[-21, apu] as const] : []),
      [-24, apv],
    ),
  )
  const tag = sender ? ciphertext.subarray(ciphertext.length - 32) : null
  const entries = recipients.map(({ kid, publicKey: theirs }) => {
    const ze = diffieHellman({ privateKey: ephemeral, publicKey: theirs })
    const zs = sender ? [diffieHellman({ privateKey: sender.privateKey, publicKey: theirs })] : []
    const kek = kekOf([ze, ...zs], { protectedHeader, apu, apv, tag })
    return [protectedHeader, pairs([4, Buffer.from(kid)]), wrap(kek, cek)]
  })
  return tagged(96, [header, pairs([5, iv]), ciphertext, entries])
}

const decoder = new Decoder({ mapsAsObjects: false, useRecords: false })

/** Opens an envelope for one recipient on X25519. */
export function referenceDecrypt(
  bytes: Bytes,
  own: { kid: string; privateKey: KeyObject },
  sender?: KeyObject,
): Buffer {
  const value: unknown = decoder.decode(bytes)
  if (!(value instanceof Tag) || value.tag !== 96) throw new Error('no COSE_Encrypt')
  const [header, unprotected, ciphertext, recipients] = value.value as [Bytes, Map<number, Bytes>, Bytes, unknown[]]
  const found = (recipients as [Bytes, Map<number, Bytes>, Bytes][]).find(
    ([, headers]) => Buffer.from(headers.get(4)!).toString() === own.kid,
  )
  if (!found) throw new Error('no such recipient')
  const [protectedHeader, , encryptedKey] = found
  const headers = decoder.decode(protectedHeader) as Map<number, unknown>
  const epk = publicKey((headers.get(-1) as Map<number, Bytes>).get(-2)!)
  const name = (decoder.decode(header) as Map<number, unknown>).get(1)
  const apv = headers.get(-24) as Bytes
  const apu = (headers.get(-21) as Bytes | undefined) ?? null
  if (sender && headers.get(1) !== 'ECDH-1PU+A256KW') throw new Error('no authcrypt')
  const ze = diffieHellman({ privateKey: own.privateKey, publicKey: epk })
  const zs = sender ? [diffieHellman({ privateKey: own.privateKey, publicKey: sender })] : []
  const tag = sender ? ciphertext.subarray(ciphertext.length - 32) : null
  const cek = wrap(kekOf([ze, ...zs], { protectedHeader, apu, apv, tag }), encryptedKey, true)
  return open(String(name), { cek, iv: unprotected.get(5)!, ciphertext, aad: encStructure(header) })
}

function open(name: string, sealed: { cek: Bytes; iv: Bytes; ciphertext: Bytes; aad: Bytes }): Buffer {
  const { cek, iv, ciphertext, aad } = sealed
  if (name === 'XC20P') return Buffer.from(xchacha20poly1305(cek, iv, aad).decrypt(ciphertext))
  const tagBytes = name === 'A256CBC-HS512' ? 32 : 16
  const [encrypted, tag] = [ciphertext.subarray(0, -tagBytes), ciphertext.subarray(-tagBytes)]
  if (name === 'A256CBC-HS512') {
    if (!cbcTag(cek, iv, encrypted, aad).equals(tag)) throw new Error('tag')
    const cipher = createDecipheriv('aes-256-cbc', cek.subarray(32), iv)
    return Buffer.concat([cipher.update(encrypted), cipher.final()])
  }
  const cipher = createDecipheriv('aes-256-gcm', cek, iv).setAAD(aad).setAuthTag(tag)
  return Buffer.concat([cipher.update(encrypted), cipher.final()])
}

/** Signs as the implementation in the field does, with the key id behind the media type. */
export function referenceSign(payload: Bytes, kid: string, key: KeyObject): Buffer {
  const header = cbor(pairs([1, -8], [16, 'application/didcomm-signed+cbor'], [4, Buffer.from(kid)]))
  const signature = sign(null, cbor(['Signature1', header, Buffer.alloc(0), payload]), key)
  return tagged(18, [header, pairs(), payload, signature])
}
