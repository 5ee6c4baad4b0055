import { canonicalDid } from '../did/did-url.ts'
import { LruMap } from '../did/lru.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { typeKey } from '../message/index.ts'
import type { Draft, Message } from '../message/message.ts'

/** A message that says nothing but what its headers say (DIDComm v2.1, "The Empty Message"). */
export const EMPTY = 'https://didcomm.org/empty/1.0/empty'
const FORWARD = 'https://didcomm.org/routing/2.0/forward'

/** The most ids that one message may ask about. */
const MAX_ASKED = 64

/** Acknowledges messages to those who ask for it. */
export interface Acks {
  /** Notes a message, and returns the ids to acknowledge in answer to it, in the order in which they came. */
  due(received: Unpacked): string[]
}

export interface AcksOptions {
  /** Whose requests are honoured. Default: those of every proven sender. */
  readonly honours?: (received: Unpacked) => boolean
  /** How many messages are remembered to be acknowledged later than in answer to themselves. Default: 1024. */
  readonly maxRemembered?: number
}

/**
 * Honours `please_ack` (DIDComm v2.1, "ACKs"). The ids go into the reply of the handler, or into an empty message where there is none.
 * No two agents go on for ever: what carries an `ack` and nothing else is never acknowledged, no acknowledgement asks for one, and a
 * `forward` is never acknowledged.
 */
export function acks({ honours = () => true, maxRemembered = 1024 }: AcksOptions = {}): Acks {
  const order = new LruMap<number>(maxRemembered)
  let count = 0

  return {
    due(received) {
      const { message, sender } = received
      if (sender === undefined || isPureAck(message) || typeKey(message.type) === typeKey(FORWARD)) return []
      const nameOf = (id: string): string => `${canonicalDid(sender)} ${id.toLowerCase()}`
      count += 1
      order.set(nameOf(message.id), count)
      const { please_ack: asked } = message
      if (!Array.isArray(asked) || asked.length > MAX_ASKED || !honours(received)) return []
      const known = asked
        .map((id: unknown) => (id === '' ? message.id : id))
        .filter((id): id is string => typeof id === 'string')
        .map((id) => ({ id, at: order.get(nameOf(id)) }))
        .filter(({ at }) => at !== undefined)
      known.sort((one, other) => (one.at ?? 0) - (other.at ?? 0))
      return [...new Set(known.map(({ id }) => id))]
    },
  }
}

/** Tells whether a message says nothing but what it acknowledges. */
export function isPureAck(message: Message): boolean {
  return message['ack'] !== undefined && typeKey(message.type) === typeKey(EMPTY)
}

/** The ids that a message acknowledges. */
export function acknowledged(message: Message): string[] {
  const { ack } = message
  return Array.isArray(ack) ? ack.filter((id): id is string => typeof id === 'string') : []
}

/** Puts acknowledgements into a reply, or makes a message of them where there is none. */
export function withAcks(reply: Draft | undefined, ids: readonly string[]): Draft | undefined {
  if (ids.length === 0) return reply
  const already = reply ? acknowledged(reply as Message) : []
  return { ...(reply ?? { type: EMPTY }), ack: [...new Set([...already, ...ids])] }
}
