/**
 * An authenticated cipher. A ciphertext here is always the encrypted bytes followed by the tag, as RFC 8439 §2.8 and
 * RFC 7518 §5.2.2.1 write it.
 */
export interface Aead {
  readonly keyBytes: number
  readonly nonceBytes: number
  readonly tagBytes: number

  /**
   * Encrypts and authenticates.
   *
   * @param out where to write `plaintext.length + tagBytes` bytes (padded ciphers: up to one block more); made if absent
   * @returns the bytes written
   */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad?: Uint8Array, out?: Uint8Array): Uint8Array

  /**
   * Checks the tag, then decrypts.
   *
   * @param out where to write the plaintext; made if absent
   * @throws DidCommError `ERR_CRYPTO_TAG`; `out` is untouched or wiped then
   */
  open(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array, aad?: Uint8Array, out?: Uint8Array): Uint8Array
}

/**
 * An Ed25519 private key that is ready to sign. What is computed from the seed is kept in memory and given out by nothing; the
 * public key that signatures are bound to is its own, and no argument.
 */
export interface SigningKey {
  /** The 32-byte public key. */
  readonly publicKey: Uint8Array
  /** Signs; the result has 64 bytes. */
  sign(message: Uint8Array, out?: Uint8Array): Uint8Array
}

/** Wraps keys with a key: RFC 3394. */
export interface KeyWrap {
  readonly keyBytes: number
  /** Wraps `key` (a multiple of 8 bytes, 16 to 16,384) into 8 bytes more. */
  wrapKey(kek: Uint8Array, key: Uint8Array, out?: Uint8Array): Uint8Array
  /** @throws DidCommError `ERR_CRYPTO_TAG` */
  unwrapKey(kek: Uint8Array, wrapped: Uint8Array, out?: Uint8Array): Uint8Array
}

/** A message with an Ed25519 signature, as `verifyBatch` takes it. */
export interface SignedMessage {
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly publicKey: Uint8Array
}

/** A signature algorithm of ECDSA, RFC 7518 §3.4 and RFC 8812 §3.2. */
export type EcdsaAlg = 'ES256' | 'ES384' | 'ES256K'

/**
 * An elliptic curve in Weierstrass form. A public key is a point as in SEC 1 §2.3.3, compressed or not; results are compressed.
 * Public keys are checked to be on the curve before they are used.
 */
export interface EcCurve {
  readonly curve: 'P-256' | 'P-384' | 'P-521' | 'secp256k1'
  /** The length of a secret key, and of a coordinate. */
  readonly secretKeyBytes: number
  /** How its keys sign, where they do. */
  readonly alg?: EcdsaAlg
  /** Tells whether this is a scalar from 1 up to the order of the group. */
  isSecretKey(secretKey: Uint8Array): boolean
  /**
   * Draws a secret key (FIPS 186-5 §A.2.2): draws again where a number is not below the order, so that all are equally likely.
   *
   * @throws RangeError where `randomBytes` brings none in many draws, as no working source does
   */
  generateSecretKey(randomBytes: RandomBytes): Uint8Array
  /** @throws DidCommError `ERR_KEY_INVALID` */
  getPublicKey(secretKey: Uint8Array): Uint8Array
  /**
   * Computes the x-coordinate of the shared point (SP 800-56A §5.7.1.2).
   *
   * @throws DidCommError `ERR_KEY_INVALID` where a key is none of the curve
   */
  getSharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array
  /** The coordinates of a public key, at full length. @throws DidCommError `ERR_KEY_INVALID` */
  coordinates(publicKey: Uint8Array): { x: Uint8Array; y: Uint8Array }
  /** The public key of coordinates at full length. @throws DidCommError `ERR_KEY_INVALID` */
  fromCoordinates(x: Uint8Array, y: Uint8Array): Uint8Array
  /** Signs with ECDSA: R and S, the lower one of the two that verify, at full length. */
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array
  /** Verifies with ECDSA, either S. Whatever is not in order is `false`. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
}

/** The primitives of the core. Synchronous, without state, over raw bytes; keys are 32 bytes unless said otherwise. */
export interface Crypto {
  /** X25519, RFC 7748 §5. */
  readonly x25519: {
    /** Computes the 32-byte public key. */
    getPublicKey(secretKey: Uint8Array, out?: Uint8Array): Uint8Array
    /**
     * Computes the 32-byte shared secret.
     *
     * @throws DidCommError `ERR_KEY_INVALID` where it is all zero (RFC 7748 §6.1), or `publicKey` has not 32 bytes
     */
    getSharedSecret(secretKey: Uint8Array, publicKey: Uint8Array, out?: Uint8Array): Uint8Array
  }

  /** Ed25519, RFC 8032 §5.1. `secretKey` is the 32-byte seed. */
  readonly ed25519: {
    getPublicKey(secretKey: Uint8Array, out?: Uint8Array): Uint8Array
    /** Signs; the result has 64 bytes. A key that signs more than once is faster as a `signingKey`. */
    sign(message: Uint8Array, secretKey: Uint8Array, out?: Uint8Array): Uint8Array
    /** Makes a private key ready: each of its signatures then takes half the time of `sign`. */
    signingKey(secretKey: Uint8Array): SigningKey
    /**
     * Verifies strictly: S < L, canonical and not small-order A and R, without cofactor. A signature or public key of a wrong
     * length is `false` like any other that does not verify.
     */
    verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
    /**
     * Verifies any number of signatures, for half the time of `verify` each: less where several are by one key. Returns for each
     * item, in order, whether it verifies. That depends on the item alone, and is what `verify` says, with one exception: the
     * equation is checked with the cofactor, as RFC 8032 §5.1.7 writes it. The two can differ only for a signature whose signer
     * added a point of small order to A or R on purpose: then `verifyBatch` takes it, and `verify` may not.
     */
    verifyBatch(items: readonly SignedMessage[]): boolean[]
    /**
     * Computes the X25519 public key that belongs to an Ed25519 public key (RFC 7748 §4.1): did:key derives its key agreement
     * key so.
     *
     * @throws DidCommError `ERR_KEY_INVALID` where it is not the canonical encoding of a point, or one of small order
     */
    toX25519PublicKey(publicKey: Uint8Array, out?: Uint8Array): Uint8Array
    /** Computes the X25519 secret key that belongs to an Ed25519 seed: its scalar, clamped. */
    toX25519SecretKey(secretKey: Uint8Array, out?: Uint8Array): Uint8Array
  }

