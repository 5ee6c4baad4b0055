import { copyBytes, wipe } from './bytes'
import { sha256Final, sha256Init, sha256Update } from './sha256'
import { MISUSE, OK } from './status'

// The Concat KDF with SHA-256, NIST SP 800-56A §5.8.1: out = SHA-256(counter || Z || OtherInfo) for counter = 1, 2, … At most as
// much output as HKDF gives: keys are short.

const COUNTER = memory.data(8, 16)
const DIGEST = memory.data(32, 16)

export function concatKdfSha256(
  secret: usize,
  secretBytes: usize,
  otherInfo: usize,
  otherInfoBytes: usize,
  out: usize,
  outBytes: usize,
): i32 {
  if (outBytes > 255 * 32) return MISUSE
  for (let counter: u32 = 1; outBytes > 0; counter++) {
    sha256Init()
    store<u32>(COUNTER, bswap<u32>(counter))
    sha256Update(COUNTER, 4)
    sha256Update(secret, secretBytes)
    sha256Update(otherInfo, otherInfoBytes)
    sha256Final(DIGEST)
    const taken = min<usize>(32, outBytes)
    copyBytes(out, DIGEST, taken)
    out += taken
    outBytes -= taken
  }
  wipe(DIGEST, 32)
  return OK
}
