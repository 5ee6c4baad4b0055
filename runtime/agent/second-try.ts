import { canonicalDid } from '../did/did-url.ts'
import { LruMap } from '../did/lru.ts'
import type { Packed } from '../envelope/envelope.ts'
import type { Draft } from '../message/message.ts'
import { digestOf } from './hint.ts'
import type { PeerWorld } from './peers.ts'
import type { Plan, SendOptions } from './send-options.ts'

/** How a message is said again: with the sender in full, or in JSON. */
export type Step = 'introduce' | 'json'

/** A plan that also says what was asked for, before anything was decided. */
export interface AskedPlan extends Plan {
  readonly asked: SendOptions
}

/** A message that is to be said again. */
export interface Again {
  readonly step: Step
  readonly draft: Draft
  readonly to: SendOptions
}

/** The messages that were said shortly of late, and how they can be said again. */
export interface SecondTries {
  remember(draft: Draft, plan: AskedPlan, packed: Packed): void
  /** The next way to say the message of an envelope, once. `but`: a step that is of no use. */
  take(digest: string, but?: Step): Again | undefined
}

export interface SecondTriesOptions {
  /** How many messages are remembered. */
  readonly maxMessages: number
  /** How long after a step towards one party the same step is not taken again, but for messages that were under way then. */
  readonly windowMs: number
}

interface Remembered {
  readonly draft: Draft
  readonly plan: AskedPlan
  /** Messages are numbered in the order in which they were packed. */
  readonly number: number
}

/** Larger messages are not remembered. */
const MAX_BYTES = 65_536
const MAX_PARTIES = 1024

/**
 * Each way to say a message again says more than the one before: short, then with the sender in full, then in JSON. So none is taken
 * twice, whatever the other side answers, and two agents that have both forgotten each other come to an end.
 */
export function secondTries(
  { crypto, envelopes, now }: Pick<PeerWorld, 'crypto' | 'envelopes' | 'now'>,
  { maxMessages, windowMs }: SecondTriesOptions,
): SecondTries {
  const messages = new LruMap<Remembered>(maxMessages)
  const steps = new LruMap<{ atMs: number; after: number }>(MAX_PARTIES)
  let count = 0
  const speaksJson = envelopes.some(({ encoding }) => encoding === 'json')

  function stepsOf({ anonymous, introduces, encoding, from, asked }: AskedPlan): Step[] {
    const possible: Step[] = []
    const isShort = !anonymous && !introduces && (encoding === 'compact' || from.startsWith('did:peer:4'))
    if (isShort) possible.push('introduce')
    if (speaksJson && encoding !== 'json' && asked.encoding === undefined) possible.push('json')
    return possible
  }

  /**
   * Without a clock, each step towards a party is taken once. What was under way when it was taken may follow: it says nothing more to those
   * who see it.
   */
  function mayTake(step: Step, { number, plan }: Remembered): boolean {
    const name = `${step} ${canonicalDid(plan.to)}`
    const last = steps.get(name)
    if (last && number <= last.after) return true
    if (last && !(Math.abs(now() - last.atMs) >= windowMs)) return false
    steps.set(name, { atMs: now(), after: count })
    return true
  }

  return {
    remember(draft, plan, { bytes, id }) {
      if (bytes.length > MAX_BYTES || stepsOf(plan).length === 0) return
      count += 1
      messages.set(digestOf(bytes, crypto), { draft: { ...draft, id }, plan, number: count })
    },
    take(digest, but) {
      const message = messages.get(digest)
      const step = message && stepsOf(message.plan).find((possible) => possible !== but)
      if (!step || !mayTake(step, message)) return undefined
      messages.delete(digest)
      const { draft, plan } = message
      const to: SendOptions = { ...plan.asked, from: plan.from, introduces: true }
      return { step, draft, to: step === 'json' ? { ...to, encoding: 'json' } : to }
    },
  }
}
