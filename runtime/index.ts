export { type Acks, type AcksOptions, acks, EMPTY } from './agent/acks.ts'
export { type Agent, type AgentOptions, createAgent, type Outgoing } from './agent/agent.ts'
export { type Contact, type Contacts, contactBook, type Learned, longFormsOf } from './agent/contacts.ts'
export { coreTypes } from './agent/core-types.ts'
export type { Attempt } from './agent/deliver.ts'
export type { AgentCounters, AgentEvent } from './agent/event.ts'
export type { Freshness } from './agent/inbox.ts'
export { badLang, type Languages, languages } from './agent/languages.ts'
export { type PeerMemoryOptions, peerMemory } from './agent/peer-memory.ts'
export type { Peers, PeerWorld } from './agent/peers.ts'
export type { Preference, Route } from './agent/preference.ts'
export {
  asError,
  isProblemCode,
  isProblemOf,
  PROBLEM_REPORT,
  type Problem,
  ProblemError,
  readProblem,
} from './agent/problem.ts'
export type { Connection, Handler, Protocol } from './agent/protocol.ts'
export { MESSAGE_TOO_BIG, NO_ROOM, type Refusals, type RefusalsOptions, refusals } from './agent/refusals.ts'
export { didRotation, endRelationship, type Rotation, type RotationOptions, rotate } from './agent/rotation.ts'
export type { SendOptions } from './agent/send-options.ts'
export { sendToEach, type Unsent } from './agent/send-to-each.ts'
export { type Sequencing, sequencing } from './agent/sequencing.ts'
export { cached, firstOf, type Resolve } from './did/index.ts'
export type { Encoding, EnvelopeFormat, Packed, Unpacked } from './envelope/envelope.ts'
export { DidCommError, type ErrorCode, isDidCommError } from './errors.ts'
export {
  didJwkIdentity,
  didKeyIdentity,
  didKeyIdentityOn,
  didPeer2Identity,
  didPeer4Identity,
  type Identity,
} from './identity.ts'
export { memoryMailbox, memoryOutbox, memorySeenStore } from './memory-store.ts'
export type { Draft, Message } from './message/message.ts'
export {
  defaultLimits,
  MAX_DELIVERED_KEYS,
  MAX_DISCARDED,
  type Mailbox,
  type MailboxEntry,
  type Outbox,
  type OutboxDepth,
  type OutboxEntry,
  type OutboxExcept,
  type OutboxWay,
  outboxEntry,
  type SeenStore,
  type StoreLimits,
  sizeOfWays,
  waysOf,
} from './store.ts'
export type { Packet, Receipt, Receive, Transport } from './transport.ts'
export type { Timer, World } from './world.ts'
