/**
 * The numbers of COSE that are used here, one constant each, so that a bundle carries only its own. Those of COSE-HPKE are
 * still "assumed" in its draft (draft-ietf-cose-hpke-24).
 */

/** Tags, RFC 9052 §2. */
export const TAG_ENCRYPT0 = 16
export const TAG_SIGN1 = 18
export const TAG_ENCRYPT = 96
export const TAG_SIGN = 98

/** Header parameters, RFC 9052 §3.1. */
export const ALG = 1
export const CRIT = 2
export const KID = 4
export const IV = 5
/** Header parameters of COSE-HPKE: the encapsulated key, and the id of the pre-shared key. */
export const EK = -4
export const PSK_ID = -5

/** DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305: for a message, and for the key of a message. */
export const HPKE_4 = 42
export const HPKE_4_KE = 50
