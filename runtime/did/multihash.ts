import { concatBytes, encodeBase58btc } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'

/** The multihash code of SHA-256, and its length. */
const SHA256_32 = Uint8Array.of(0x12, 0x20)

/** Returns the multibase (base58btc) of the multihash of SHA-256 of `bytes`: `zQm…`, 47 characters. */
export function multihashSha256(crypto: Crypto, bytes: Uint8Array): string {
  return `z${encodeBase58btc(concatBytes(SHA256_32, crypto.sha256(bytes)))}`
}
