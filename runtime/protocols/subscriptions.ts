import type { SenmlRecord } from '../message/index.ts'

/** Which readings a subscriber wants. */
export interface Filter {
  /** Full SenML names. Default: all. */
  readonly names?: readonly string[]
  /** The shortest time between two reports of the same name. Default: 0. */
  readonly minIntervalMs?: number
  /** How far a number has to be from the one last sent. Other values are sent where they differ. Default: every reading is sent. */
  readonly minChange?: number
}

export interface Subscription {
  /** The id of the message that asked for it. */
  readonly id: string
  /** The subscriber's DID in canonical form. */
  readonly peer: string
  readonly filter: Filter
  readonly expiresMs: number
  /** What was sent last, by name. */
  readonly sent: ReadonlyMap<string, { readonly atMs: number; readonly value: SenmlRecord['v' | 'vs' | 'vb' | 'vd'] }>
}

/** All subscriptions of a publisher. Plain data. */
export type Subscriptions = readonly Subscription[]

export type SubscriptionEvent =
  | { kind: 'subscribe'; peer: string; id: string; filter: Filter; durationMs: number }
  | { kind: 'unsubscribe'; peer: string; id: string }
  /** Readings of now, resolved (`resolveSenml`). */
  | { kind: 'readings'; records: readonly SenmlRecord[] }
  | { kind: 'tick' }

export type SubscriptionEffect =
  | { kind: 'granted'; id: string; durationMs: number }
  /** No room for another subscription of this peer, or of anybody. */
  | { kind: 'refused'; id: string }
  | { kind: 'ended'; peer: string; id: string; reason: 'asked' | 'expired' }
  | { kind: 'report'; peer: string; id: string; records: readonly SenmlRecord[] }

export interface SubscriptionLimits {
  /** Default: 4. */
  readonly maxPerPeer?: number
  /** Default: 16. */
  readonly maxTotal?: number
  /** The longest that one is granted for. Default: one day. */
  readonly maxDurationMs?: number
}

export interface Step {
  readonly state: Subscriptions
  readonly effects: readonly SubscriptionEffect[]
}

const DAY_MS = 24 * 3600_000

/**
 * What an event does to the subscriptions of a publisher: a function of its arguments alone. Whatever the event, the subscriptions
 * that have expired by `nowMs` end first.
 */
export function subscriptions(
  state: Subscriptions,
  event: SubscriptionEvent,
  nowMs: number,
  limits: SubscriptionLimits = {},
): Step {
  const alive = state.filter(({ expiresMs }) => expiresMs > nowMs)
  const ended = state
    .filter(({ expiresMs }) => expiresMs <= nowMs)
    .map(({ peer, id }) => ({ kind: 'ended' as const, peer, id, reason: 'expired' as const }))
  const { state: next, effects } = after(alive, event, nowMs, limits)
  return { state: next, effects: [...ended, ...effects] }
}

function after(state: Subscriptions, event: SubscriptionEvent, nowMs: number, limits: SubscriptionLimits): Step {
  switch (event.kind) {
    case 'subscribe':
      return subscribed(state, event, nowMs, limits)
    case 'unsubscribe':
      return unsubscribed(state, event)
    case 'readings':
      return reported(state, event.records, nowMs)
    case 'tick':
      return { state, effects: [] }
  }
}

/** Asked for again, a subscription is granted anew with the filter of now: so it is prolonged and changed. */
function subscribed(
  state: Subscriptions,
  { peer, id, filter, durationMs }: SubscriptionEvent & { kind: 'subscribe' },
  nowMs: number,
  { maxPerPeer = 4, maxTotal = 16, maxDurationMs = DAY_MS }: SubscriptionLimits,
): Step {
  const known = state.find((one) => one.peer === peer && one.id === id)
  const others = state.filter((one) => one !== known)
  const ofPeer = others.filter((one) => one.peer === peer).length
  if (others.length >= maxTotal || ofPeer >= maxPerPeer) return { state, effects: [{ kind: 'refused', id }] }
  const granted = Math.min(durationMs, maxDurationMs)
  const made = { id, peer, filter, expiresMs: nowMs + granted, sent: known?.sent ?? new Map() }
  return { state: [...others, made], effects: [{ kind: 'granted', id, durationMs: granted }] }
}

function unsubscribed(state: Subscriptions, { peer, id }: { peer: string; id: string }): Step {
  const remaining = state.filter((one) => one.peer !== peer || one.id !== id)
  if (remaining.length === state.length) return { state, effects: [] }
  return { state: remaining, effects: [{ kind: 'ended', peer, id, reason: 'asked' }] }
}

function reported(state: Subscriptions, records: readonly SenmlRecord[], nowMs: number): Step {
  const effects: SubscriptionEffect[] = []
  const next = state.map((one) => {
    const sent = new Map(one.sent)
    const due: SenmlRecord[] = []
    for (const record of records) {
      if (!isDue(record, one.filter, sent, nowMs)) continue
      due.push(record)
      sent.set(record.n ?? '', { atMs: nowMs, value: readingOf(record) })
    }
    if (due.length === 0) return one
    effects.push({ kind: 'report', peer: one.peer, id: one.id, records: due })
    return { ...one, sent }
  })
  return { state: next, effects }
}

function isDue(record: SenmlRecord, filter: Filter, sent: Subscription['sent'], nowMs: number): boolean {
  const { n = '' } = record
  const { names, minIntervalMs = 0, minChange } = filter
  if (names && !names.includes(n)) return false
  const last = sent.get(n)
  if (!last) return true
  // A clock that was set back does not silence a sensor.
  const sinceMs = nowMs - last.atMs
  if (sinceMs >= 0 && sinceMs < minIntervalMs) return false
  return minChange === undefined || differs(readingOf(record), last.value, minChange)
}

function differs(value: unknown, last: unknown, minChange: number): boolean {
  if (typeof value !== 'number' || typeof last !== 'number') return value !== last
  return Math.abs(value - last) >= minChange
}

function readingOf({ v, vs, vb, vd, s }: SenmlRecord): SenmlRecord['v' | 'vs' | 'vb' | 'vd'] {
  return v ?? vs ?? vb ?? vd ?? s
}
