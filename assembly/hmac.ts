import { copyBytes, wipe } from './bytes'
import { sha256Final, sha256Finish, sha256Init, sha256Update } from './sha256'
import { sha512Final, sha512Finish, sha512Init, sha512Update } from './sha512'

// HMAC, RFC 2104. The running hash is the one context of SHA-256 or SHA-512; here waits the key for the outer hash.

const INNER_PAD: u32 = 0x36363636
const OUTER_PAD: u32 = 0x5c5c5c5c

/** The key, padded to a block and masked. */
const KEY = memory.data(128, 16)
/** The inner digest, and room to pad it to a block. */
const INNER_DIGEST = memory.data(128, 16)

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
  outerSha256(out)
}

function outerSha256(out: usize): void {
  sha256Init()
  sha256Update(KEY, 64)
  sha256Finish(INNER_DIGEST, 32, out)
  wipe(KEY, 64)
  wipe(INNER_DIGEST, 32)
}

/** The MAC of a message that is in the window as a whole, with room for 128 bytes behind it. */
export function hmacSha256(key: usize, keyBytes: usize, data: usize, length: usize, out: usize): void {
  hmacSha256Init(key, keyBytes)
  sha256Finish(data, length, INNER_DIGEST)
  outerSha256(out)
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
  outerSha512(out)
}

function outerSha512(out: usize): void {
  sha512Init()
  sha512Update(KEY, 128)
  sha512Finish(INNER_DIGEST, 64, out)
  wipe(KEY, 128)
  wipe(INNER_DIGEST, 64)
}

/** The MAC of a message that is in the window as a whole, with room for 256 bytes behind it. */
export function hmacSha512(key: usize, keyBytes: usize, data: usize, length: usize, out: usize): void {
  hmacSha512Init(key, keyBytes)
  sha512Finish(data, length, INNER_DIGEST)
  outerSha512(out)
}
