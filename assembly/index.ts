// The ABI of the core, and nothing else.
//
// Addresses and lengths are i32 into the one fixed memory; `io()` is where the host's window begins: it reaches to the end of the
// memory. Every pointer argument is a multiple of 8 (a host that copies to multiples of 16 is always right). Results are i32
// status codes (status.ts) or nothing. There are no imports. State is static: no call may interrupt another sequence.

export {
  aesAad,
  aesAuthenticate,
  aesCbcHs512Init,
  aesCcmInit,
  aesDecrypt,
  aesEncrypt,
  aesEnd,
  aesGcmInit,
  aesPadding,
  aesTag,
  aesVerify,
} from './aes-aead'
export { aesKeyUnwrap, aesKeyWrap } from './aes-kw'
export { wipe } from './bytes'
export {
  aeadAad,
  aeadAuthenticate,
  aeadDecrypt,
  aeadEncrypt,
  aeadEnd,
  aeadTag,
  aeadVerify,
  chacha20Poly1305Init,
  xchacha20Poly1305Init,
} from './chacha20-poly1305'
export {
  chacha20Poly1305Open,
  chacha20Poly1305Seal,
  xchacha20Poly1305Open,
  xchacha20Poly1305Seal,
} from './chacha20-poly1305-message'
export { concatKdfSha256 } from './concat-kdf'
export {
  ed25519Expand,
  ed25519Public,
  ed25519PublicToX25519,
  ed25519SecretToX25519,
  ed25519SignBegin,
  ed25519SignCommit,
  ed25519SignEnd,
  ed25519Update,
  ed25519VerifyBegin,
  ed25519VerifyEnd,
} from './ed25519'
export { ed25519BatchBegin, ed25519BatchEnd, ed25519BatchItem, ed25519BatchItemEnd } from './ed25519-batch'
export { hkdfSha256Expand } from './hkdf'
export {
  hmacSha256,
  hmacSha256Final,
  hmacSha256Init,
  hmacSha256Update,
  hmacSha512,
  hmacSha512Final,
  hmacSha512Init,
  hmacSha512Update,
} from './hmac'
export { sha256, sha256Final, sha256Init, sha256Update } from './sha256'
export { sha512, sha512Final, sha512Init, sha512Update } from './sha512'
export { x25519, x25519Public } from './x25519'

/** Returns where the host's window begins, a multiple of 16. */
export function io(): usize {
  return (__heap_base + 15) & ~15
}
