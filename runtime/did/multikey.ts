import { concatBytes, decodeBase58btc, encodeBase58btc } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import type { Curve } from './document.ts'

interface Codec {
  readonly curve: Curve
  /** The multicodec as a varint, which has two bytes for each of these. */
  readonly prefix: readonly [number, number]
  readonly keyBytes: number
  /** The key is a compressed point (SEC 1 §2.3.3): 02 or 03, then the x coordinate. */
  readonly compressed: boolean
}

const CODECS: readonly Codec[] = [
  { curve: 'X25519', prefix: [0xec, 0x01], keyBytes: 32, compressed: false },
  { curve: 'Ed25519', prefix: [0xed, 0x01], keyBytes: 32, compressed: false },
  { curve: 'P-256', prefix: [0x80, 0x24], keyBytes: 33, compressed: true },
  { curve: 'P-384', prefix: [0x81, 0x24], keyBytes: 49, compressed: true },
  { curve: 'P-521', prefix: [0x82, 0x24], keyBytes: 67, compressed: true },
  { curve: 'secp256k1', prefix: [0xe7, 0x01], keyBytes: 33, compressed: true },
]

/** An RSA key of 4,096 bits has about 720. */
const MAX_MULTIKEY_CHARACTERS = 1024

/**
 * Encodes a public key as a Multikey (Controlled Identifiers 1.0 §2.2.2): `z`, then base58btc of multicodec and key.
 *
 * @param bytes 32 for X25519 and Ed25519, the compressed point for the other curves
 */
export function encodeMultikey(curve: Curve, bytes: Uint8Array): string {
  const codec = CODECS.find((candidate) => candidate.curve === curve)
  if (!codec) throw new RangeError(`"curve" expected one of ${CODECS.map((known) => known.curve).join(', ')}`)
  if (bytes.length !== codec.keyBytes) {
    throw new TypeError(`"bytes" expected Uint8Array of length ${codec.keyBytes}, got length=${bytes.length}`)
  }
  return `z${encodeBase58btc(concatBytes(Uint8Array.from(codec.prefix), bytes))}`
}

/**
 * Decodes a Multikey. Points are checked for their form, not for being on their curve.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`, and `ERR_DID_UNUSABLE` for a key of a kind that is not known here
 */
export function decodeMultikey(text: string): { curve: Curve; bytes: Uint8Array } {
  if (!text.startsWith('z') || text.length > MAX_MULTIKEY_CHARACTERS) {
    throw new DidCommError('ERR_DID_MALFORMED', 'the multikey is not base58btc, or too long')
  }
  const decoded = decodeBase58(text.slice(1))
  if (decoded.length < 3) throw new DidCommError('ERR_DID_MALFORMED', 'the multikey is too short')
  const codec = CODECS.find(({ prefix }) => prefix[0] === decoded[0] && prefix[1] === decoded[1])
  if (!codec) throw new DidCommError('ERR_DID_UNUSABLE', 'the multikey is of a kind that is not supported')
  const bytes = decoded.subarray(2)
  checkPublicKey(codec.curve, bytes)
  return { curve: codec.curve, bytes }
}

/**
 * Checks the length of a public key, and the form of a compressed point.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 */
export function checkPublicKey(curve: Curve, bytes: Uint8Array): void {
  const codec = CODECS.find((candidate) => candidate.curve === curve)
  if (bytes.length !== codec?.keyBytes) {
    throw new DidCommError('ERR_DID_MALFORMED', `the ${curve} public key has a wrong length, ${bytes.length} bytes`)
  }
  if (codec.compressed && bytes[0] !== 2 && bytes[0] !== 3) {
    throw new DidCommError('ERR_DID_MALFORMED', `the ${curve} public key is not a compressed point`)
  }
}

/** Decodes base58btc of a DID or its document. @throws DidCommError `ERR_DID_MALFORMED` */
export function decodeBase58(text: string): Uint8Array {
  try {
    return decodeBase58btc(text)
  } catch (cause) {
    throw new DidCommError('ERR_DID_MALFORMED', 'the text is not base58btc', { cause })
  }
}
