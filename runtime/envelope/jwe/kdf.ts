import { concatBytes, encodeUtf8 } from '../../bytes/index.ts'
import type { Crypto } from '../../crypto/crypto.ts'

/** The input of the Concat KDF, named as in RFC 7518 §4.6.2. */
export interface KekInput {
  /** Ze for ECDH-ES, Ze || Zs for ECDH-1PU. */
  z: Uint8Array
  /** The `alg` of the header: with key wrapping it is the AlgorithmID. */
  alg: string
  /** The bytes that `apu` encodes; empty where it is absent. */
  apu: Uint8Array
  /** The bytes that `apv` encodes. */
  apv: Uint8Array
  kekBytes: number
  /** The authentication tag of the content: ECDH-1PU only (draft-madden-jose-ecdh-1pu-04 §2.3). */
  tag?: Uint8Array
}

/**
 * Derives the key that wraps the content encryption key: the Concat KDF of RFC 7518 §4.6.2, to which ECDH-1PU appends
 * the length-prefixed tag as part of SuppPubInfo.
 */
export function deriveKek(crypto: Crypto, input: KekInput): Uint8Array {
  const otherInfo = concatBytes(
    lengthPrefixed(encodeUtf8(input.alg)),
    lengthPrefixed(input.apu),
    lengthPrefixed(input.apv),
    uint32(input.kekBytes * 8),
    input.tag ? lengthPrefixed(input.tag) : new Uint8Array(0),
  )
  return crypto.concatKdfSha256(input.z, otherInfo, input.kekBytes)
}

function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  return concatBytes(uint32(bytes.length), bytes)
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}
