import type { Agent } from '../agent/agent.ts'
import { ProblemError } from '../agent/problem.ts'
import type { Protocol } from '../agent/protocol.ts'
import { canonicalDid } from '../did/index.ts'
import { DidCommError } from '../errors.ts'
import { resolveSenml, type SenmlRecord } from '../message/index.ts'
import type { Draft, Json, JsonObject } from '../message/message.ts'
import { SUBSCRIBE_CODE, SUBSCRIBED_CODE, UNSUBSCRIBE_CODE } from '../message/type-codes.ts'
import type { CompactType } from '../message/type-registry.ts'
import { type Filter, type SubscriptionLimits, type Subscriptions, subscriptions } from './subscriptions.ts'
import { report } from './telemetry.ts'

export {
  type Filter,
  type Step,
  type Subscription,
  type SubscriptionEffect,
  type SubscriptionEvent,
  type SubscriptionLimits,
  type Subscriptions,
  subscriptions,
} from './subscriptions.ts'

export const SUBSCRIBE = 'https://didcomm.org/telemetry/1.0/subscribe'
export const SUBSCRIBED = 'https://didcomm.org/telemetry/1.0/subscribed'
export const UNSUBSCRIBE = 'https://didcomm.org/telemetry/1.0/unsubscribe'

/** The message types of subscriptions, for both sides. */
export const subscribeTypes: readonly CompactType[] = [
  { code: SUBSCRIBE_CODE, type: SUBSCRIBE },
  { code: SUBSCRIBED_CODE, type: SUBSCRIBED },
  { code: UNSUBSCRIBE_CODE, type: UNSUBSCRIBE },
]

const MAX_NAMES = 32
const MAX_NAME_CHARACTERS = 128
const MAX_ID_CHARACTERS = 128

export interface SubscribeOptions extends Filter {
  /** How long reports are wanted. Default: an hour. */
  readonly durationMs?: number
  /** The id of a subscription to prolong or change. Default: a new one. */
  readonly id?: string
}

/** Asks for reports. The answer, `subscribed`, says for how long they come; the reports come in its thread. */
export function subscribe(options: SubscribeOptions = {}): Draft {
  const { names, minIntervalMs, minChange, durationMs = 3600_000, id } = options
  return {
    type: SUBSCRIBE,
    body: {
      duration: durationMs / 1000,
      ...(names && { names: [...names] }),
      ...(minIntervalMs !== undefined && { min_interval: minIntervalMs / 1000 }),
      ...(minChange !== undefined && { min_change: minChange }),
    },
    ...(id !== undefined && { thid: id }),
  }
}

/** Ends the subscription `id`; answered with `subscribed` for a duration of 0, whether there was one or not. */
export function unsubscribe(id: string): Draft {
  return { type: UNSUBSCRIBE, thid: id }
}

/**
 * Reads the answer to `subscribe` and `unsubscribe`.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`
 */
export function readSubscribed(body: JsonObject): { durationMs: number } {
  return { durationMs: fromZero(body['duration'], 'duration') * 1000 }
}

export interface PublisherOptions {
  readonly agent: () => Agent
  /** Milliseconds since 1970, or since the start of the device: only differences count. */
  readonly now: () => number
  /** Whether `peer`, a DID in canonical form, may have what it asks for. */
  readonly maySubscribe: (peer: string, filter: Filter) => boolean
  readonly limits?: SubscriptionLimits
  /** What was kept from an earlier run. Default: none. */
  readonly state?: Subscriptions
  /** Learns of each change of who is subscribed, before the change is answered. */
  readonly onChange?: (state: Subscriptions) => void | Promise<void>
}

export interface Publisher {
  readonly protocol: Protocol
  /**
   * Sends readings to those who want them.
   *
   * @returns the failures, by subscription: one subscriber that is away does not keep the others waiting
   */
  publish(records: readonly SenmlRecord[]): Promise<{ id: string; peer: string; cause: unknown }[]>
  state(): Subscriptions
}

/** Makes the publisher's side of subscriptions. */
export function publisher(options: PublisherOptions): Publisher {
  const { agent, now, maySubscribe, limits, onChange } = options
  let state: Subscriptions = options.state ?? []

  function expectId(id: string): string {
    if (id.length > MAX_ID_CHARACTERS) throw malformed('a subscription with an id that is too long')
    return id.toLowerCase()
  }

  return {
    state: () => state,
    protocol: {
      types: subscribeTypes,
      handlers: {
        [SUBSCRIBE]: async ({ message, sender }) => {
          const peer = expectProven(sender)
          const { filter, durationMs } = readSubscribe(message.body)
          if (!maySubscribe(peer, filter)) throw new ProblemError('e.p.trust.not-allowed', 'Not for you')
          const id = expectId(message.thid ?? message.id)
          const step = subscriptions(state, { kind: 'subscribe', peer, id, filter, durationMs }, now(), limits)
          const granted = step.effects.find((effect) => effect.kind === 'granted')
          if (!granted) throw new ProblemError('e.p.me.res.subscriptions', 'No room for another subscription')
          state = step.state
          await onChange?.(state)
          return { type: SUBSCRIBED, body: { duration: granted.durationMs / 1000 } }
        },
        [UNSUBSCRIBE]: async ({ message, sender }) => {
          const id = expectId(message.thid ?? '')
          state = subscriptions(state, { kind: 'unsubscribe', peer: expectProven(sender), id }, now(), limits).state
          await onChange?.(state)
          return { type: SUBSCRIBED, body: { duration: 0 } }
        },
      },
    },
    async publish(records) {
      const step = subscriptions(state, { kind: 'readings', records: resolveSenml(records) }, now(), limits)
      state = step.state
      const failures: { id: string; peer: string; cause: unknown }[] = []
      for (const effect of step.effects) {
        if (effect.kind !== 'report') continue
        const { id, peer } = effect
        const draft = { ...report(effect.records), thid: id }
        await agent()
          .send(draft, { to: peer })
          .catch((cause: unknown) => failures.push({ id, peer, cause }))
      }
      return failures
    },
  }
}

function readSubscribe(body: JsonObject): { filter: Filter; durationMs: number } {
  const { names, min_interval: minInterval, min_change: minChange } = body
  const filter: Filter = {
    ...(names !== undefined && { names: readNames(names) }),
    ...(minInterval !== undefined && { minIntervalMs: fromZero(minInterval, 'min_interval') * 1000 }),
    ...(minChange !== undefined && { minChange: fromZero(minChange, 'min_change') }),
  }
  return { filter, durationMs: fromZero(body['duration'], 'duration') * 1000 }
}

function readNames(value: Json): string[] {
  const isName = (name: Json): name is string => typeof name === 'string' && name.length <= MAX_NAME_CHARACTERS
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_NAMES || !value.every(isName)) {
    throw malformed(`"names" expected 1 to ${MAX_NAMES} names`)
  }
  return value
}

function fromZero(value: Json | undefined, name: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
    throw malformed(`"${name}" expected a number from 0`)
  }
  return value
}

function expectProven(sender: string | undefined): string {
  if (sender === undefined) throw new DidCommError('ERR_SENDER_UNKNOWN', 'a subscription of nobody')
  return canonicalDid(sender)
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what)
}
