import { type CborValue, decodeCbor, encodeCbor } from '../bytes/index.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { expectBytes } from './arguments.ts'
import type { Crypto, RandomBytes } from './crypto.ts'
import type { SecretKey } from './memory-secrets.ts'

// Keys at rest, docs/keys-at-rest.md: [label, kdf, nonce, ciphertext] in deterministic CBOR.

const label = 'didcomm-mote keys 1'
/** A record has a few keys; one of thousands is none. */
const maxRecordBytes = 1 << 20
const maxKeys = 4096

const curves: readonly string[] = ['X25519', 'Ed25519', 'P-256', 'P-384', 'P-521', 'secp256k1']

/** How the key of a record comes from a passphrase: the parameters of Argon2id, RFC 9106 §3.1. */
export interface PassphraseCost {
  /** How often the memory is passed over. */
  readonly passes: number
  /** In KiB. */
  readonly memoryKib: number
  readonly lanes: number
}

/** What a record says of the way to its key: nothing, where the host has it. */
export type KeyDerivation = (PassphraseCost & { readonly salt: Uint8Array }) | undefined

/** A record, before it is opened. */
export interface SealedKeys {
  readonly derivation: KeyDerivation
  /** @throws DidCommError `ERR_CRYPTO_TAG` where the key is not that of the record, or the record was changed */
  open(crypto: Crypto, key: Uint8Array): SecretKey[]
}

/**
 * Encrypts private keys under a 32-byte key that the host keeps: in a TPM, in a key store of the operating system, in its own code. For a
 * passphrase there is `sealKeysWithPassphrase`.
 */
export function sealKeys(
  keys: readonly SecretKey[],
  key: Uint8Array,
  context: { readonly crypto: Crypto; readonly randomBytes: RandomBytes },
): Uint8Array {
  return sealedRecord(keys, key, undefined, context)
}

/**
 * Decrypts what `sealKeys` made.
 *
 * @throws DidCommError `ERR_CRYPTO_TAG`, `ERR_BYTES_MALFORMED`, `ERR_TOO_LARGE`
 */
export function openKeys(record: Uint8Array, key: Uint8Array, crypto: Crypto): SecretKey[] {
  return readSealedKeys(record).open(crypto, key)
}

/** Writes a record under a key that `derivation` leads to. */
export function sealedRecord(
  keys: readonly SecretKey[],
  key: Uint8Array,
  derivation: KeyDerivation,
  { crypto, randomBytes }: { readonly crypto: Crypto; readonly randomBytes: RandomBytes },
): Uint8Array {
  expectBytes('key', key, 32)
  if (keys.length > maxKeys) throw new RangeError(`"keys" expected at most ${maxKeys} keys, got ${keys.length}`)
  const kdf = derivation
    ? ['argon2id', derivation.passes, derivation.memoryKib, derivation.lanes, derivation.salt]
    : null
  const plaintext = encodeCbor(keys.map(({ kid, curve, secretKey }) => [kid, curve, secretKey]))
  const nonce = randomBytes(24)
  const ciphertext = crypto.xchacha20poly1305.seal(key, nonce, plaintext, aadOf(kdf))
  plaintext.fill(0)
  return encodeCbor([label, kdf, nonce, ciphertext])
}

/**
 * Reads a record, without opening it.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`, `ERR_TOO_LARGE`
 */
export function readSealedKeys(record: Uint8Array): SealedKeys {
  const value = decodeCbor(record, { maxBytes: maxRecordBytes, maxDepth: 2, maxItems: 16 })
  const [name, kdf, nonce, ciphertext, ...more] = Array.isArray(value) ? value : []
  if (name !== label || kdf === undefined) throw malformed('this is no record of keys, or one of another version')
  if (!(nonce instanceof Uint8Array) || nonce.length !== 24 || !(ciphertext instanceof Uint8Array) || more.length > 0) {
    throw malformed('the record of keys has no nonce or no ciphertext')
  }
  const derivation = readDerivation(kdf)
  return {
    derivation,
    open(crypto, key) {
      const plaintext = opened(crypto, key, nonce, ciphertext, aadOf(kdf))
      try {
        return readKeys(plaintext)
      } finally {
        plaintext.fill(0)
      }
    },
  }
}

function opened(
  crypto: Crypto,
  key: Uint8Array,
  nonce: Uint8Array,
  ciphertext: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  try {
    return crypto.xchacha20poly1305.open(key, nonce, ciphertext, aad)
  } catch (cause) {
    if (!isDidCommError(cause, 'ERR_CRYPTO_TAG')) throw cause
    throw new DidCommError(
      'ERR_CRYPTO_TAG',
      'the key or passphrase is not that of the record, or the record was changed',
    )
  }
}

/** What is authenticated with the keys: the version, and how the key comes about. */
function aadOf(kdf: CborValue): Uint8Array {
  return encodeCbor([label, kdf])
}

function readDerivation(kdf: CborValue): KeyDerivation {
  if (kdf === null) return undefined
  const [name, passes, memoryKib, lanes, salt, ...more] = Array.isArray(kdf) ? kdf : []
  const isCount = (value: CborValue | undefined): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value > 0
  const isSalt = salt instanceof Uint8Array && salt.length === 16
  if (name !== 'argon2id' || !isCount(passes) || !isCount(memoryKib) || !isCount(lanes) || !isSalt || more.length > 0) {
    throw malformed('the record of keys does not say how its key comes about')
  }
  return { passes, memoryKib, lanes, salt }
}

function readKeys(plaintext: Uint8Array): SecretKey[] {
  const value = decodeCbor(plaintext, { maxBytes: maxRecordBytes, maxDepth: 2, maxItems: 4 * maxKeys + 1 })
  if (!Array.isArray(value)) throw malformed('a record of keys holds something else')
  return value.map((entry) => {
    const [kid, curve, secretKey, ...more] = Array.isArray(entry) ? entry : []
    const isKnown = typeof kid === 'string' && typeof curve === 'string' && curves.includes(curve)
    if (!isKnown || !(secretKey instanceof Uint8Array) || more.length > 0)
      throw malformed('a record of keys holds no key')
    return { kid, curve: curve as SecretKey['curve'], secretKey: secretKey.slice() }
  })
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_BYTES_MALFORMED', what)
}
