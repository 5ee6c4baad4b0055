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

const algs: ReadonlyMap<string, AlgEntry> = new Map<string, AlgEntry>([
  [
    'ECDH-ES+A256KW',
    {
      alg: 'ECDH-ES+A256KW',
      authenticated: false,
      // RFC 7518 §4.6.2. DIDComm's text also feeds the tag in; its vectors and every implementation do not.
      kek: (crypto, { ze, apu, apv }) => deriveKek(crypto, { z: ze, alg: 'ECDH-ES+A256KW', apu, apv, kekBytes }),
    },
  ],
  [
    'ECDH-1PU+A256KW',
    {
      alg: 'ECDH-1PU+A256KW',
      authenticated: true,
      kek(crypto, { ze, zs, apu, apv, tag }) {
        if (!zs) throw new TypeError('"zs" expected with ECDH-1PU')
        return deriveKek(crypto, { z: concatBytes(ze, zs), alg: 'ECDH-1PU+A256KW', apu, apv, kekBytes, tag })
      },
    },
  ],
])

const encs: ReadonlyMap<string, EncEntry> = new Map<string, EncEntry>([
  ['A256CBC-HS512', { enc: 'A256CBC-HS512', committing: true, aead: (crypto) => crypto.a256cbcHs512 }],
  ['XC20P', { enc: 'XC20P', committing: false, aead: (crypto) => crypto.xchacha20poly1305 }],
  ['A256GCM', { enc: 'A256GCM', committing: false, aead: (crypto) => crypto.a256gcm }],
])

/**
 * Resolves `alg` and `enc` to their entries, each by itself, and checks that they may be combined.
 *
 * @throws DidCommError `ERR_ENVELOPE_UNSUPPORTED`
 */
export function algorithms(alg: unknown, enc: unknown): { alg: AlgEntry; enc: EncEntry } {
  const algEntry = typeof alg === 'string' ? algs.get(alg) : undefined
  const encEntry = typeof enc === 'string' ? encs.get(enc) : undefined
  if (!algEntry) throw unsupported('"alg" is not supported')
  if (!encEntry) throw unsupported('"enc" is not supported')
  if (algEntry.authenticated && !encEntry.committing) {
    throw unsupported(`${encEntry.enc} is not allowed with ${algEntry.alg}`)
  }
  return { alg: algEntry, enc: encEntry }
}
