import { copyWords, wipe } from './bytes'
import { edwardsWipe, POINT, pointToMontgomery } from './edwards25519'
import { multiplyBase } from './edwards25519-multiply'
import { sumWipe } from './edwards25519-sum'
import {
  FIELD,
  fieldAdd,
  fieldAddSubtract,
  fieldCopy,
  fieldDecode,
  fieldEncode,
  fieldMultiply,
  fieldMultiplySmall,
  fieldSet,
  fieldSquare,
  fieldSubtract,
  fieldSwap,
} from './field25519'
import { fieldInvert } from './field25519-invert'
import { KEY_INVALID, OK } from './status'

// X25519, RFC 7748 §5. The names of the ladder are those of the pseudocode there.

const SCALAR = memory.data(32, 16)
const X1 = memory.data(40, 16)
const X2 = memory.data(40, 16)
const Z2 = memory.data(40, 16)
const X3 = memory.data(40, 16)
const Z3 = memory.data(40, 16)
const A = memory.data(40, 16)
const B = memory.data(40, 16)
const AA = memory.data(40, 16)
const E = memory.data(40, 16)
/** The public key on the Edwards curve. Its Z depends on the secret. */
const PUBLIC = memory.data(160, 16)

/** Copies 32 bytes and clamps them: `decodeScalar25519`. Both at multiples of 4. */
export function x25519Clamp(out: usize, secret: usize): void {
  copyWords(out, secret, 32)
  store<u32>(out, load<u32>(out) & 0xfffffff8)
  store<u32>(out, (load<u32>(out, 28) & 0x7fffffff) | 0x40000000, 28)
}

/** One step of the ladder. X2, Z2, X3, Z3 are reduced before and after; X1 is. */
function ladderStep(): void {
  fieldAddSubtract(A, B, X2, Z2)
  fieldAddSubtract(X2, X3, X3, Z3) // C, D
  fieldMultiply(X3, X3, A) // DA
  fieldMultiply(X2, X2, B) // CB
  fieldSquare(AA, A)
  fieldSquare(B, B) // BB
  fieldAddSubtract(Z3, A, X3, X2)
  fieldSquare(X3, Z3)
  fieldSquare(Z3, A)
  fieldMultiply(Z3, Z3, X1)
  fieldMultiply(X2, AA, B)
  fieldSubtract(E, AA, B)
  fieldMultiplySmall(A, E, 121665)
  fieldAdd(A, A, AA)
  fieldMultiply(Z2, A, E)
}

/** Writes the 32-byte shared secret, or zeros and `KEY_INVALID` where the public key has low order (§6.1). */
export function x25519(out: usize, secret: usize, publicKey: usize): i32 {
  x25519Clamp(SCALAR, secret)
  fieldDecode(X1, publicKey)
  fieldSet(X2, 1)
  fieldSet(Z2, 0)
  fieldCopy(X3, X1)
  fieldSet(Z3, 1)
  let swapped: u32 = 0
  for (let position: u32 = 255; position > 0; position--) {
    const at = position - 1
    const bit = (load<u32>(SCALAR + ((at >>> 5) << 2)) >>> (at & 31)) & 1
    fieldSwap(X2, X3, swapped ^ bit)
    fieldSwap(Z2, Z3, swapped ^ bit)
    swapped = bit
    ladderStep()
  }
  // Bit 0 of a clamped scalar is 0: nothing is left to swap.
  fieldInvert(Z2, Z2)
  fieldMultiply(X2, X2, Z2)
  fieldEncode(out, X2)
  let bits: u32 = 0
  for (let i: usize = 0; i < 32; i += 4) bits |= load<u32>(out + i)
  wipe(SCALAR, 32)
  wipe(X2, FIELD)
  wipe(Z2, FIELD)
  wipe(X3, FIELD)
  wipe(Z3, FIELD)
  wipe(A, FIELD)
  wipe(B, FIELD)
  wipe(AA, FIELD)
  wipe(E, FIELD)
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
