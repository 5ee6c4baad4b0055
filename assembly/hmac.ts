import { copyBytes, wipe } from './bytes'
import { sha256Final, sha256Init, sha256Update } from './sha256'
import { sha512Final, sha512Init, sha512Update } from './sha512'

// HMAC, RFC 2104. The running hash is the one context of SHA-256 or SHA-512; here waits the key for the outer hash.

const INNER_PAD: u32 = 0x36363636
const OUTER_PAD: u32 = 0x5c5c5c5c

/** The key, padded to a block and masked. */
const KEY = memory.data(128, 16)
const INNER_DIGEST = memory.data(64, 16)

function maskKey(blockBytes: usize, pad: u32): void {
  for (let i: usize = 0; i < blockBytes; i += 4) store<u32>(KEY + i, load<u32>(KEY + i) ^ pad)
}

/** Starts a MAC; a key longer than a block is replaced by its digest (RFC 2104 §3). */
export function hmacSha256Init(key: usize, length: usize): void {
  wipe(KEY, 64)
  if (length > 64) {
    sha256Init()
    sha256Update(key, length)
    sha256Final(KEY)
  } else {
    copyBytes(KEY, key, length)
  }
  maskKey(64, INNER_PAD)
  sha256Init()
  sha256Update(KEY, 64)
  maskKey(64, INNER_PAD ^ OUTER_PAD)
}

export function hmacSha256Update(data: usize, length: usize): void {
  sha256Update(data, length)
}

/** Writes the 32 bytes of the MAC to `out`, a multiple of 4, and wipes the context. */
export function hmacSha256Final(out: usize): void {
  sha256Final(INNER_DIGEST)
  sha256Init()
  sha256Update(KEY, 64)
  sha256Update(INNER_DIGEST, 32)
  sha256Final(out)
  wipe(KEY, 64)
  wipe(INNER_DIGEST, 32)
}

/** Starts a MAC; a key longer than a block is replaced by its digest (RFC 2104 §3). */
export function hmacSha512Init(key: usize, length: usize): void {
  wipe(KEY, 128)
  if (length > 128) {
    sha512Init()
    sha512Update(key, length)
    sha512Final(KEY)
  } else {
    copyBytes(KEY, key, length)
  }
  maskKey(128, INNER_PAD)
  sha512Init()
  sha512Update(KEY, 128)
  maskKey(128, INNER_PAD ^ OUTER_PAD)
}

export function hmacSha512Update(data: usize, length: usize): void {
  sha512Update(data, length)
}

/** Writes the 64 bytes of the MAC to `out`, a multiple of 8, and wipes the context. */
export function hmacSha512Final(out: usize): void {
  sha512Final(INNER_DIGEST)
  sha512Init()
  sha512Update(KEY, 128)
  sha512Update(INNER_DIGEST, 64)
  sha512Final(out)
  wipe(KEY, 128)
  wipe(INNER_DIGEST, 64)
}
