import { concatBytes, decodeBase58btc, encodeBase58btc } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import type { SecretKey } from '../crypto/memory-secrets.ts'
import { DidCommError } from '../errors.ts'
import { encodeMultikey } from './multikey.ts'

/** A private key as a Multikey (Controlled Identifiers 1.0 §2.2.2). `publicKeyMultibase` is checked where it is there. */
export interface SecretMultikey {
  readonly kid: string
  readonly secretKeyMultibase: string
  readonly publicKeyMultibase?: string
}

interface SecretCodec {
  readonly curve: SecretKey['curve']
  /** The multicodec as a varint, which has two bytes for each of these. */
  readonly prefix: readonly [number, number]
  readonly keyBytes: number
}

/** The multicodecs 0x1300 to 0x1308 of private keys. */
const CODECS: readonly SecretCodec[] = [
  { curve: 'Ed25519', prefix: [0x80, 0x26], keyBytes: 32 },
  { curve: 'secp256k1', prefix: [0x81, 0x26], keyBytes: 32 },
  { curve: 'X25519', prefix: [0x82, 0x26], keyBytes: 32 },
  { curve: 'P-256', prefix: [0x86, 0x26], keyBytes: 32 },
  { curve: 'P-384', prefix: [0x87, 0x26], keyBytes: 48 },
  { curve: 'P-521', prefix: [0x88, 0x26], keyBytes: 66 },
]

/** `z`, and the base58btc of 68 bytes. */
const MAX_CHARACTERS = 96

/**
 * Reads a private key that is written as a Multikey.
 *
 * @param crypto has to have the curve; the public half, where it is given, has to belong to the private one
 * @throws DidCommError `ERR_KEY_INVALID`, which never quotes the key
 */
export function secretKeyFromMultikey(multikey: SecretMultikey, crypto: Crypto): SecretKey {
  const { kid, secretKeyMultibase, publicKeyMultibase } = multikey
  if (typeof kid !== 'string') throw invalid('has no "kid"')
  const decoded = decodeSecret(secretKeyMultibase)
  const codec = CODECS.find(({ prefix }) => prefix[0] === decoded[0] && prefix[1] === decoded[1])
  if (!codec) throw invalid('is of no kind that is known here')
  const secretKey = decoded.slice(codec.prefix.length)
  decoded.fill(0)
  if (secretKey.length !== codec.keyBytes) throw invalid(`is not ${codec.keyBytes} bytes`)
  const publicKey = publicKeyOf(crypto, codec.curve, secretKey)
  if (!publicKey) throw invalid(`is no key of ${codec.curve}, or the curve is not supported`)
  if (publicKeyMultibase !== undefined && publicKeyMultibase !== encodeMultikey(codec.curve, publicKey)) {
    throw invalid('does not belong to its public half')
  }
  return { kid, curve: codec.curve, secretKey }
}

/**
 * Writes a private key as a Multikey, with its public half.
 *
 * @throws DidCommError `ERR_KEY_INVALID` where the key is none of its curve, or `crypto` does not have the curve
 */
export function secretKeyToMultikey(key: SecretKey, crypto: Crypto): Required<SecretMultikey> {
  const codec = CODECS.find(({ curve }) => curve === key.curve)
  const publicKey = key.secretKey.length === codec?.keyBytes && publicKeyOf(crypto, key.curve, key.secretKey)
  if (!codec || !publicKey) throw invalid('is none of its curve, or the curve is not supported')
  const bytes = concatBytes(Uint8Array.from(codec.prefix), key.secretKey)
  const secretKeyMultibase = `z${encodeBase58btc(bytes)}`
  bytes.fill(0)
  return { kid: key.kid, secretKeyMultibase, publicKeyMultibase: encodeMultikey(key.curve, publicKey) }
}

/** Computes the public half, or returns `undefined` where `crypto` does not have the curve or the scalar is none. */
function publicKeyOf(crypto: Crypto, curve: SecretKey['curve'], secretKey: Uint8Array): Uint8Array | undefined {
  if (curve === 'X25519') return crypto.x25519.getPublicKey(secretKey)
  if (curve === 'Ed25519') return crypto.ed25519.getPublicKey(secretKey)
  const entry = crypto.curves?.get(curve)
  return entry?.isSecretKey(secretKey) ? entry.getPublicKey(secretKey) : undefined
}

function decodeSecret(text: unknown): Uint8Array {
  if (typeof text !== 'string' || !text.startsWith('z') || text.length > MAX_CHARACTERS) {
    throw invalid('is not base58btc, or too long')
  }
  try {
    return decodeBase58btc(text.slice(1))
  } catch {
    // Without the cause, whose text may quote the key.
    throw invalid('is not base58btc')
  }
}

function invalid(what: string): DidCommError {
  return new DidCommError('ERR_KEY_INVALID', `the secret key ${what}`)
}