  /** ChaCha20-Poly1305, RFC 8439 §2.8: 12-byte nonce, 16-byte tag. */
  readonly chacha20poly1305: Aead
  /** XChaCha20-Poly1305, draft-irtf-cfrg-xchacha-03 §2: 24-byte nonce, 16-byte tag. */
  readonly xchacha20poly1305: Aead
  /** A256CBC-HS512, RFC 7518 §5.2.5: 64-byte key (32 for the MAC, then 32 for AES), 16-byte nonce, padding, 32-byte tag. */
  readonly a256cbcHs512: Aead
  /** AES-256-GCM, NIST SP 800-38D, RFC 7518 §5.3: 12-byte nonce, 16-byte tag, at most 64 GiB of text. */
  readonly a256gcm: Aead
  /** AES-128-GCM, NIST SP 800-38D: 16-byte key, 12-byte nonce, 16-byte tag, at most 64 GiB of text. */
  readonly aes128gcm: Aead
  /** AES-CCM-16-64-128, RFC 9053 §4.2: 16-byte key, 13-byte nonce, 8-byte tag, at most 65,535 bytes of text. */
  readonly aesCcm16_64_128: Aead
  /** AES-CCM-16-128-128, RFC 9053 §4.2: 16-byte key, 13-byte nonce, 16-byte tag, at most 65,535 bytes of text. */
  readonly aesCcm16_128_128: Aead
  /** AES-CCM-16-64-256, RFC 9053 §4.2: 32-byte key, 13-byte nonce, 8-byte tag, at most 65,535 bytes of text. */
  readonly aesCcm16_64_256: Aead
  /** AES-CCM-16-128-256, RFC 9053 §4.2: 32-byte key, 13-byte nonce, 16-byte tag, at most 65,535 bytes of text. */
  readonly aesCcm16_128_256: Aead

  /** A256KW, RFC 7518 §4.4: RFC 3394 with a 256-bit key. */
  readonly a256kw: KeyWrap

  sha256(message: Uint8Array, out?: Uint8Array): Uint8Array
  sha512(message: Uint8Array, out?: Uint8Array): Uint8Array
  /** HMAC, RFC 2104, with keys of any length. */
  hmacSha256(key: Uint8Array, message: Uint8Array, out?: Uint8Array): Uint8Array
  hmacSha512(key: Uint8Array, message: Uint8Array, out?: Uint8Array): Uint8Array

  /** HKDF with SHA-256, RFC 5869. */
  readonly hkdfSha256: {
    extract(ikm: Uint8Array, salt?: Uint8Array, out?: Uint8Array): Uint8Array
    /** Expands `prk`, at least 32 bytes, to `lengthBytes`, at most 8,160; `info` has at most 16,384 bytes. */
    expand(prk: Uint8Array, info: Uint8Array, lengthBytes: number, out?: Uint8Array): Uint8Array
  }

  /**
   * The Concat KDF with SHA-256, NIST SP 800-56A §5.8.1, as RFC 7518 §4.6.2 uses it: `sharedSecret` is Z. Inputs have at most
   * 16,384 bytes each, the output at most 8,160.
   */
  concatKdfSha256(sharedSecret: Uint8Array, otherInfo: Uint8Array, lengthBytes: number, out?: Uint8Array): Uint8Array

  /** Further curves by their JOSE names. The core has none; `withCurves` adds them. */
  readonly curves?: ReadonlyMap<string, EcCurve>
}

/**
 * Private keys, used and never handed out. It may be a file, a key store of the operating system or a secure element.
 * Key ids are absolute DID URLs.
 */
export interface Secrets {
  /** Lists the key ids that can be used. */
  kids(): Promise<readonly string[]>
  has(kid: string): Promise<boolean>
  /**
   * Computes the raw shared secret of the private key `kid` and `peerPublicKey`. X25519: 32 bytes; other curves: a point as
   * in SEC 1, of which the result is the x-coordinate.
   *
   * @param isLasting the peer's key is one of its DID document and not of one message: the result may be remembered, by who keeps the private
   * key in the same memory anyway
   *
   * @throws DidCommError `ERR_KEY_NOT_FOUND`, `ERR_KEY_INVALID`
   */
  deriveBits(kid: string, peerPublicKey: Uint8Array, isLasting?: boolean): Promise<Uint8Array>
  /**
   * Signs with the private key `kid`: EdDSA (64 bytes), or ECDSA with the hash of the curve's algorithm, R and S at full length.
   *
   * @throws DidCommError `ERR_KEY_NOT_FOUND`
   */
  sign(kid: string, data: Uint8Array): Promise<Uint8Array>
}

/** Returns that many fresh random bytes. */
export type RandomBytes = (lengthBytes: number) => Uint8Array
