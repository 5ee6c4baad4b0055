// Where ChaCha20 keeps its state.

/** Constants, key, counter and nonce: sixteen words, as RFC 8439 §2.3 lays them out. */
export const STATE = memory.data(64, 16)
/** Blocks of the key stream: four in the SIMD build, one in the other. */
export const STREAM = memory.data(ASC_FEATURE_SIMD ? 256 : 64, 16)

/** Where in `STATE` the key, the counter and the nonce begin. */
export const KEY: usize = 16
export const COUNTER: usize = 48
export const NONCE: usize = 52
