import * as node from 'node:crypto'
import type { Aead, Crypto } from '../../runtime/crypto/crypto.ts'
import { DidCommError } from '../../runtime/errors.ts'
import { xchacha } from './chacha20-poly1305.ts'
import { nodeAes } from './node-aes.ts'

type Curve = 'x25519' | 'ed25519'

const base64url = (raw: Uint8Array): string => Buffer.from(raw).toString('base64url')

/** The parts of a JSON Web Key (RFC 8037), which OpenSSL reads ten times as fast as DER. */
const curveOf = (curve: Curve) => ({ kty: 'OKP', crv: curve === 'x25519' ? 'X25519' : 'Ed25519' })

function privateKey(curve: Curve, raw: Uint8Array): node.KeyObject {
  // "x" must be there, and is not read.
  const key = { ...curveOf(curve), d: base64url(raw), x: base64url(raw) }
  return node.createPrivateKey({ key, format: 'jwk' })
}

function publicKey(curve: Curve, raw: Uint8Array): node.KeyObject {
  return node.createPublicKey({ key: { ...curveOf(curve), x: base64url(raw) }, format: 'jwk' })
}

function publicOf(curve: Curve, secretKey: Uint8Array): Uint8Array {
  const { x = '' } = node.createPublicKey(privateKey(curve, secretKey)).export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(x, 'base64url'))
}

type Inner = (key: Uint8Array, nonce: Uint8Array) => [Uint8Array, Uint8Array]

function aead(nonceBytes: number, inner: Inner): Aead {
  return {
    keyBytes: 32,
    nonceBytes,
    tagBytes: 16,
    seal(key, nonce, plaintext, aad = new Uint8Array(0)) {
      const cipher = node.createCipheriv('chacha20-poly1305', ...inner(key, nonce), { authTagLength: 16 })
      cipher.setAAD(aad, { plaintextLength: plaintext.length })
      return Uint8Array.from(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]))
    },
    open(key, nonce, ciphertext, aad = new Uint8Array(0)) {
      const decipher = node.createDecipheriv('chacha20-poly1305', ...inner(key, nonce), { authTagLength: 16 })
      decipher.setAAD(aad, { plaintextLength: ciphertext.length - 16 })
      decipher.setAuthTag(ciphertext.subarray(-16))
      try {
        return Uint8Array.from(Buffer.concat([decipher.update(ciphertext.subarray(0, -16)), decipher.final()]))
      } catch (cause) {
        throw new DidCommError('ERR_CRYPTO_TAG', 'the tag is wrong', { cause })
      }
    },
  }
}

type Comparable = Omit<Crypto, 'hkdfSha256' | 'concatKdfSha256' | 'ed25519'> & {
  ed25519: Pick<Crypto['ed25519'], 'getPublicKey' | 'sign' | 'verify'>
  hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, lengthBytes: number): Uint8Array
}

/** What node:crypto has of `Crypto`: OpenSSL as a third opinion. */
export const nodeCrypto: Comparable = {
  x25519: {
    getPublicKey: (secretKey) => publicOf('x25519', secretKey),
    getSharedSecret: (secretKey, peer) =>
      Uint8Array.from(
        node.diffieHellman({ privateKey: privateKey('x25519', secretKey), publicKey: publicKey('x25519', peer) }),
      ),
  },
  ed25519: {
    getPublicKey: (secretKey) => publicOf('ed25519', secretKey),
    sign: (message, secretKey) => Uint8Array.from(node.sign(null, message, privateKey('ed25519', secretKey))),
    verify: (signature, message, signer) => node.verify(null, message, publicKey('ed25519', signer), signature),
  },
  chacha20poly1305: aead(12, (key, nonce) => [key, nonce]),
  xchacha20poly1305: aead(24, xchacha),
  ...nodeAes,
  sha256: (message) => Uint8Array.from(node.createHash('sha256').update(message).digest()),
  sha512: (message) => Uint8Array.from(node.createHash('sha512').update(message).digest()),
  hmacSha256: (key, message) => Uint8Array.from(node.createHmac('sha256', key).update(message).digest()),
  hmacSha512: (key, message) => Uint8Array.from(node.createHmac('sha512', key).update(message).digest()),
  hkdf: (ikm, salt, info, lengthBytes) => new Uint8Array(node.hkdfSync('sha256', ikm, salt, info, lengthBytes)),
}
