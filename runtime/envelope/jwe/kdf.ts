import { encodeUtf8 } from '../../bytes/index.ts'
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
  const { apu, apv, tag, kekBytes } = input
  const alg = encodeUtf8(input.alg)
  const otherInfo = new Uint8Array(16 + alg.length + apu.length + apv.length + (tag ? 4 + tag.length : 0))
  let at = 0
  for (const field of [alg, apu, apv]) at = writePrefixed(otherInfo, at, field)
  at = writeUint32(otherInfo, at, kekBytes * 8)
  if (tag) writePrefixed(otherInfo, at, tag)
  return crypto.concatKdfSha256(input.z, otherInfo, kekBytes)
}

/** Writes the length of `bytes` and the bytes; returns where they end. */
function writePrefixed(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const start = writeUint32(out, at, bytes.length)
  out.set(bytes, start)
  return start + bytes.length
}

function writeUint32(out: Uint8Array, at: number, value: number): number {
  for (let i = 0; i < 4; i++) out[at + i] = value >>> (24 - 8 * i)
  return at + 4
}
