import { encodeHex } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import type { PublicKey } from '../did/document.ts'
import type { Implied } from '../message/compact.ts'
import type { Ids } from './compact-keys.ts'
import type { CompactContext } from './compact-psk.ts'
import type { Layer } from './envelope.ts'
import type { RecipientKeys } from './keys.ts'

/** One layer, opened: what it held, and what it proves. */
export interface OpenedLayer<L extends Layer | undefined = Layer | undefined> {
  readonly content: Uint8Array
  /** Absent: nothing protected the content, which is a plaintext. */
  readonly layer: L
  /** The id of a message that brings none. */
  readonly derivedId: string
}

/** One layer, made. */
export interface SealedLayer {
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** The id of a message that brings none. */
  readonly derivedId: string
}

export interface SealOptions {
  readonly plaintext: Uint8Array
  /** Those whom the envelope is for; an envelope for one is for the first of them. */
  readonly recipients: RecipientKeys
  /** Present: authcrypt. */
  readonly sender?: PublicKey | undefined
  readonly ids: Ids
}

export interface SignOptions {
  /** Makes the plaintext, knowing what the signature says of it. */
  readonly serialize: (implied: Implied) => Uint8Array
  /** The DID that signs, or the DID URL of its key. */
  readonly by: string
  readonly ids: Ids
}

/**
 * What `compactWith` adds to authcrypt and anoncrypt for one key: `signed()`, `several()`, `plaintext()`. Each is a module of its own, so
 * that a sensor which does without it does not carry it.
 */
export interface CompactPart {
  /** Tells whether it opens what begins with this byte, inside of these layers. */
  opens(firstByte: number | undefined, layers: readonly Layer[]): boolean
  /** @throws DidCommError */
  open(bytes: Uint8Array, context: CompactContext): Promise<OpenedLayer>
  /** Encrypts for several keys. */
  seal?(options: SealOptions, context: CompactContext): Promise<SealedLayer>
  /** Signs a plaintext, before it is encrypted. */
  sign?(options: SignOptions, context: CompactContext): Promise<SealedLayer>
}

/** Derives the id of a message that brings none from the bytes that protect it: 32 hexadecimal digits. */
export function derivedId(bytes: Uint8Array, crypto: Pick<Crypto, 'sha256'>): string {
  return encodeHex(crypto.sha256(bytes).slice(0, 16))
}
