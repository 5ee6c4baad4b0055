import { PLAIN_CBOR } from '../../message/cbor-plaintext.ts'
import type { CoseContentAlgorithm } from '../cose/content-algorithms.ts'
import type { Enc } from '../jwe/algorithms.ts'

/**
 * The proposed profile `didcomm/v2+cbor` (pull request 463 of the specification of DIDComm, not merged), as its known implementation has it: the
 * envelopes of DIDComm in COSE, with the text names of JOSE where COSE has registered no number. Experimental: it changes when the proposal does.
 */

/** An encrypted message of this profile. */
export const ENCRYPTED_CBOR = 'application/didcomm-encrypted+cbor'
/** A signed message of this profile. */
export const SIGNED_CBOR = 'application/didcomm-signed+cbor'
/** The media types of this profile. */
export const mediaTypes: readonly string[] = [ENCRYPTED_CBOR, SIGNED_CBOR, PLAIN_CBOR]

export interface CborEnc {
  readonly enc: Enc
  /** Whether authcrypt may have it: the tag must commit to the key (draft-madden-jose-ecdh-1pu-04 §2.1). */
  readonly committing: boolean
  readonly algorithm: CoseContentAlgorithm
}

const encs: readonly CborEnc[] = [
  {
    enc: 'A256CBC-HS512',
    committing: true,
    algorithm: { alg: 'A256CBC-HS512', aead: (crypto) => crypto.a256cbcHs512 },
  },
  { enc: 'XC20P', committing: false, algorithm: { alg: 'XC20P', aead: (crypto) => crypto.xchacha20poly1305 } },
  { enc: 'A256GCM', committing: false, algorithm: { alg: 3, aead: (crypto) => crypto.a256gcm } },
]

/** The content encryptions of this profile. */
export const contentAlgorithms: readonly CoseContentAlgorithm[] = encs.map(({ algorithm }) => algorithm)

/** Finds a content encryption by what is known of it. */
export function encEntry(isIt: (entry: CborEnc) => boolean): CborEnc {
  const entry = encs.find(isIt)
  if (!entry) throw new TypeError(`"enc" expected one of ${encs.map(({ enc }) => enc).join(', ')}`)
  return entry
}
