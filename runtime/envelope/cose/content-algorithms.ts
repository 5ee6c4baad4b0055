import type { Aead, Crypto } from '../../crypto/crypto.ts'

/** A content encryption, RFC 9053 §4: a new one is a new entry in the table below. */
export interface CoseContentAlgorithm {
  readonly alg: number | string
  aead(crypto: Crypto): Aead
  /** The longest text, where there is a limit. */
  readonly maxTextBytes?: number
}

/** ChaCha20/Poly1305, RFC 9053 §4.3. */
export const chaCha20Poly1305: CoseContentAlgorithm = { alg: 24, aead: (crypto) => crypto.chacha20poly1305 }

/** All that are known: A128GCM, A256GCM, and AES-CCM with a nonce of 13 bytes, RFC 9053 §4.1 and §4.2. */
export const contentAlgorithms: readonly CoseContentAlgorithm[] = [
  { alg: 1, aead: (crypto) => crypto.aes128gcm },
  { alg: 3, aead: (crypto) => crypto.a256gcm },
  ccm(10, (crypto) => crypto.aesCcm16_64_128),
  ccm(11, (crypto) => crypto.aesCcm16_64_256),
  ccm(30, (crypto) => crypto.aesCcm16_128_128),
  ccm(31, (crypto) => crypto.aesCcm16_128_256),
  chaCha20Poly1305,
]

/** AES-CCM with a length of 2 bytes (RFC 3610 §2). */
function ccm(alg: number, aead: CoseContentAlgorithm['aead']): CoseContentAlgorithm {
  return { alg, aead, maxTextBytes: 0xffff }
}
