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
/** Header parameter `typ`, RFC 9596 §2. */
export const TYP = 16
/** Header parameters of COSE-HPKE: the encapsulated key, and the id of the pre-shared key. */
export const EK = -4
export const PSK_ID = -5

/** Header parameters of key agreement, RFC 9053 §6.3 and §5.2. */
export const EPHEMERAL_KEY = -1
export const STATIC_KEY = -2
export const STATIC_KEY_ID = -3
export const SALT = -20
export const PARTY_U_IDENTITY = -21
export const PARTY_U_NONCE = -22
export const PARTY_U_OTHER = -23
export const PARTY_V_IDENTITY = -24
export const PARTY_V_NONCE = -25
export const PARTY_V_OTHER = -26

/** Parameters and values of a COSE_Key, RFC 9053 §7. */
export const KEY_TYPE = 1
export const KEY_CURVE = -1
export const KEY_X = -2
export const KEY_Y = -3
export const KEY_TYPE_OKP = 1
export const KEY_TYPE_EC2 = 2

/** AES key wrap with 256 bits, RFC 9053 §6.2.1. */
export const A256KW = -5

/** DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305: for a message, and for the key of a message. */
export const HPKE_4 = 42
export const HPKE_4_KE = 50

/** A secret that is there already, RFC 9053 §6.1: as the key, or to derive the key from. */
export const DIRECT = -6
export const DIRECT_HKDF_SHA256 = -10
