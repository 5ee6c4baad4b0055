// Where Poly1305 keeps its state.

/** r, clamped: four words. */
export const R = memory.data(16, 16)
/** The accumulator: four words of 64 bits, the value is the sum of word i * 2^(32 i). Word 3 is below 2^34. */
export const H = memory.data(32, 16)
