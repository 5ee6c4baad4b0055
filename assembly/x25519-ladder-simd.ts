import { wipe } from './bytes'
import { FIELD, fieldCopy, fieldMultiply } from './field25519'
import { fieldInvert } from './field25519-invert'
import { LADDER, LADDER_BYTES, LADDER_X1, LADDER_X2Z2, LADDER_X3Z3, ladderStep } from './generated/x25519-ladder'

// The ladder of X25519 for hosts with vectors. Its step is written by tools/kernels/x25519-ladder.ts; X2 and Z2, like X3 and Z3, are a
// pair: limb i of the first is the u32 at 8 i, that of the second at 8 i + 4.

const X2: usize = ASC_FEATURE_SIMD ? memory.data(40, 16) : 0
const Z2: usize = ASC_FEATURE_SIMD ? memory.data(40, 16) : 0

/**
 * Computes the x-coordinate of `scalar` times the point with the x-coordinate `x1`, reduced. `scalar` is 32 bytes, clamped. `out` may
 * be `x1`.
 */
export function ladderOverPairs(out: usize, scalar: usize, x1: usize): void {
  fieldCopy(LADDER_X1, x1)
  wipe(LADDER_X2Z2, 80)
  store<u32>(LADDER_X2Z2, 1)
  for (let i: usize = 0; i < FIELD; i += 4) store<u64>(LADDER_X3Z3 + 2 * i, load<u32>(x1 + i) as u64)
  store<u32>(LADDER_X3Z3, 1, 4)
  let swapped: u32 = 0
  for (let position: u32 = 255; position > 0; position--) {
    const at = position - 1
    const bit = (load<u32>(scalar + ((at >>> 5) << 2)) >>> (at & 31)) & 1
    ladderStep(swapped ^ bit)
    swapped = bit
  }
  // Bit 0 of a clamped scalar is 0: nothing is left to swap.
  for (let i: usize = 0; i < FIELD; i += 4) {
    store<u32>(X2 + i, load<u32>(LADDER_X2Z2 + 2 * i))
    store<u32>(Z2 + i, load<u32>(LADDER_X2Z2 + 2 * i, 4))
  }
  fieldInvert(Z2, Z2)
  fieldMultiply(out, X2, Z2)
  wipe(LADDER, LADDER_BYTES)
  wipe(X2, FIELD)
  wipe(Z2, FIELD)
}
