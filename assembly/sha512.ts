import { copyBytes, wipe } from './bytes'
import { compress, compressVector } from './generated/sha512-block'

// SHA-512, FIPS 180-4 §6.4. One context; words are big endian.

/** Fractional parts of the cube roots of the first 80 primes (§4.2.3). */
const K = memory.data<u64>([
  0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
  0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
  0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
  0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
  0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
  0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
  0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
  0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
  0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
  0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
  0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
  0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
  0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
  0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
  0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
  0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
])

/** Fractional parts of the square roots of the first 8 primes (§5.3.5). */
const INITIAL = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
  0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
])

const STATE = memory.data(64, 16)
/** A block, and room for the padding that may need another. */
const BLOCK = memory.data(256, 16)
/** What the schedule needs at once: all of it, or sixteen words in the SIMD build. */
const SCHEDULE_BYTES: usize = ASC_FEATURE_SIMD ? 128 : 640
const SCHEDULE = memory.data(SCHEDULE_BYTES as i32, 16)

/** Bytes absorbed; what is left over modulo 128 waits in `BLOCK`. */
let total: u64 = 0

/** For `v128.swizzle`: turns the bytes of each word around. */
const BIG_ENDIAN = memory.data<u8>([7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8], 16)

/** Absorbs one block; `block` is a multiple of 8. */
function absorb(block: usize): void {
  if (ASC_FEATURE_SIMD) compressVector(STATE, block, K, SCHEDULE, BIG_ENDIAN)
  else compress(STATE, block, K, SCHEDULE)
}

export function sha512Init(): void {
  for (let i: usize = 0; i < 64; i += 8) store<u64>(STATE + i, load<u64>(INITIAL + i))
  total = 0
}

/** Absorbs `length` bytes. Whole blocks at a multiple of 8, with nothing waiting, are read where they are. */
export function sha512Update(data: usize, length: usize): void {
  let used = (total as usize) & 127
  total += length as u64
  while (length > 0) {
    if (used == 0 && length >= 128 && (data & 7) == 0) {
      absorb(data)
      data += 128
      length -= 128
    } else {
      const taken = min<usize>(128 - used, length)
      copyBytes(BLOCK + used, data, taken)
      data += taken
      length -= taken
      used += taken
      if (used == 128) {
        absorb(BLOCK)
        used = 0
      }
    }
  }
}

/**
 * Pads what is left of a message behind `used` bytes at `last`, a multiple of 8 with room for two blocks, and absorbs it
 * (§5.1.2). Writes the 64 bytes of the digest to `out`, a multiple of 8, and wipes the context.
 */
function end(last: usize, used: usize, out: usize): void {
  const after = last + (used < 112 ? 128 : 256)
  let at = last + used
  store<u8>(at, 0x80)
  for (at++; (at & 7) != 0; at++) store<u8>(at, 0)
  for (; at < after; at += 8) store<u64>(at, 0)
  store<u64>(after - 8, bswap<u64>(total << 3))
  for (; last < after; last += 128) absorb(last)
  if (ASC_FEATURE_SIMD) {
    const turn = v128.load(BIG_ENDIAN)
    for (let i: usize = 0; i < 64; i += 16) v128.store(out + i, v128.swizzle(v128.load(STATE + i), turn))
  } else {
    for (let i: usize = 0; i < 64; i += 8) store<u64>(out + i, bswap<u64>(load<u64>(STATE + i)))
  }
  wipe(STATE, 64)
  wipe(SCHEDULE, SCHEDULE_BYTES)
}

/** Writes the 64 bytes of the digest to `out`, a multiple of 8, and wipes the context. */
export function sha512Final(out: usize): void {
  end(BLOCK, (total as usize) & 127, out)
  wipe(BLOCK, 256)
}

/**
 * Absorbs the rest of a message, where nothing waits, and does what `sha512Final` does. The padding goes behind the `length` bytes
 * at `data`, a multiple of 8: there must be room for 256 bytes.
 */
export function sha512Finish(data: usize, length: usize, out: usize): void {
  total += length as u64
  for (; length >= 128; length -= 128) {
    absorb(data)
    data += 128
  }
  end(data, length, out)
}

/** Hashes a message that is in the window as a whole, with room for 256 bytes behind it. */
export function sha512(data: usize, length: usize, out: usize): void {
  sha512Init()
  sha512Finish(data, length, out)
}
