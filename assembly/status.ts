// What the exports of the core return. Hosts compare with these numbers: they never change their meaning.

/** Done. */
export const OK: i32 = 0
/** A public key that no honest party makes: not on the curve, not canonical, or of low order. */
export const KEY_INVALID: i32 = 1
/** A tag or signature does not verify. */
export const NOT_AUTHENTIC: i32 = 2
/** The host called out of order, or with a length that the function does not take. */
export const MISUSE: i32 = 3
