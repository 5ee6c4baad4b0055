import { copyBytes, wipe } from './bytes'
import { compress, compressVector } from './generated/sha256-block'

// SHA-256, FIPS 180-4 §6.2. One context; words are big endian.

/** Fractional parts of the cube roots of the first 64 primes (§4.2.2). */
const K = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
])

/** Fractional parts of the square roots of the first 8 primes (§5.3.3). */
const INITIAL = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
])

const STATE = memory.data(32, 16)
/** A block, and room for the padding that may need another. */
const BLOCK = memory.data(128, 16)
/** What the schedule needs at once: all of it, or sixteen words in the SIMD build. */
const SCHEDULE_BYTES: usize = ASC_FEATURE_SIMD ? 64 : 256
const SCHEDULE = memory.data(SCHEDULE_BYTES as i32, 16)

/** Bytes absorbed; what is left over modulo 64 waits in `BLOCK`. */
let total: u64 = 0

/** For `v128.swizzle`: turns the bytes of each word around. */
const BIG_ENDIAN = memory.data<u8>([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12], 16)

/** Absorbs one block; `block` is a multiple of 4. */
function absorb(block: usize): void {
  if (ASC_FEATURE_SIMD) compressVector(STATE, block, K, SCHEDULE, BIG_ENDIAN)
  else compress(STATE, block, K, SCHEDULE)
}

export function sha256Init(): void {
  for (let i: usize = 0; i < 32; i += 4) store<u32>(STATE + i, load<u32>(INITIAL + i))
  total = 0
}

/** Absorbs `length` bytes. Whole blocks at a multiple of 4, with nothing waiting, are read where they are. */
export function sha256Update(data: usize, length: usize): void {
  let used = (total as usize) & 63
  total += length as u64
  while (length > 0) {
    if (used == 0 && length >= 64 && (data & 3) == 0) {
      absorb(data)
      data += 64
      length -= 64
    } else {
      const taken = min<usize>(64 - used, length)
      copyBytes(BLOCK + used, data, taken)
      data += taken
      length -= taken
      used += taken
      if (used == 64) {
        absorb(BLOCK)
        used = 0
      }
    }
  }
}

/**
 * Pads what is left of a message behind `used` bytes at `last`, a multiple of 8 with room for two blocks, and absorbs it
 * (§5.1.1). Writes the 32 bytes of the digest to `out`, a multiple of 4, and wipes the context.
 */
function end(last: usize, used: usize, out: usize): void {
  const after = last + (used < 56 ? 64 : 128)
  let at = last + used
  store<u8>(at, 0x80)
  for (at++; (at & 7) != 0; at++) store<u8>(at, 0)
  for (; at < after; at += 8) store<u64>(at, 0)
  store<u64>(after - 8, bswap<u64>(total << 3))
  for (; last < after; last += 64) absorb(last)
  if (ASC_FEATURE_SIMD) {
    const turn = v128.load(BIG_ENDIAN)
    for (let i: usize = 0; i < 32; i += 16) v128.store(out + i, v128.swizzle(v128.load(STATE + i), turn))
  } else {
    for (let i: usize = 0; i < 32; i += 4) store<u32>(out + i, bswap<u32>(load<u32>(STATE + i)))
  }
  wipe(STATE, 32)
  wipe(SCHEDULE, SCHEDULE_BYTES)
}

/** Writes the 32 bytes of the digest to `out`, a multiple of 4, and wipes the context. */
export function sha256Final(out: usize): void {
  end(BLOCK, (total as usize) & 63, out)
  wipe(BLOCK, 128)
}

/**
 * Absorbs the rest of a message, where nothing waits, and does what `sha256Final` does. The padding goes behind the `length` bytes
 * at `data`, a multiple of 8: there must be room for 128 bytes.
 */
export function sha256Finish(data: usize, length: usize, out: usize): void {
  total += length as u64
  for (; length >= 64; length -= 64) {
    absorb(data)
    data += 64
  }
  end(data, length, out)
}

/** Hashes a message that is in the window as a whole, with room for 128 bytes behind it. */
export function sha256(data: usize, length: usize, out: usize): void {
  sha256Init()
  sha256Finish(data, length, out)
}
