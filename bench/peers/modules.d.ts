// The part of each peer that is used, so that the suite compiles where they are not installed.

declare module 'libsodium-wrappers' {
  interface Sodium {
    readonly ready: Promise<void>
    crypto_scalarmult(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array
    crypto_scalarmult_base(secretKey: Uint8Array): Uint8Array
    crypto_sign_seed_keypair(seed: Uint8Array): { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array }
    crypto_sign_detached(message: Uint8Array, privateKey: Uint8Array): Uint8Array
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
    crypto_hash(message: Uint8Array): Uint8Array
    crypto_aead_chacha20poly1305_ietf_encrypt: Encrypt
    crypto_aead_chacha20poly1305_ietf_decrypt: Decrypt
    crypto_aead_xchacha20poly1305_ietf_encrypt: Encrypt
    crypto_aead_xchacha20poly1305_ietf_decrypt: Decrypt
  }
  type Encrypt = (text: Uint8Array, aad: null, secretNonce: null, nonce: Uint8Array, key: Uint8Array) => Uint8Array
  type Decrypt = (secretNonce: null, sealed: Uint8Array, aad: null, nonce: Uint8Array, key: Uint8Array) => Uint8Array
  const sodium: Sodium
  export default sodium
}

declare module 'cborg' {
  export function encode(value: unknown): Uint8Array
  export function decode(bytes: Uint8Array, options: { readonly strict: boolean; readonly useMaps: boolean }): unknown
}

declare module 'cbor2' {
  export function encode(value: unknown, options?: { readonly cde: boolean }): Uint8Array
  export function decode(bytes: Uint8Array, options: { readonly cde?: boolean; readonly preferMap: boolean }): unknown
}

declare module 'libsodium-wrappers-sumo' {
  interface Sodium {
    readonly ready: Promise<void>
    crypto_hash_sha256(message: Uint8Array): Uint8Array
    crypto_auth_hmacsha256(message: Uint8Array, key: Uint8Array): Uint8Array
  }
  const sodium: Sodium
  export default sodium
}

declare module 'sodium-native' {
  interface Sodium {
    crypto_scalarmult(out: Uint8Array, secretKey: Uint8Array, publicKey: Uint8Array): void
    crypto_scalarmult_base(out: Uint8Array, secretKey: Uint8Array): void
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
    crypto_hash_sha256(out: Uint8Array, message: Uint8Array): void
    crypto_hash_sha512(out: Uint8Array, message: Uint8Array): void
    crypto_aead_chacha20poly1305_ietf_encrypt: Encrypt
    crypto_aead_chacha20poly1305_ietf_decrypt: Decrypt
    crypto_aead_xchacha20poly1305_ietf_encrypt: Encrypt
    crypto_aead_xchacha20poly1305_ietf_decrypt: Decrypt
  }
  type Encrypt = (
    out: Uint8Array,
    text: Uint8Array,
    aad: null,
    secretNonce: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ) => number
  type Decrypt = (
    out: Uint8Array,
    secretNonce: null,
    sealed: Uint8Array,
    aad: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ) => number
  const sodium: Sodium
  export default sodium
}

declare module 'tweetnacl' {
  interface Nacl {
    readonly scalarMult: {
      (secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array
      base(secretKey: Uint8Array): Uint8Array
    }
    readonly sign: {
      readonly keyPair: {
        fromSeed(seed: Uint8Array): { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array }
      }
      readonly detached: {
        (message: Uint8Array, secretKey: Uint8Array): Uint8Array
        verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean
      }
    }
    hash(message: Uint8Array): Uint8Array
  }
  const nacl: Nacl
  export default nacl
}

declare module 'hacl-wasm' {
  interface Hacl {
    readonly Curve25519_51: {
      ecdh(secretKey: Uint8Array, publicKey: Uint8Array): [boolean, Uint8Array]
      secret_to_public(secretKey: Uint8Array): [Uint8Array]
    }
    readonly Chacha20Poly1305: {
      aead_encrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): [Uint8Array, Uint8Array]
      aead_decrypt(
        key: Uint8Array,
        nonce: Uint8Array,
        aad: Uint8Array,
        encrypted: Uint8Array,
        tag: Uint8Array,
      ): [number, Uint8Array]
    }
    readonly Ed25519: {
      secret_to_public(seed: Uint8Array): [Uint8Array]
      sign(seed: Uint8Array, message: Uint8Array): [Uint8Array]
      verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): [boolean]
    }
    readonly SHA2: Readonly<Record<'hash_256' | 'hash_512', (message: Uint8Array) => [Uint8Array]>>
    readonly HMAC: Readonly<Record<'sha256' | 'sha512', (key: Uint8Array, message: Uint8Array) => [Uint8Array]>>
    readonly HKDF: {
      extract_sha2_256(salt: Uint8Array, ikm: Uint8Array): [Uint8Array]
      expand_sha2_256(prk: Uint8Array, info: Uint8Array, lengthBytes: number): [Uint8Array]
    }
  }
  const HaclWasm: { getInitializedHaclModule(): Promise<Hacl> }
  export default HaclWasm
}

