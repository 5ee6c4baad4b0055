import { createDecipheriv, createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'

/**
 * A second implementation of the compact envelope's opening, written from `docs/compact-envelope.md` and RFC 9180 alone
 * over node:crypto, sharing no code with the first. It is slow, obvious and only for tests.
 */

export interface ReferenceKey {
  url: string
  /** 32 bytes; for the sender the public key suffices. */
  publicKey: Buffer
  secretKey?: Buffer
}

export interface ReferenceOpened {
  plaintext: Buffer
  /** The id of the message, where the plaintext has none. */
  derivedId: string
  kind: 'authcrypt' | 'anoncrypt'
}

/** Opens an envelope with exactly this recipient and, for authcrypt, this sender; throws a plain `Error` otherwise. */
export function openReference(envelope: Buffer, recipient: ReferenceKey, sender?: ReferenceKey): ReferenceOpened {
  const { protectedHeader, pskId, kid, ek, ciphertext } = readEnvelope(envelope)
  if (!matches(kid, recipient.url)) throw new Error('another recipient')
  if (!recipient.secretKey) throw new Error('no secret key')
  const aad = array(text('Encrypt0'), bytes(protectedHeader), bytes(kid))
  const dh = x25519(recipient.secretKey, ek)
  if (!pskId) {
    const info = array(text('didcomm-mote/c1 anoncrypt'), text(recipient.url))
    const plaintext = hpkeOpen({
      mode: 0,
      ek,
      pkR: recipient.publicKey,
      dh,
      info,
      aad,
      ciphertext,
      psk: empty,
      pskId: empty,
    })
    return { plaintext, derivedId: idOf(ciphertext), kind: 'anoncrypt' }
  }
  if (!sender || !matches(pskId, sender.url)) throw new Error('another sender')
  const info = array(text('didcomm-mote/c1 authcrypt'), text(sender.url), text(recipient.url))
  const psk = expand(extract(empty, x25519(recipient.secretKey, sender.publicKey)), info, 32)
  const plaintext = hpkeOpen({ mode: 1, ek, pkR: recipient.publicKey, dh, info, aad, ciphertext, psk, pskId })
  return { plaintext, derivedId: idOf(ciphertext), kind: 'authcrypt' }
}

const empty = Buffer.alloc(0)
const ascii = (value: string): Buffer => Buffer.from(value, 'ascii')
const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest()
const idOf = (ciphertext: Buffer): string => sha256(ciphertext).toString('hex').slice(0, 32)

function matches(id: Buffer, url: string): boolean {
  const name = Buffer.from(url, 'utf8')
  return id.length === 8 ? id.equals(sha256(name).subarray(0, 8)) : id.equals(name)
}

// CBOR: exactly what the structure has.

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  if (value < 256) return Buffer.from([(major << 5) | 24, value])
  const long = Buffer.from([(major << 5) | 25, 0, 0])
  long.writeUInt16BE(value, 1)
  return long
}

const bytes = (value: Buffer): Buffer => Buffer.concat([head(2, value.length), value])
const text = (value: string): Buffer => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
const array = (...items: Buffer[]): Buffer => Buffer.concat([head(4, items.length), ...items])

class Reader {
  private position = 0
  private readonly data: Buffer
  constructor(data: Buffer) {
    this.data = data
  }
  expect(...expected: number[]): void {
    for (const byte of expected) {
      if (this.data[this.position++] !== byte) throw new Error(`not ${byte} at ${this.position - 1}`)
    }
  }
  byteString(): Buffer {
    const first = this.data[this.position++] ?? 0
    if (first >> 5 !== 2) throw new Error('no byte string')
    let length = first & 31
    if (length >= 24) {
      const size = { 24: 1, 25: 2, 26: 4 }[length]
      if (!size || this.position + size > this.data.length) throw new Error('no length')
      length = this.data.readUIntBE(this.position, size)
      this.position += size
      if (length < { 1: 24, 2: 256, 4: 65_536 }[size as 1 | 2 | 4]) throw new Error('not the shortest length')
    }
    const end = this.position + length
    if (end > this.data.length) throw new Error('cut off')
    const value = this.data.subarray(this.position, end)
    this.position = end
    return value
  }
  end(): void {
    if (this.position !== this.data.length) throw new Error('trailing bytes')
  }
}

