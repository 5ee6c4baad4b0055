import { concatBytes } from '../../bytes/index.ts'
import type { Aead, Crypto } from '../../crypto/crypto.ts'
import { unsupported } from '../jose.ts'
import { deriveKek } from './kdf.ts'

/** The key agreements: how the key encryption key comes about. */
export type Alg = 'ECDH-ES+A256KW' | 'ECDH-1PU+A256KW'
/** The content encryptions. */
export type Enc = 'A256CBC-HS512' | 'XC20P' | 'A256GCM'

/** What is agreed upon between one recipient and the keys of the sender. */
export interface Agreement {
  /** The shared secret of the ephemeral key and the recipient's. */
  ze: Uint8Array
  /** The shared secret of the sender's key and the recipient's; with `authenticated` algorithms only. */
  zs?: Uint8Array
  apu: Uint8Array
  apv: Uint8Array
  /** The tag of the encrypted content. */
  tag: Uint8Array
}

export interface AlgEntry {
  readonly alg: Alg
  /** Whether the sender's key takes part. */
  readonly authenticated: boolean
  kek(crypto: Crypto, agreement: Agreement): Uint8Array
}

export interface EncEntry {
  readonly enc: Enc
  /** Whether draft-madden-jose-ecdh-1pu-04 §2.1 allows it for `authenticated` algorithms: the tag must commit to the key. */
  readonly committing: boolean
  aead(crypto: Crypto): Aead
}

const kekBytes = 32

/**
 * RFC 7518 §4.6.2, to which draft-madden-jose-ecdh-1pu-04 §2.3 adds the sender's shared secret and the tag. DIDComm's text feeds the tag in
 * without a sender as well; its vectors and every implementation do not.
 */
function ecdh(alg: Alg, authenticated: boolean): AlgEntry {
  return {
    alg,
    authenticated,
    kek(crypto, { ze, zs, apu, apv, tag }) {
      if (!authenticated) return deriveKek(crypto, { z: ze, alg, apu, apv, kekBytes })
      if (!zs) throw new TypeError('"zs" expected with ECDH-1PU')
      return deriveKek(crypto, { z: concatBytes(ze, zs), alg, apu, apv, kekBytes, tag })
    },
  }
}

const algs: readonly AlgEntry[] = [ecdh('ECDH-ES+A256KW', false), ecdh('ECDH-1PU+A256KW', true)]

const encs: readonly EncEntry[] = [
  { enc: 'A256CBC-HS512', committing: true, aead: (crypto) => crypto.a256cbcHs512 },
  { enc: 'XC20P', committing: false, aead: (crypto) => crypto.xchacha20poly1305 },
  { enc: 'A256GCM', committing: false, aead: (crypto) => crypto.a256gcm },
]

/**
 * Resolves `alg` and `enc` to their entries, each by itself, and checks that they may be combined.
 *
 * @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED`
 */
export function algorithms(alg: unknown, enc: unknown): { alg: AlgEntry; enc: EncEntry } {
  const algEntry = algs.find((entry) => entry.alg === alg)
  const encEntry = encs.find((entry) => entry.enc === enc)
  if (!algEntry) throw unsupported('"alg" is not supported')
  if (!encEntry) throw unsupported('"enc" is not supported')
  if (algEntry.authenticated && !encEntry.committing) {
    throw unsupported(`${encEntry.enc} is not allowed with ${algEntry.alg}`)
  }
  return { alg: algEntry, enc: encEntry }
}
