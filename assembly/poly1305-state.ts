// Where Poly1305 keeps its state.

/** r, clamped: four words. */
export const R = memory.data(16, 16)
/**
 * The accumulator: five limbs of 64 bits, the value is the sum of limb i * 2^(32 i). Limbs 0 to 2 are below 2^63, limb 3 is
 * below 2^32, limb 4 below 4.
 */
export const H = memory.data(40, 16)
