import { canonicalDid } from '../did/did-url.ts'
import { LruMap } from '../did/lru.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { threadId } from '../message/index.ts'
import type { JsonObject } from '../message/message.ts'

/** What has come of one sender's messages in one thread. */
interface Received {
  last: number
  gaps: number[]
}

/** The order of messages in threads (DIDComm's extension "Advanced Sequencing"). */
export interface Sequencing {
  /** The headers for the next message of ours in a thread: its number, and what came of the others. */
  outgoing(thread: string): { sender_order: number; received_orders?: JsonObject[] }
  /** Takes in a message. `duplicate`: a copy, to be ignored; `gaps`: the numbers that are missing before it. */
  incoming(received: Unpacked): { duplicate: boolean; gaps: readonly number[] }
}

/** How far a message may be ahead of those that came. */
const MAX_GAPS = 256
const MAX_SENDERS = 16

/**
 * Numbers our messages in each thread from 1, and finds gaps and copies in those of others. Give the headers of `outgoing` to a draft, and keep
 * the draft for sending it again: a copy has the same id, number and body.
 */
export function sequencing(maxThreads = 1024): Sequencing {
  const sent = new LruMap<number>(maxThreads)
  const threads = new LruMap<Map<string, Received>>(maxThreads)

  return {
    outgoing(thread) {
      const name = thread.toLowerCase()
      const order = (sent.get(name) ?? 0) + 1
      sent.set(name, order)
      const received = [...(threads.get(name) ?? [])].map(([id, { last, gaps }]) => ({ id, last, gaps: [...gaps] }))
      return { sender_order: order, ...(received.length > 0 && { received_orders: received }) }
    },
    incoming({ message, sender }) {
      const { sender_order: order } = message
      if (sender === undefined || typeof order !== 'number' || !Number.isSafeInteger(order) || order < 1) {
        return { duplicate: false, gaps: [] }
      }
      const name = threadId(message).toLowerCase()
      const from = canonicalDid(sender)
      const senders = threads.get(name) ?? new Map<string, Received>()
      const before = senders.get(from) ?? { last: 0, gaps: [] }
      const isLate = order <= before.last
      if (isLate && !before.gaps.includes(order)) return { duplicate: true, gaps: before.gaps }
      const after = isLate
        ? { last: before.last, gaps: before.gaps.filter((gap) => gap !== order) }
        : { last: order, gaps: [...before.gaps, ...between(before.last, order)].slice(-MAX_GAPS) }
      if (senders.has(from) || senders.size < MAX_SENDERS) senders.set(from, after)
      threads.set(name, senders)
      return { duplicate: false, gaps: after.gaps }
    },
  }
}

/** The numbers after `last` and before `order`; of many, the highest. */
function between(last: number, order: number): number[] {
  const count = Math.min(order - last - 1, MAX_GAPS)
  return Array.from({ length: count }, (_, i) => order - count + i)
}
