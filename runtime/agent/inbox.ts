import { encodeHex, encodeUtf8 } from '../bytes/index.ts'
import type { Crypto } from '../crypto/crypto.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { DidCommError, type ErrorCode, isDidCommError } from '../errors.ts'
import type { Message } from '../message/message.ts'
import type { SeenStore } from '../store.ts'
import type { Packet, Receipt, Receive } from '../transport.ts'
import type { Contacts } from './contacts.ts'
import type { AgentEvent } from './event.ts'
import type { Rotation } from './rotation.ts'

/** After so many failed attempts a packet is refused, lest one that always fails blocks those behind it. */
const MAX_ATTEMPTS = 5
const MAX_FAILING_PACKETS = 1024

/** With these the same packet may succeed later: the transport keeps it. */
const TRANSIENT: readonly ErrorCode[] = ['ERR_STORE_FULL', 'ERR_TRANSPORT_UNREACHABLE', 'ERR_TIMEOUT', 'ERR_CLOSED']

/** What times of messages are taken. */
export interface Freshness {
  maxAgeMs: number
  /** How far the clock of a sender may be ahead of ours. */
  maxSkewMs: number
  /** Refuses messages without `created_time`. */
  required?: boolean
}

export interface InboxOptions {
  crypto: Pick<Crypto, 'sha256'>
  /** Opens an envelope. */
  open: (bytes: Uint8Array) => Promise<Unpacked>
  now: () => number
  seen?: SeenStore
  accepts?: (received: Unpacked) => boolean
  freshness?: Freshness
  contacts?: Contacts
  rotation?: Rotation
  dispatch: (received: Unpacked, packet: Packet) => Promise<void>
  report: (event: AgentEvent) => void
}

/**
 * Makes the way in: opens a packet, checks that it is fresh, new and welcome, and hands it on exactly once. Whatever
 * comes in, the returned function only rejects where the same packet may succeed later.
 */
export function inbox(options: InboxOptions): Receive {
  const { crypto, report, seen } = options
  const underWay = new Map<string, Promise<void>>()
  const attempts = new Map<string, number>()

  async function admit(bytes: Uint8Array): Promise<Unpacked> {
    const received = await options.open(bytes)
    const welcome = options.accepts ? options.accepts(received) : received.encrypted
    if (!welcome) throw new DidCommError('ERR_SENDER_UNKNOWN', 'a message of this sender is not accepted here')
    const nowMs = options.now()
    checkTime(received.message, nowMs, options.freshness)
    if (options.contacts) await options.rotation?.arrived(received, options.contacts, nowMs)
    return received
  }

  async function settle(packet: Packet): Promise<void> {
    const received = await admit(packet.bytes)
    const { message, sender } = received
    const bytes = packet.bytes.length
    const about = { type: message.type, ...(sender !== undefined && { sender }), bytes }
    const key = keyOf(sender, message.id)
    const createdMs = createdAt(message, options.now())

    const first = underWay.get(key)
    if (first) {
      await first
      return report({ kind: 'duplicate', ...about })
    }
    const task = (async () => {
      const known = await seen?.check(key, createdMs)
      if (known === 'seen') return report({ kind: 'duplicate', ...about })
      if (known === 'forgotten')
        throw new DidCommError('ERR_MESSAGE_EXPIRED', 'the message is older than what is remembered')
      await options.dispatch(received, packet)
      await seen?.remember(key, createdMs)
      report({ kind: 'received', ...about, encoding: received.encoding })
    })()
    underWay.set(key, task)
    try {
      await task
    } finally {
      underWay.delete(key)
    }
  }

  /** Names a message for the `SeenStore`. An id is unique to its sender; its case does not count (DIDComm v2.1). */
  function keyOf(sender: string | undefined, id: string): string {
    const name = encodeUtf8(`${sender ?? ''} ${id.toLowerCase()}`)
    return encodeHex(crypto.sha256(name).subarray(0, 16))
  }

  function refuse(code: ErrorCode, reason: string, packet: Packet): Receipt {
    report({ kind: 'refused', code, reason, bytes: packet.bytes.length })
    return code === 'ERR_TOO_LARGE' ? 'too-large' : 'refused'
  }

  /** Counts the failures of one packet, by its digest. */
  function attempt(bytes: Uint8Array): number {
    const digest = encodeHex(crypto.sha256(bytes))
    const count = (attempts.get(digest) ?? 0) + 1
    attempts.delete(digest)
    attempts.set(digest, count)
    const [oldest] = attempts.keys()
    if (attempts.size > MAX_FAILING_PACKETS && oldest !== undefined) attempts.delete(oldest)
    if (count >= MAX_ATTEMPTS) attempts.delete(digest)
    return count
  }

  return async (packet) => {
    try {
      await settle(packet)
      return 'accepted'
    } catch (error) {
      if (isDidCommError(error) && !TRANSIENT.includes(error.code)) return refuse(error.code, error.message, packet)
      report({ kind: 'failed', cause: error, bytes: packet.bytes.length })
      if (!isDidCommError(error) && attempt(packet.bytes) >= MAX_ATTEMPTS) {
        return refuse('ERR_HANDLER_FAILED', `failed ${MAX_ATTEMPTS} times`, packet)
      }
      throw error
    }
  }
}

/** When a message counts as made. Without a clock, a message that does not say it counts as older than all others. */
function createdAt({ created_time: created }: Message, nowMs: number): number {
  if (Number.isNaN(nowMs)) return (created ?? 0) * 1000
  // No later than now: a time in the future would move the bound of what is remembered, past all honest messages.
  return Math.min(nowMs, (created ?? Number.POSITIVE_INFINITY) * 1000)
}

/** Without a clock (`nowMs` is NaN) no time is wrong. @throws DidCommError `ERR_MESSAGE_EXPIRED` */
function checkTime(message: Message, nowMs: number, freshness: Freshness | undefined): void {
  const { created_time: created, expires_time: expires } = message
  if (expires !== undefined && expires * 1000 <= nowMs) {
    throw new DidCommError('ERR_MESSAGE_EXPIRED', 'the message is past its expires_time')
  }
  if (!freshness) return
  if (created === undefined) {
    if (freshness.required) throw new DidCommError('ERR_MESSAGE_EXPIRED', 'the message has no created_time')
    return
  }
  const ageMs = nowMs - created * 1000
  if (ageMs > freshness.maxAgeMs || ageMs < -freshness.maxSkewMs) {
    throw new DidCommError('ERR_MESSAGE_EXPIRED', 'the created_time of the message is outside the accepted window')
  }
}
