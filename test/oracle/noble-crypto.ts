import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { Aead, Crypto } from '../../runtime/crypto/crypto.ts'
import { DidCommError } from '../../runtime/errors.ts'
import { nobleAes } from './noble-aes.ts'

type NobleAead = typeof chacha20poly1305 | typeof xchacha20poly1305

function written(bytes: Uint8Array, out?: Uint8Array): Uint8Array {
  if (out === undefined) return bytes
  out.set(bytes)
  return out.subarray(0, bytes.length)
}

function orError<T>(code: 'ERR_KEY_INVALID' | 'ERR_CRYPTO_TAG', work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new DidCommError(code, 'noble refuses', { cause })
  }
}

function aead(cipher: NobleAead, nonceBytes: number): Aead {
  return {
    keyBytes: 32,
    nonceBytes,
    tagBytes: 16,
    seal: (key, nonce, plaintext, aad, out) => written(cipher(key, nonce, aad).encrypt(plaintext), out),
    open: (key, nonce, ciphertext, aad, out) =>
      orError('ERR_CRYPTO_TAG', () => written(cipher(key, nonce, aad).decrypt(ciphertext), out)),
  }
}

function concatKdf(sharedSecret: Uint8Array, otherInfo: Uint8Array, lengthBytes: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(lengthBytes / 32) * 32)
  for (let i = 0; i * 32 < lengthBytes; i++) {
    const counter = Uint8Array.of(0, 0, (i + 1) >> 8, i + 1)
    out.set(sha256.create().update(counter).update(sharedSecret).update(otherInfo).digest(), i * 32)
  }
  return out.slice(0, lengthBytes)
}

function verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  return ed25519.verify(signature, message, publicKey, { zip215: false })
}

/** `Crypto` over the @noble libraries: a second implementation, to run suites over. Its Ed25519 verify is not as strict. */
export const nobleCrypto: Crypto = {
  x25519: {
    getPublicKey: (secretKey, out) => written(x25519.getPublicKey(secretKey), out),
    getSharedSecret: (secretKey, publicKey, out) =>
      orError('ERR_KEY_INVALID', () => written(x25519.getSharedSecret(secretKey, publicKey), out)),
  },
  ed25519: {
    getPublicKey: (secretKey, out) => written(ed25519.getPublicKey(secretKey), out),
    sign: (message, secretKey, out) => written(ed25519.sign(message, secretKey), out),
    signingKey: (secretKey) => ({
      publicKey: ed25519.getPublicKey(secretKey),
      sign: (message, out) => written(ed25519.sign(message, secretKey), out),
    }),
    verify,
    verifyBatch: (items) => items.map(({ signature, message, publicKey }) => verify(signature, message, publicKey)),
    toX25519PublicKey: (publicKey, out) =>
      orError('ERR_KEY_INVALID', () => written(ed25519.utils.toMontgomery(publicKey), out)),
    toX25519SecretKey: (secretKey, out) => written(ed25519.utils.toMontgomerySecret(secretKey), out),
  },
  chacha20poly1305: aead(chacha20poly1305, 12),
  xchacha20poly1305: aead(xchacha20poly1305, 24),
  ...nobleAes,
  sha256: (message, out) => written(sha256(message), out),
  sha512: (message, out) => written(sha512(message), out),
  hmacSha256: (key, message, out) => written(hmac(sha256, key, message), out),
  hmacSha512: (key, message, out) => written(hmac(sha512, key, message), out),
  hkdfSha256: {
    extract: (ikm, salt) => extract(sha256, ikm, salt),
    expand: (prk, info, lengthBytes) => expand(sha256, prk, info, lengthBytes),
  },
  concatKdfSha256: concatKdf,
}
