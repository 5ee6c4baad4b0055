import type { Aead, Crypto, KeyWrap } from './crypto.ts'
import { type Hpke, hpkeOver } from './hpke.ts'
import { crypto } from './instantiate.ts'

export type {
  Aead,
  Crypto,
  EcCurve,
  EcdsaAlg,
  KeyWrap,
  RandomBytes,
  Secrets,
  SignedMessage,
  SigningKey,
} from './crypto.ts'
export type { Hpke, HpkeRecipient, HpkeSender } from './hpke.ts'
export { hpkeOver } from './hpke.ts'
export type {
  HpkeAead,
  HpkeAgreed,
  HpkePsk,
  HpkeRecipientKey,
  HpkeRecipientOptions,
  HpkeSenderOptions,
} from './hpke-schedule.ts'
export { crypto, instantiateCore } from './instantiate.ts'
export { memorySecrets, type SecretKey } from './memory-secrets.ts'
export { type SecretJwk, secretKeyFromJwk, secretKeyToJwk } from './secret-jwk.ts'
export { type CryptoWindow, openWindow, type WindowAead } from './window.ts'

/** X25519, RFC 7748 §5. */
export const x25519: Crypto['x25519'] = crypto.x25519
/** Ed25519, RFC 8032 §5.1, verified strictly. */
export const ed25519: Crypto['ed25519'] = crypto.ed25519
/** ChaCha20-Poly1305, RFC 8439 §2.8. */
export const chacha20poly1305: Aead = crypto.chacha20poly1305
/** XChaCha20-Poly1305, draft-irtf-cfrg-xchacha-03 §2. */
export const xchacha20poly1305: Aead = crypto.xchacha20poly1305
/** A256CBC-HS512, RFC 7518 §5.2.5. */
export const a256cbcHs512: Aead = crypto.a256cbcHs512
/** AES-256-GCM, RFC 7518 §5.3. */
export const a256gcm: Aead = crypto.a256gcm
/** AES-128-GCM, NIST SP 800-38D. */
export const aes128gcm: Aead = crypto.aes128gcm
/** AES-CCM-16-64-128, RFC 9053 §4.2. */
export const aesCcm16_64_128: Aead = crypto.aesCcm16_64_128
/** AES-CCM-16-128-128, RFC 9053 §4.2. */
export const aesCcm16_128_128: Aead = crypto.aesCcm16_128_128
/** AES-CCM-16-64-256, RFC 9053 §4.2. */
export const aesCcm16_64_256: Aead = crypto.aesCcm16_64_256
/** AES-CCM-16-128-256, RFC 9053 §4.2. */
export const aesCcm16_128_256: Aead = crypto.aesCcm16_128_256
/** A256KW, RFC 7518 §4.4. */
export const a256kw: KeyWrap = crypto.a256kw
/** SHA-256, FIPS 180-4. */
export const sha256: Crypto['sha256'] = crypto.sha256
/** SHA-512, FIPS 180-4. */
export const sha512: Crypto['sha512'] = crypto.sha512
/** HMAC with SHA-256, RFC 2104. */
export const hmacSha256: Crypto['hmacSha256'] = crypto.hmacSha256
/** HMAC with SHA-512, RFC 2104. */
export const hmacSha512: Crypto['hmacSha512'] = crypto.hmacSha512
/** HKDF with SHA-256, RFC 5869. */
export const hkdfSha256: Crypto['hkdfSha256'] = crypto.hkdfSha256
/** The Concat KDF with SHA-256, RFC 7518 §4.6.2. */
export const concatKdfSha256: Crypto['concatKdfSha256'] = crypto.concatKdfSha256
/** HPKE, RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305. */
export const hpkeChacha20Poly1305: Hpke = /* @__PURE__ */ hpkeOver(crypto, 'chacha20poly1305')
/** HPKE, RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM. */
export const hpkeAes128Gcm: Hpke = /* @__PURE__ */ hpkeOver(crypto, 'aes128gcm')
