import type { Crypto, RandomBytes, Secrets } from '../crypto/crypto.ts'
import type { Resolve } from '../did/document.ts'
import type { Message, Packable } from '../message/message.ts'
import type { TypeRegistry } from '../message/type-registry.ts'

/** `json`: DIDComm v2.1 (Profile A). `compact`: CBOR and COSE (Profile C, `docs/compact-envelope.md`). */
export type Encoding = 'json' | 'compact'

/** All that packing and unpacking needs of the world. */
export interface EnvelopeContext {
  readonly crypto: Crypto
  readonly secrets: Secrets
  readonly resolve: Resolve
  readonly randomBytes: RandomBytes
  /** The small integers for message types in compact envelopes. */
  readonly types: TypeRegistry
  /**
   * Finds the key DID URLs whose short id (`docs/compact-envelope.md`) is `shortId` among the parties known here. Only
   * the first 4 are tried.
   */
  readonly knownKids?: (shortId: Uint8Array) => Promise<readonly string[]>
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
}

export interface PackOptions {
  /** The DID of the recipient. */
  to: string
  /** The DID of the sender: authcrypt. Absent: anoncrypt. */
  from?: string
  /** The DID that signs before the encryption. */
  sign?: string
}

/**
 * One way to write envelopes. An agent is given those that it speaks, so that a sensor that speaks only one carries no
 * code for the other.
 */
export interface EnvelopeFormat {
  readonly encoding: Encoding
  /** The id of a message that brings none is derived from its envelope. */
  readonly derivesId: boolean
  /** Tells from the first byte whether the envelope is of this format. */
  recognizes(firstByte: number): boolean
  /** Encrypts a message for all keys of one DID. */
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
}

/** A packed envelope. */
export interface Packed {
  bytes: Uint8Array
  mediaType: string
  /** The `id` of the message, which a compact envelope may derive from its ciphertext. */
  id: string
}
