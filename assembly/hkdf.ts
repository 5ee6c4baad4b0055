import { copyBytes, wipe } from './bytes'
import { hmacSha256Final, hmacSha256Init, hmacSha256Update } from './hmac'
import { MISUSE, OK } from './status'

// HKDF-Expand with SHA-256, RFC 5869 §2.3. HKDF-Extract is HMAC(salt, ikm).

/** T(i). */
const T = memory.data(32, 16)
const COUNTER = memory.data(8, 16)

export function hkdfSha256Expand(
  prk: usize,
  prkBytes: usize,
  info: usize,
  infoBytes: usize,
  out: usize,
  outBytes: usize,
): i32 {
  if (outBytes > 255 * 32) return MISUSE
  let previousBytes: usize = 0
  for (let counter: u8 = 1; outBytes > 0; counter++) {
    hmacSha256Init(prk, prkBytes)
    hmacSha256Update(T, previousBytes)
    hmacSha256Update(info, infoBytes)
    store<u8>(COUNTER, counter)
    hmacSha256Update(COUNTER, 1)
    hmacSha256Final(T)
    const taken = min<usize>(32, outBytes)
    copyBytes(out, T, taken)
    out += taken
    outBytes -= taken
    previousBytes = 32
  }
  wipe(T, 32)
  return OK
}
