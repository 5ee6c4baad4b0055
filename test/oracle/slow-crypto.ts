import type { Aead, Crypto } from '../../runtime/crypto/crypto.ts'
import { DidCommError } from '../../runtime/errors.ts'
import { slowAes } from './aes-modes.ts'
import { open, seal, xchacha } from './chacha20-poly1305.ts'
import { concatKdf, hkdfExpand, hkdfExtract, hmacSha256, hmacSha512 } from './derivation.ts'
import { getPublicKey, sign, toX25519PublicKey, toX25519SecretKey, verify, verifyBatch } from './ed25519.ts'
import { sha256, sha512 } from './sha2.ts'
import { x25519 } from './x25519.ts'

type Inner = (key: Uint8Array, nonce: Uint8Array) => [Uint8Array, Uint8Array]

function aead(nonceBytes: number, inner: Inner): Aead {
  return {
    keyBytes: 32,
    nonceBytes,
    tagBytes: 16,
    seal: (key, nonce, plaintext, aad) => seal(...inner(key, nonce), plaintext, aad),
    open(key, nonce, ciphertext, aad) {
      const plaintext = open(...inner(key, nonce), ciphertext, aad)
      if (!plaintext) throw new DidCommError('ERR_CRYPTO_TAG', 'the tag is wrong')
      return plaintext
    },
  }
}

/** `Crypto` over the slow twins, which say what each standard says in the fewest words. Without `out`. */
export const slowCrypto: Crypto = {
  x25519: {
    getPublicKey: (secretKey) => x25519(secretKey, Uint8Array.of(9, ...new Uint8Array(31))),
    getSharedSecret: (secretKey, publicKey) => x25519(secretKey, publicKey),
  },
  ed25519: {
    getPublicKey,
    sign,
    signingKey: (secretKey) => ({
      publicKey: getPublicKey(secretKey),
      sign: (message) => sign(message, secretKey),
    }),
    verify,
    verifyBatch,
    toX25519PublicKey,
    toX25519SecretKey,
  },
  chacha20poly1305: aead(12, (key, nonce) => [key, nonce]),
  xchacha20poly1305: aead(24, xchacha),
  ...slowAes,
  sha256,
  sha512,
  hmacSha256,
  hmacSha512,
  hkdfSha256: { extract: hkdfExtract, expand: hkdfExpand },
  concatKdfSha256: concatKdf,
}
