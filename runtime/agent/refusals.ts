import { canonicalDid } from '../did/did-url.ts'
import { LruMap } from '../did/lru.ts'
import { expectSize } from '../envelope/limits.ts'
import { isDidCommError } from '../errors.ts'
import { ProblemError } from './problem.ts'

/** The problem of a message that is larger than what is taken here (DIDComm v2.1, "Agent Constraint Disclosure"). */
export const MESSAGE_TOO_BIG = 'e.m.me.res.storage.message_too_big'
/** The warning that there is no room for a message yet. */
export const NO_ROOM = 'w.m.me.res.storage'

/** How many senders are remembered that have been warned. */
const MAX_WARNED = 1024

/** Tells proven senders why a message of theirs was opened and not taken. */
export interface Refusals {
  /** @throws DidCommError `ERR_TOO_LARGE` */
  check(envelope: Uint8Array): void
  /** The problem to report to `sender`; `undefined` where nothing is said, as to one who is not proven. */
  problemOf(failure: unknown, sender: string | undefined): ProblemError | undefined
  /** A message of `sender` was taken. */
  taken(sender: string | undefined): void
}

export interface RefusalsOptions {
  /** The largest envelope that is taken, in bytes: what `maxReceiveBytes()` discloses. Default: whatever the agent's `envelopes` open. */
  readonly maxReceiveBytes?: number
}

/**
 * Answers proven senders whose messages are not taken. That one is too large, here or for a handler, is said each time, as far as its thread bears
 * errors; that there is no room for it yet, once until a message of the same sender has been taken.
 */
export function refusals({ maxReceiveBytes = Number.POSITIVE_INFINITY }: RefusalsOptions = {}): Refusals {
  const warned = new LruMap<true>(MAX_WARNED)
  return {
    check: (envelope) => expectSize(envelope, maxReceiveBytes),
    problemOf(failure, sender) {
      if (sender === undefined) return undefined
      if (isDidCommError(failure, 'ERR_TOO_LARGE')) return new ProblemError(MESSAGE_TOO_BIG, 'The message is too large')
      if (!isDidCommError(failure, 'ERR_STORE_FULL') || warned.get(canonicalDid(sender))) return undefined
      warned.set(canonicalDid(sender), true)
      return new ProblemError(NO_ROOM, 'There is no room for the message yet')
    },
    // The next time that there is no room is news again.
    taken: (sender = '') => warned.delete(canonicalDid(sender)),
  }
}
