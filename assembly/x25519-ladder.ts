import { wipe } from './bytes'
import {
  FIELD,
  fieldAdd,
  fieldAddSubtract,
  fieldCopy,
  fieldMultiply,
  fieldMultiplySmall,
  fieldSet,
  fieldSquare,
  fieldSubtract,
  fieldSwap,
} from './field25519'
import { fieldInvert } from './field25519-invert'

// The ladder of X25519, RFC 7748 §5. Names are those of the pseudocode there.

const X2 = memory.data(40, 16)
const Z2 = memory.data(40, 16)
const X3 = memory.data(40, 16)
const Z3 = memory.data(40, 16)
const A = memory.data(40, 16)
const B = memory.data(40, 16)
const AA = memory.data(40, 16)
const E = memory.data(40, 16)

/** One step of the ladder. X2, Z2, X3, Z3 are reduced before and after; x1 is. */
function ladderStep(x1: usize): void {
  fieldAddSubtract(A, B, X2, Z2)
  fieldAddSubtract(X2, X3, X3, Z3) // C, D
  fieldMultiply(X3, X3, A) // DA
  fieldMultiply(X2, X2, B) // CB
  fieldSquare(AA, A)
  fieldSquare(B, B) // BB
  fieldAddSubtract(Z3, A, X3, X2)
  fieldSquare(X3, Z3)
  fieldSquare(Z3, A)
  fieldMultiply(Z3, Z3, x1)
  fieldMultiply(X2, AA, B)
  fieldSubtract(E, AA, B)
  fieldMultiplySmall(A, E, 121665)
  fieldAdd(A, A, AA)
  fieldMultiply(Z2, A, E)
}

/**
 * Computes the x-coordinate of `scalar` times the point with the x-coordinate `x1`, reduced. `scalar` is 32 bytes, clamped. `out` may
 * be `x1`.
 */
export function ladder(out: usize, scalar: usize, x1: usize): void {
  fieldSet(X2, 1)
  fieldSet(Z2, 0)
  fieldCopy(X3, x1)
  fieldSet(Z3, 1)
  let swapped: u32 = 0
  for (let position: u32 = 255; position > 0; position--) {
    const at = position - 1
    const bit = (load<u32>(scalar + ((at >>> 5) << 2)) >>> (at & 31)) & 1
    fieldSwap(X2, X3, swapped ^ bit)
    fieldSwap(Z2, Z3, swapped ^ bit)
    swapped = bit
    ladderStep(x1)
  }
  // Bit 0 of a clamped scalar is 0: nothing is left to swap.
  fieldInvert(Z2, Z2)
  fieldMultiply(out, X2, Z2)
  wipe(X2, FIELD)
  wipe(Z2, FIELD)
  wipe(X3, FIELD)
  wipe(Z3, FIELD)
  wipe(A, FIELD)
  wipe(B, FIELD)
  wipe(AA, FIELD)
  wipe(E, FIELD)
}
