import type { Crypto, RandomBytes, Secrets } from '../crypto/crypto.ts'
import type { Resolve } from '../did/document.ts'
import type { Message, Packable } from '../message/message.ts'
import type { TypeRegistry } from '../message/type-registry.ts'

/**
 * `json`: DIDComm v2.1 (Profile A). `compact`: CBOR and COSE (Profile C, `docs/compact-envelope.md`). `cbor`: the proposed
 * `didcomm/v2+cbor` (Profile B, `docs/envelopes.md`).
 */
export type Encoding = 'json' | 'compact' | 'cbor'

/** All that packing and unpacking needs of the world. */
export interface EnvelopeContext {
  readonly crypto: Crypto
  readonly secrets: Secrets
  readonly resolve: Resolve
  readonly randomBytes: RandomBytes
  /** The small integers for message types in compact envelopes. */
  readonly types: TypeRegistry
  /**
   * Verifies `from_prior` where `compact()` unpacks, which carries no code for it: pass `priorOf`. Without it, `from_prior` proves
   * nothing there and `prior` is absent. `unpack` and `json()` always verify it.
   */
  readonly priorOf?: (message: Message, encrypted: boolean, context: EnvelopeContext) => Promise<{ prior?: Prior }>
  /**
   * Finds the key DID URLs whose short id (`docs/compact-envelope.md`) is `shortId` among the parties known here. Only
   * the first 4 are tried.
   */
  readonly knownKids?: (shortId: Uint8Array) => Promise<readonly string[]>
}

/**
 * What `unpack` can be told to let pass, although DIDComm v2.1 does not. `anoncrypt-authcrypt-signed`: that combination of layers,
 * which the specification forbids and one of its own vectors has. `flattened-jwe`: JWE in the Flattened JSON Serialization.
 * `other-recipient`: a `to` that does not name who opened the envelope, unless nothing but a signature says who sent it.
 */
export type Leniency = 'anoncrypt-authcrypt-signed' | 'flattened-jwe' | 'other-recipient'

/** Tells whether something is let pass, and notes that it was. */
export type Allows = (leniency: Leniency) => boolean

/** One encrypted layer, and the keys that opened it. */
export type EncryptedLayer =
  | { readonly kind: 'anoncrypt'; readonly enc: string; readonly recipientKid: string }
  | { readonly kind: 'authcrypt'; readonly enc: string; readonly recipientKid: string; readonly senderKid: string }

/** One layer of an envelope, as it was opened. */
export type Layer = EncryptedLayer | { readonly kind: 'signed'; readonly signerKids: readonly string[] }

/** What a valid `from_prior` says (DIDComm v2.1, "DID Rotation"). Times are in seconds since 1970. */
export interface Prior {
  /** The DID that was used before. */
  readonly did: string
  /** The DID that takes its place; absent where the relationship ends. */
  readonly next?: string
  readonly issuedAt: number
  readonly expiresAt?: number
  readonly notBefore?: number
}

/** What an opened envelope has proven. */
export interface Unpacked {
  message: Message
  /** The DID that sent the message. Present only when proven, by authcrypt or by a signature. */
  sender?: string
  /** The DID to whose key it was encrypted, and which opened it. */
  recipient?: string
  /** Nobody but the holders of the recipient's keys could read it. */
  encrypted: boolean
  /** It is signed: the recipient can show others who wrote it. */
  nonRepudiable: boolean
  encoding: Encoding
  /** The layers and the keys that opened them, outermost first; none for a plaintext. */
  layers: readonly Layer[]
  /** The DID that the sender used before, where `from_prior` proves it. */
  prior?: Prior
  /** What was let pass, of what the caller allowed. */
  tolerated?: readonly Leniency[]
}

export interface PackOptions {
  /** The DID of the recipient, or those of several. */
  to: string | readonly string[]
  /** The DID of the sender: authcrypt. Absent: anoncrypt. */
  from?: string
  /** The DID that signs before the encryption. */
  sign?: string
  /** Hides the sender from mediators: anoncrypt around authcrypt (DIDComm v2.1, "Protecting the Sender Identity"). */
  protectSender?: boolean
  /** The recipient may not know the sender yet: where ids can be short, they are long. */
  introduces?: boolean
}

/**
 * One way to write envelopes. An agent is given those that it speaks, so that a sensor that speaks only one carries no
 * code for the other.
 */
export interface EnvelopeFormat {
  readonly encoding: Encoding
  /** The id of a message that brings none is derived from its envelope. */
  readonly derivesId: boolean
  /** Tells from the first byte whether the envelope is of this format; from `bytes`, all of it, where another format shares the byte. */
  recognizes(firstByte: number, bytes?: Uint8Array): boolean
  /** Encrypts a message for all keys of one DID, or of several where the format can. */
  pack(message: Packable, options: PackOptions, context: EnvelopeContext): Promise<Packed>
  /** @throws DidCommError */
  unpack(bytes: Uint8Array, context: EnvelopeContext): Promise<Unpacked>
  /** Wraps an envelope for mediators on its way, outermost first; present in formats that mediators understand. */
  forward?(bytes: Uint8Array, options: ForwardOptions, context: EnvelopeContext): Promise<Packed>
}

export interface ForwardOptions {
  /** For whom the envelope is: a DID, or the DID URL of a key. */
  next: string
  /** Outermost first: DID URLs of keys, or DIDs of mediators. */
  routingKeys: readonly string[]
  /** Seconds since 1970 after which mediators may drop it; they can read this. */
  expiresTime?: number
  /** How long each mediator should wait before it goes on; negative: any time up to that. They may ignore it. */
  delayMs?: number
}

/** A packed envelope. */
export interface Packed {
  bytes: Uint8Array
  mediaType: string
  /** The `id` of the message, which a compact envelope may derive from its ciphertext. */
  id: string
}
