import { copyWords, wipe } from './bytes'
import { edwardsWipe, POINT, pointToMontgomery } from './edwards25519'
import { multiplyBase } from './edwards25519-multiply'
import { sumWipe } from './edwards25519-sum'
import { FIELD, fieldDecode, fieldEncode } from './field25519'
import { KEY_INVALID, OK } from './status'
import { ladder } from './x25519-ladder'
import { ladderOverPairs } from './x25519-ladder-simd'

// X25519, RFC 7748 §5.

const SCALAR = memory.data(32, 16)
/** The x-coordinate of the public key, then of the shared secret. */
const X1 = memory.data(40, 16)
/** The public key on the Edwards curve. Its Z depends on the secret. */
const PUBLIC = memory.data(160, 16)

/** Copies 32 bytes and clamps them: `decodeScalar25519`. Both at multiples of 4. */
export function x25519Clamp(out: usize, secret: usize): void {
  copyWords(out, secret, 32)
  store<u32>(out, load<u32>(out) & 0xfffffff8)
  store<u32>(out, (load<u32>(out, 28) & 0x7fffffff) | 0x40000000, 28)
}

/** Writes the 32-byte shared secret, or zeros and `KEY_INVALID` where the public key has low order (§6.1). */
export function x25519(out: usize, secret: usize, publicKey: usize): i32 {
  x25519Clamp(SCALAR, secret)
  fieldDecode(X1, publicKey)
  if (ASC_FEATURE_SIMD) ladderOverPairs(X1, SCALAR, X1)
  else ladder(X1, SCALAR, X1)
  fieldEncode(out, X1)
  let bits: u32 = 0
  for (let i: usize = 0; i < 32; i += 4) bits |= load<u32>(out + i)
  wipe(SCALAR, 32)
  wipe(X1, FIELD)
  return bits == 0 ? KEY_INVALID : OK
}

/**
 * Writes the 32-byte public key. The base point u = 9 is the image of the Edwards base point, whose multiples are faster.
 */
export function x25519Public(out: usize, secret: usize): void {
  x25519Clamp(SCALAR, secret)
  multiplyBase(PUBLIC, SCALAR)
  pointToMontgomery(out, PUBLIC)
  wipe(SCALAR, 32)
  wipe(PUBLIC, POINT)
  edwardsWipe()
  sumWipe()
}
