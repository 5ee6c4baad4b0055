import type { CborValue } from 'didcomm-mote/bytes'

/** COSE messages by their tags (RFC 9052 §2), with the names of their fields. */
export const MESSAGES: ReadonlyMap<number, { readonly name: string; readonly fields: readonly string[] }> = new Map([
  [16, { name: 'encrypted message (COSE_Encrypt0)', fields: ['protected', 'unprotected', 'ciphertext'] }],
  [18, { name: 'signed message (COSE_Sign1)', fields: ['protected', 'unprotected', 'payload', 'signature'] }],
  [96, { name: 'encrypted message (COSE_Encrypt)', fields: ['protected', 'unprotected', 'ciphertext', 'recipients'] }],
  [98, { name: 'signed message (COSE_Sign)', fields: ['protected', 'unprotected', 'payload', 'signatures'] }],
])

/** Header parameters (RFC 9052 §3.1, RFC 9053 §6, RFC 9596, draft-ietf-cose-hpke). */
export const HEADERS: ReadonlyMap<CborValue, string> = new Map<CborValue, string>([
  [1, 'alg'],
  [2, 'crit'],
  [3, 'content type'],
  [4, 'kid'],
  [5, 'IV'],
  [6, 'partial IV'],
  [16, 'typ'],
  [-1, 'ephemeral key'],
  [-2, 'static key'],
  [-3, 'static key id'],
  [-4, 'ek'],
  [-5, 'psk_id'],
  [-20, 'salt'],
  [-21, 'PartyU identity'],
  [-22, 'PartyU nonce'],
  [-24, 'PartyV identity'],
])

/** Parameters of a key on a curve (RFC 9052 §7.1, RFC 9053 §7.1). */
export const KEYS: ReadonlyMap<CborValue, string> = new Map<CborValue, string>([
  [1, 'kty'],
  [2, 'kid'],
  [3, 'alg'],
  [-1, 'crv'],
  [-2, 'x'],
  [-3, 'y'],
])

/** How many bytes of a ciphertext are its tag; 16 where the algorithm is not here (RFC 9053 §4, RFC 7518 §5.2.5). */
export const TAG_BYTES: ReadonlyMap<CborValue, number> = new Map<CborValue, number>([
  [10, 8],
  [11, 8],
  ['A256CBC-HS512', 32],
])

/** Algorithms whose ciphertext is a wrapped key (RFC 3394), which has no tag of its own. */
export const KEY_WRAPS: ReadonlySet<CborValue> = new Set<CborValue>([-5, -31, -34, 'ECDH-ES+A256KW', 'ECDH-1PU+A256KW'])

/** Algorithms (RFC 9053, RFC 9864, draft-ietf-cose-hpke). */
export const ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [1, 'A128GCM'],
  [3, 'A256GCM'],
  [10, 'AES-CCM-16-64-128'],
  [11, 'AES-CCM-16-64-256'],
  [24, 'ChaCha20/Poly1305'],
  [30, 'AES-CCM-16-128-128'],
  [31, 'AES-CCM-16-128-256'],
  [42, 'HPKE-4: X25519, HKDF-SHA256, ChaCha20Poly1305'],
  [50, 'HPKE-4-KE: X25519, HKDF-SHA256, ChaCha20Poly1305, for a key'],
  [-5, 'A256KW'],
  [-7, 'ES256'],
  [-8, 'EdDSA'],
  [-9, 'ESP256'],
  [-19, 'Ed25519'],
  [-25, 'ECDH-ES + HKDF-256'],
  [-27, 'ECDH-SS + HKDF-256'],
  [-31, 'ECDH-ES + A256KW'],
  [-34, 'ECDH-SS + A256KW'],
])

/** The numbers of the headers of a compact plaintext (`docs/compact-envelope.md`, "Plaintext"). */
export const PLAINTEXT: ReadonlyMap<CborValue, string> = new Map<CborValue, string>([
  [1, 'id'],
  [2, 'type'],
  [3, 'from'],
  [4, 'to'],
  [5, 'created_time'],
  [6, 'body'],
  [7, 'expires_time'],
  [8, 'thid'],
  [9, 'pthid'],
  [10, 'attachments'],
  [11, 'from_prior'],
])

/** The numbers of SenML in CBOR (RFC 8428 §6). */
export const SENML: ReadonlyMap<CborValue, string> = new Map<CborValue, string>([
  [-1, 'bver'],
  [-2, 'bn'],
  [-3, 'bt'],
  [-4, 'bu'],
  [-5, 'bv'],
  [-6, 'bs'],
  [0, 'n'],
  [1, 'u'],
  [2, 'v'],
  [3, 'vs'],
  [4, 'vb'],
  [5, 's'],
  [6, 't'],
  [7, 'ut'],
  [8, 'vd'],
])
