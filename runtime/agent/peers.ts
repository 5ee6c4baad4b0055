import type { Crypto } from '../crypto/crypto.ts'
import type { Resolve } from '../did/document.ts'
import type { EnvelopeContext, EnvelopeFormat, Packed, Unpacked } from '../envelope/envelope.ts'
import type { Draft } from '../message/message.ts'
import type { Packet } from '../transport.ts'
import type { Contacts } from './contacts.ts'
import type { AgentEvent } from './event.ts'
import type { Preference } from './preference.ts'
import type { Plan, SendOptions } from './send-options.ts'

/** What an agent gives to what it knows of its peers. */
export interface PeerWorld {
  readonly did: string
  readonly crypto: Crypto
  readonly resolve: Resolve
  readonly contacts?: Contacts
  readonly envelopes: readonly EnvelopeFormat[]
  readonly now: () => number
  /** Tells whether a transport of the agent can send there. */
  readonly canReach: (uri: string) => boolean
  readonly preferTransports?: Preference
  /** Prepares and sends a message anew. */
  readonly send: (draft: Draft, to: SendOptions) => Promise<unknown>
  /** Lets a task go on by itself. */
  readonly background: (task: Promise<void>) => void
  readonly report: (event: AgentEvent) => void
}

/** What one agent knows of its peers, and what they know of it: how to speak to each of them. `peerMemory()` makes it. */
export interface Peers {
  /** The keys of those who have written, besides those of contacts. */
  readonly knownKids: NonNullable<EnvelopeContext['knownKids']>
  /** Decides how to speak to a party. */
  plan(options: SendOptions & { from: string }): Promise<Plan>
  /** Notes what was packed, so that it can be said in another way. */
  packed(draft: Draft, plan: Plan, packed: Packed): void
  /** Learns from a message that is new and welcome. */
  arrived(received: Unpacked): Promise<void>
  /** Learns that a request was not answered. */
  unanswered(did: string): void
  /** Says a message in another way after the next hop has refused it; tells whether it could. @throws what sending throws */
  refused(packet: Packet, cause: unknown): Promise<boolean>
  /** Takes a packet that asks to say a message in another way; tells whether it was one, about a message of ours. */
  hinted(packet: Packet): boolean
  /** Tells the sender of a packet, where it can be reached, that it could not be read. */
  unopened(packet: Packet, error: unknown): Promise<void>
}
