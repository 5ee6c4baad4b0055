import type { Aead, Crypto } from '../../crypto/crypto.ts'

/** A content encryption, RFC 9053 §4: a new one is a new entry in the table below. */
export interface CoseContentAlgorithm {
  readonly alg: number | string
  aead(crypto: Crypto): Aead
}

/** ChaCha20/Poly1305, RFC 9053 §4.3. */
export const chaCha20Poly1305: CoseContentAlgorithm = { alg: 24, aead: (crypto) => crypto.chacha20poly1305 }

/** All that are known: A128GCM, A256GCM, and AES-CCM with a nonce of 13 bytes, RFC 9053 §4.1 and §4.2. */
export const contentAlgorithms: readonly CoseContentAlgorithm[] = [
  { alg: 1, aead: (crypto) => crypto.aes128gcm },
  { alg: 3, aead: (crypto) => crypto.a256gcm },
  { alg: 10, aead: (crypto) => crypto.aesCcm16_64_128 },
  { alg: 11, aead: (crypto) => crypto.aesCcm16_64_256 },
  { alg: 30, aead: (crypto) => crypto.aesCcm16_128_128 },
  chaCha20Poly1305,
]
