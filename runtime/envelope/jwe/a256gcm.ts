import { gcm } from '@noble/ciphers/aes.js'
import type { Aead } from '../../crypto/crypto.ts'
import { DidCommError } from '../../errors.ts'

/** AES-256-GCM, RFC 7518 §5.3: 12-byte nonce, 16-byte tag. In DIDComm for anoncrypt only. */
export const a256gcm: Aead = {
  keyBytes: 32,
  nonceBytes: 12,
  tagBytes: 16,
  seal: (key, nonce, plaintext, aad, out) => into(gcm(key, nonce, aad).encrypt(plaintext), out),
  open(key, nonce, ciphertext, aad, out) {
    let plaintext: Uint8Array
    try {
      plaintext = gcm(key, nonce, aad).decrypt(ciphertext)
    } catch (cause) {
      throw new DidCommError('ERR_CRYPTO_TAG', 'the authentication tag does not verify', { cause })
    }
    return into(plaintext, out)
  },
}

function into(bytes: Uint8Array, out: Uint8Array | undefined): Uint8Array {
  if (!out) return bytes
  out.set(bytes)
  return out.subarray(0, bytes.length)
}