declare module '@chainsafe/as-chacha20poly1305' {
  export function newInstance(): object
  export class ChaCha20Poly1305 {
    constructor(context: object)
    seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array
    open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | null
  }
}

declare module '@stablelib/x25519' {
  export function sharedKey(secretKey: Uint8Array, publicKey: Uint8Array, rejectZero: boolean): Uint8Array
  export function scalarMultBase(secretKey: Uint8Array): Uint8Array
}

declare module '@stablelib/ed25519' {
  export function generateKeyPairFromSeed(seed: Uint8Array): {
    readonly publicKey: Uint8Array
    readonly secretKey: Uint8Array
  }
  export function sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array
  export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

declare module '@stablelib/chacha20poly1305' {
  export class ChaCha20Poly1305 {
    constructor(key: Uint8Array)
    seal(nonce: Uint8Array, plaintext: Uint8Array): Uint8Array
    open(nonce: Uint8Array, sealed: Uint8Array): Uint8Array | null
  }
}

declare module '@stablelib/xchacha20poly1305' {
  export class XChaCha20Poly1305 {
    constructor(key: Uint8Array)
    seal(nonce: Uint8Array, plaintext: Uint8Array): Uint8Array
    open(nonce: Uint8Array, sealed: Uint8Array): Uint8Array | null
  }
}

declare module '@stablelib/aes' {
  export class AES {
    constructor(key: Uint8Array, noDecryption?: boolean)
  }
}

declare module '@stablelib/gcm' {
  import type { AES } from '@stablelib/aes'
  export class GCM {
    constructor(cipher: AES)
    seal(nonce: Uint8Array, plaintext: Uint8Array): Uint8Array
    open(nonce: Uint8Array, sealed: Uint8Array): Uint8Array | null
  }
}

declare module '@stablelib/sha256' {
  export class SHA256 {}
  export function hash(message: Uint8Array): Uint8Array
}

declare module '@stablelib/sha512' {
  export class SHA512 {}
  export function hash(message: Uint8Array): Uint8Array
}

declare module '@stablelib/hmac' {
  export function hmac(hash: new () => object, key: Uint8Array, message: Uint8Array): Uint8Array
}

declare module '@stablelib/hkdf' {
  export class HKDF {
    constructor(hash: new () => object, key: Uint8Array, salt: Uint8Array, info: Uint8Array)
    expand(lengthBytes: number): Uint8Array
  }
}

declare module '@assemblyscript/loader' {
  interface Loaded<Exports> {
    readonly exports: Exports & {
      __newArray(id: number, values: Uint8Array): number
      __pin(pointer: number): number
      __unpin(pointer: number): void
      __getUint8Array(pointer: number): Uint8Array
    }
  }
  export function instantiateSync<Exports>(module: Uint8Array, imports?: object): Loaded<Exports>
}
