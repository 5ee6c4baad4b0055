import { createDecipheriv, createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'

/** HPKE (RFC 9180) in the base and psk modes, with HKDF (RFC 5869) and X25519 over node:crypto. */

const ascii = (value: string): Buffer => Buffer.from(value, 'ascii')
export const empty = Buffer.alloc(0)
export const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest()

export function x25519(secretKey: Buffer, publicKey: Buffer): Buffer {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secretKey])
  const spki = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), publicKey])
  return diffieHellman({
    privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
  })
}

export const hmac = (key: Buffer, ...data: Buffer[]): Buffer => {
  const mac = createHmac('sha256', key)
  for (const part of data) mac.update(part)
  return mac.digest()
}

export const extract = (salt: Buffer, ikm: Buffer): Buffer => hmac(salt.length ? salt : Buffer.alloc(32), ikm)

export function expand(prk: Buffer, info: Buffer, length: number): Buffer {
  if (length > 32) throw new Error('one block is all that is needed here')
  return hmac(prk, info, Buffer.from([1])).subarray(0, length)
}

const kemSuite = Buffer.concat([ascii('KEM'), Buffer.from('0020', 'hex')])
const hpkeSuite = Buffer.concat([ascii('HPKE'), Buffer.from('002000010003', 'hex')])

const labeledExtract = (suite: Buffer, salt: Buffer, label: string, ikm: Buffer): Buffer =>
  extract(salt, Buffer.concat([ascii('HPKE-v1'), suite, ascii(label), ikm]))

const labeledExpand = (suite: Buffer, prk: Buffer, label: string, info: Buffer, length: number): Buffer =>
  expand(prk, Buffer.concat([Buffer.from([0, length]), ascii('HPKE-v1'), suite, ascii(label), info]), length)

export interface HpkeInput {
  ek: Buffer
  pkR: Buffer
  skR: Buffer
  info: Buffer
  aad: Buffer
  ciphertext: Buffer
  /** Present: psk mode. */
  psk?: { psk: Buffer; pskId: Buffer } | undefined
}

export function hpkeOpen({ ek, pkR, skR, info, aad, ciphertext, psk }: HpkeInput): Buffer {
  const eaePrk = labeledExtract(kemSuite, empty, 'eae_prk', x25519(skR, ek))
  const sharedSecret = labeledExpand(kemSuite, eaePrk, 'shared_secret', Buffer.concat([ek, pkR]), 32)
  const context = Buffer.concat([
    Buffer.from([psk ? 1 : 0]),
    labeledExtract(hpkeSuite, empty, 'psk_id_hash', psk?.pskId ?? empty),
    labeledExtract(hpkeSuite, empty, 'info_hash', info),
  ])
  const secret = labeledExtract(hpkeSuite, sharedSecret, 'secret', psk?.psk ?? empty)
  const key = labeledExpand(hpkeSuite, secret, 'key', context, 32)
  return aeadOpen(key, labeledExpand(hpkeSuite, secret, 'base_nonce', context, 12), aad, ciphertext)
}

export function aeadOpen(key: Buffer, nonce: Buffer, aad: Buffer, ciphertext: Buffer): Buffer {
  if (ciphertext.length < 16) throw new Error('no tag')
  const cipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  cipher.setAuthTag(ciphertext.subarray(-16))
  cipher.setAAD(aad, { plaintextLength: ciphertext.length - 16 })
  return Buffer.concat([cipher.update(ciphertext.subarray(0, -16)), cipher.final()])
}
