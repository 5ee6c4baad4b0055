/**
 * What must survive: each operation resolves once its effect would outlive a crash of the process (a memory store: for
 * as long as the process lives). All stores are bounded.
 */

/** Remembers which messages were received. */
export interface SeenStore {
  /**
   * Tells whether a message is `new` or was `seen`. `forgotten`: it is older than what the store can remember, so that
   * nobody can tell.
   *
   * @param atMs when the message says it was made, in milliseconds since 1970
   */
  check(key: string, atMs: number): Promise<'new' | 'seen' | 'forgotten'>
  remember(key: string, atMs: number): Promise<void>
}

/** One way of a message to its next hop, with the envelope for it. */
export interface OutboxWay {
  /** The URI to send it to. */
  readonly destination: string
  readonly bytes: Uint8Array
}

/** An envelope on its way to the next hop. */
export interface OutboxEntry extends OutboxWay {
  readonly key: string
  /** The other ways, in order, for when `destination` cannot be reached. */
  readonly alternatives?: readonly OutboxWay[]
  /** From when on it is of no use, in milliseconds since 1970. */
  readonly expiresAtMs?: number
}

/** What a worker does not ask for: what would have to go where nobody answers on each of its ways, and what it has in hand. */
export interface OutboxExcept {
  readonly destinations?: ReadonlySet<string>
  readonly keys?: ReadonlySet<string>
}

/** Holds envelopes until the next hop has taken them over. One worker empties it. */
export interface Outbox {
  /**
   * Stores an envelope, and those of its other ways. `duplicate`: `key` is here already, or was lately. `full`: nothing was stored. With
   * `whenOutboxFull: 'drop-oldest'` only what is larger than the whole outbox finds it full.
   */
  enqueue(
    key: string,
    destination: string,
    bytes: Uint8Array,
    alternatives?: readonly OutboxWay[],
    expiresAtMs?: number,
  ): Promise<'stored' | 'duplicate' | 'full'>
  /** Lists what is due and not left out, oldest first. */
  due(nowMs: number, limit: number, except?: OutboxExcept): Promise<OutboxEntry[]>
  /** Holds an entry back until `atMs`, and puts it behind the others. A restart may forget this. */
  retryAt(key: string, atMs: number): Promise<void>
  /** Removes a delivered entry, and remembers its key for a while. */
  ack(key: string): Promise<void>
  /** Sets an entry aside that can never be delivered, for a person to look at. The oldest such are dropped. */
  discard(key: string, reason: string): Promise<void>
  /** Tells when the next entry that is not left out is due, in milliseconds since 1970, or `undefined` where none waits. */
  nextDueMs(except?: OutboxExcept): Promise<number | undefined>
  depth(): Promise<OutboxDepth>
}

export interface OutboxDepth {
  waiting: number
  waitingBytes: number
  /** How many were set aside and are still kept, `MAX_DISCARDED` at most. */
  discarded: number
  /** How many were set aside to make room (`drop-oldest`) since the outbox was opened. */
  dropped: number
}

export interface MailboxEntry {
  readonly id: string
  readonly bytes: Uint8Array
}

/** What a mediator keeps: envelopes by recipient, and whose recipients they are. DIDs are in canonical form. */
export interface Mailbox {
  /** Stores an envelope once for each `id`. `full`: nothing was stored. */
  put(recipient: string, id: string, bytes: Uint8Array): Promise<'stored' | 'duplicate' | 'full'>
  /** Lists the oldest envelopes. They stay until `remove`. */
  list(recipient: string, limit: number): Promise<MailboxEntry[]>
  /** Returns how many of `ids` were there. */
  remove(recipient: string, ids: readonly string[]): Promise<number>
  count(recipient: string): Promise<number>

  /** Returns false where `recipient` belongs to another owner, or no more can be registered. */
  register(recipient: string, owner: string): Promise<boolean>
  /** Forgets a recipient and drops what waits for it. */
  unregister(recipient: string): Promise<void>
  owner(recipient: string): Promise<string | undefined>
  registered(owner: string): Promise<string[]>
}

/** The bounds of a store. */
export interface StoreLimits {
  /** How many received messages are remembered. Default: 1,000,000. */
  maxSeen?: number
  /** Default: 100,000 entries. */
  maxOutboxEntries?: number
  /** Default: 256 MiB. */
  maxOutboxBytes?: number
  /**
   * What a full outbox does. `refuse`: it takes nothing more, so that whoever brings something keeps it. `drop-oldest`: it sets the oldest
   * aside with the reason `ERR_STORE_FULL`, for what comes; one that is just being sent may be delivered all the same. Default: `refuse`.
   */
  whenOutboxFull?: 'refuse' | 'drop-oldest'
  /** How many envelopes wait for one recipient. Default: 10,000. */
  maxMailboxEntries?: number
  /** How many bytes wait for one recipient. Default: 64 MiB. */
  maxMailboxBytes?: number
  /** How many recipients one owner registers. Default: 1,000. */
  maxRecipients?: number
}

export const defaultLimits: Required<StoreLimits> = {
  maxSeen: 1_000_000,
  maxOutboxEntries: 100_000,
  maxOutboxBytes: 256 << 20,
  whenOutboxFull: 'refuse',
  maxMailboxEntries: 10_000,
  maxMailboxBytes: 64 << 20,
  maxRecipients: 1000,
}

/** How many keys of delivered and of discarded entries an outbox keeps. */
export const MAX_DELIVERED_KEYS = 10_000
export const MAX_DISCARDED = 1000

/** Lists the ways of an entry, the preferred one first. */
export function waysOf({ destination, bytes, alternatives = [] }: Omit<OutboxEntry, 'key'>): OutboxWay[] {
  return [{ destination, bytes }, ...alternatives]
}

/** Makes an entry of copies of its envelopes: what the caller does with its own changes nothing. */
export function outboxEntry(
  key: string,
  destination: string,
  bytes: Uint8Array,
  alternatives: readonly OutboxWay[] = [],
  expiresAtMs?: number,
): OutboxEntry {
  const others = alternatives.map((way) => ({ destination: way.destination, bytes: new Uint8Array(way.bytes) }))
  return {
    key,
    destination,
    bytes: new Uint8Array(bytes),
    ...(others.length > 0 && { alternatives: others }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  }
}

/** Tells how many bytes the envelopes of an entry have together. */
export function sizeOfWays(entry: Omit<OutboxEntry, 'key'>): number {
  return waysOf(entry).reduce((sum, { bytes }) => sum + bytes.length, 0)
}