function readEnvelope(envelope: Buffer) {
  const outer = new Reader(envelope)
  outer.expect(0xd0, 0x83) // tag 16, array of 3
  const protectedHeader = outer.byteString()
  outer.expect(0xa2, 0x04) // map of 2, label 4
  const kid = outer.byteString()
  outer.expect(0x23) // label -4
  const ek = outer.byteString()
  const ciphertext = outer.byteString()
  outer.end()
  if (kid.length < 8 || ek.length !== 32 || ciphertext.length < 16) throw new Error('wrong length')

  const inner = new Reader(protectedHeader)
  const authcrypt = protectedHeader[0] === 0xa2
  inner.expect(authcrypt ? 0xa2 : 0xa1, 0x01, 0x18, 42) // map, label 1, value 42
  let pskId: Buffer | undefined
  if (authcrypt) {
    inner.expect(0x24) // label -5
    pskId = inner.byteString()
    if (pskId.length < 8) throw new Error('wrong length')
  }
  inner.end()
  return { protectedHeader, pskId, kid, ek, ciphertext }
}

// X25519, HKDF and HPKE.

function x25519(secretKey: Buffer, publicKey: Buffer): Buffer {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secretKey])
  const spki = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), publicKey])
  return diffieHellman({
    privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
  })
}

const hmac = (key: Buffer, ...data: Buffer[]): Buffer => {
  const mac = createHmac('sha256', key)
  for (const part of data) mac.update(part)
  return mac.digest()
}

const extract = (salt: Buffer, ikm: Buffer): Buffer => hmac(salt.length ? salt : Buffer.alloc(32), ikm)

function expand(prk: Buffer, info: Buffer, length: number): Buffer {
  if (length > 32) throw new Error('one block is all that is needed here')
  return hmac(prk, info, Buffer.from([1])).subarray(0, length)
}

const kemSuite = Buffer.concat([ascii('KEM'), Buffer.from('0020', 'hex')])
const hpkeSuite = Buffer.concat([ascii('HPKE'), Buffer.from('002000010003', 'hex')])

const labeledExtract = (suite: Buffer, salt: Buffer, label: string, ikm: Buffer): Buffer =>
  extract(salt, Buffer.concat([ascii('HPKE-v1'), suite, ascii(label), ikm]))

const labeledExpand = (suite: Buffer, prk: Buffer, label: string, info: Buffer, length: number): Buffer =>
  expand(prk, Buffer.concat([Buffer.from([0, length]), ascii('HPKE-v1'), suite, ascii(label), info]), length)

interface HpkeInput {
  mode: 0 | 1
  ek: Buffer
  pkR: Buffer
  dh: Buffer
  info: Buffer
  aad: Buffer
  ciphertext: Buffer
  psk: Buffer
  pskId: Buffer
}

function hpkeOpen({ mode, ek, pkR, dh, info, aad, ciphertext, psk, pskId }: HpkeInput): Buffer {
  const eaePrk = labeledExtract(kemSuite, empty, 'eae_prk', dh)
  const sharedSecret = labeledExpand(kemSuite, eaePrk, 'shared_secret', Buffer.concat([ek, pkR]), 32)
  const context = Buffer.concat([
    Buffer.from([mode]),
    labeledExtract(hpkeSuite, empty, 'psk_id_hash', pskId),
    labeledExtract(hpkeSuite, empty, 'info_hash', info),
  ])
  const secret = labeledExtract(hpkeSuite, sharedSecret, 'secret', psk)
  const key = labeledExpand(hpkeSuite, secret, 'key', context, 32)
  const nonce = labeledExpand(hpkeSuite, secret, 'base_nonce', context, 12)
  const cipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  cipher.setAuthTag(ciphertext.subarray(-16))
  cipher.setAAD(aad, { plaintextLength: ciphertext.length - 16 })
  return Buffer.concat([cipher.update(ciphertext.subarray(0, -16)), cipher.final()])
}
