import * as node from 'node:crypto'
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import * as mote from 'didcomm-mote/crypto'
import type { Work } from './measure.ts'

// What each implementation does in each operation, from raw bytes to raw bytes where it can: `node:crypto` gets its key objects made
// beforehand, since making one from raw bytes takes it longer than the operation (the row "x25519 raw" says how long).

const zeros = (length: number): Uint8Array => new Uint8Array(length)
const key = node.randomBytes(32)
const peerKey = mote.x25519.getPublicKey(node.randomBytes(32))
const nonce = node.randomBytes(12)
const longNonce = node.randomBytes(24)

/** An operation at one size, with everyone who can do it. */
export interface Operation {
  readonly op: string
  /** Bytes of the message; absent where there is none. */
  readonly size?: number
  readonly works: ReadonlyMap<string, Work>
}

function operation(op: string, size: number | undefined, works: Record<string, Work>): Operation {
  return { op, ...(size === undefined ? {} : { size }), works: new Map(Object.entries(works)) }
}

function privateKey(prefix: string): node.KeyObject {
  return node.createPrivateKey({
    key: Buffer.concat([Buffer.from(prefix, 'hex'), key]),
    format: 'der',
    type: 'pkcs8',
  })
}

function publicKey(prefix: string, raw: Uint8Array): node.KeyObject {
  return node.createPublicKey({ key: Buffer.concat([Buffer.from(prefix, 'hex'), raw]), format: 'der', type: 'spki' })
}

const x25519Private = '302e020100300506032b656e04220420'
const x25519Public = '302a300506032b656e032100'
const ed25519Private = '302e020100300506032b657004220420'
const ed25519Public = '302a300506032b6570032100'

function keyAgreement(): Operation[] {
  const ours = privateKey(x25519Private)
  const theirs = publicKey(x25519Public, peerKey)
  return [
    operation('x25519', undefined, {
      'didcomm-mote': () => mote.x25519.getSharedSecret(key, peerKey),
      'node:crypto': () => node.diffieHellman({ privateKey: ours, publicKey: theirs }),
      'node:crypto from raw keys': () =>
        node.diffieHellman({ privateKey: privateKey(x25519Private), publicKey: publicKey(x25519Public, peerKey) }),
      '@noble': () => x25519.getSharedSecret(key, peerKey),
    }),
    operation('x25519-base', undefined, {
      'didcomm-mote': () => mote.x25519.getPublicKey(key),
      'node:crypto from raw keys': () => node.createPublicKey(privateKey(x25519Private)),
      'node:crypto generate': () => node.generateKeyPairSync('x25519'),
      '@noble': () => x25519.getPublicKey(key),
    }),
  ]
}

function signatures(): Operation[] {
  const message = zeros(64)
  const signer = mote.ed25519.getPublicKey(key)
  const signature = mote.ed25519.sign(message, key)
  const ours = privateKey(ed25519Private)
  const theirs = publicKey(ed25519Public, signer)
  return [
    operation('ed25519-keypair', undefined, {
      'didcomm-mote': () => mote.ed25519.getPublicKey(key),
      'node:crypto generate': () => node.generateKeyPairSync('ed25519'),
      '@noble': () => ed25519.getPublicKey(key),
    }),
    operation('ed25519-sign', 64, {
      'didcomm-mote': () => mote.ed25519.sign(message, key),
      'node:crypto': () => node.sign(null, message, ours),
      '@noble': () => ed25519.sign(message, key),
    }),
    operation('ed25519-verify', 64, {
      'didcomm-mote': () => mote.ed25519.verify(signature, message, signer),
      'node:crypto': () => node.verify(null, message, theirs, signature),
      '@noble': () => ed25519.verify(signature, message, signer),
    }),
  ]
}

function sealWithNode(plaintext: Uint8Array): Buffer {
  const cipher = node.createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

function openWithNode(sealed: Uint8Array): Buffer {
  const decipher = node.createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
}

function ciphers(size: number): Operation[] {
  const plaintext = zeros(size)
  const sealed = mote.chacha20poly1305.seal(key, nonce, plaintext)
  const longSealed = mote.xchacha20poly1305.seal(key, longNonce, plaintext)
  const out = zeros(size + 16)
  return [
    operation('chacha20-poly1305-seal', size, {
      'didcomm-mote': () => mote.chacha20poly1305.seal(key, nonce, plaintext),
      'didcomm-mote into out': () => mote.chacha20poly1305.seal(key, nonce, plaintext, undefined, out),
      'node:crypto': () => sealWithNode(plaintext),
      '@noble': () => chacha20poly1305(key, nonce).encrypt(plaintext),
    }),
    operation('chacha20-poly1305-open', size, {
      'didcomm-mote': () => mote.chacha20poly1305.open(key, nonce, sealed),
      'didcomm-mote into out': () => mote.chacha20poly1305.open(key, nonce, sealed, undefined, out),
      'node:crypto': () => openWithNode(sealed),
      '@noble': () => chacha20poly1305(key, nonce).decrypt(sealed),
    }),
    operation('xchacha20-poly1305-seal', size, {
      'didcomm-mote': () => mote.xchacha20poly1305.seal(key, longNonce, plaintext),
      '@noble': () => xchacha20poly1305(key, longNonce).encrypt(plaintext),
    }),
    operation('xchacha20-poly1305-open', size, {
      'didcomm-mote': () => mote.xchacha20poly1305.open(key, longNonce, longSealed),
      '@noble': () => xchacha20poly1305(key, longNonce).decrypt(longSealed),
    }),
  ]
}

function hashes(size: number): Operation[] {
  const message = zeros(size)
  return [
    operation('sha256', size, {
      'didcomm-mote': () => mote.sha256(message),
      'node:crypto': () => node.createHash('sha256').update(message).digest(),
      '@noble': () => sha256(message),
    }),
    operation('sha512', size, {
      'didcomm-mote': () => mote.sha512(message),
      'node:crypto': () => node.createHash('sha512').update(message).digest(),
      '@noble': () => sha512(message),
    }),
    operation('hmac-sha256', size, {
      'didcomm-mote': () => mote.hmacSha256(key, message),
      'node:crypto': () => node.createHmac('sha256', key).update(message).digest(),
      '@noble': () => hmac(sha256, key, message),
    }),
  ]
}

function derivations(): Operation[] {
  const info = zeros(32)
  return [
    operation('hkdf-sha256', 32, {
      'didcomm-mote': () => mote.hkdfSha256.expand(mote.hkdfSha256.extract(key, nonce), info, 32),
      'node:crypto': () => node.hkdfSync('sha256', key, nonce, info, 32),
      '@noble': () => hkdf(sha256, key, nonce, info, 32),
    }),
  ]
}

/** Every operation of the suite, in the order of its table. */
export function operations(): Operation[] {
  const sizes = [64, 1024, 16_384]
  return [...keyAgreement(), ...signatures(), ...sizes.flatMap(ciphers), ...sizes.flatMap(hashes), ...derivations()]
}
