/** A key agreement, by which keys take part and by what the agreed secret is for. A new one is a new entry. */
export interface CoseEcdhAlgorithm {
  readonly alg: number | string
  /** A key of the sender for this message alone takes part. */
  readonly ephemeral: boolean
  /** The sender's own key takes part, which authenticates it. */
  readonly authenticated: boolean
  /** The agreed key wraps the content encryption key (A256KW), or is it. */
  readonly wraps: boolean
}

/** ECDH-ES with A256KW, RFC 9053 §6.4. */
export const ecdhEsA256kw: CoseEcdhAlgorithm = { alg: -31, ephemeral: true, authenticated: false, wraps: true }

/** RFC 9053 §6.3 and §6.4: ECDH-ES and ECDH-SS, each with HKDF-256 and with A256KW behind it. */
export const ecdhAlgorithms: readonly CoseEcdhAlgorithm[] = [
  { alg: -25, ephemeral: true, authenticated: false, wraps: false },
  { alg: -27, ephemeral: false, authenticated: true, wraps: false },
  ecdhEsA256kw,
  { alg: -34, ephemeral: false, authenticated: true, wraps: true },
]

/**
 * ECDH-1PU with A256KW (draft-madden-jose-ecdh-1pu-04) in the form of COSE. It has no number, and its JOSE name is a text that IANA has not
 * registered: for applications that agree on it. Both secrets are derived from, one after the other, and the tag of the content is
 * `SuppPubInfo.other`, so that no recipient can put other content beside the key of another one.
 */
export const ecdh1pu: CoseEcdhAlgorithm = {
  alg: 'ECDH-1PU+A256KW',
  ephemeral: true,
  authenticated: true,
  wraps: true,
}
