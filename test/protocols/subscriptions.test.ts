import {
  type SubscriptionEvent,
  type SubscriptionLimits,
  type Subscriptions,
  subscriptions,
} from 'didcomm-mote/protocols/telemetry-subscribe'
import { describe, expect, it } from 'vitest'

const HOUR_MS = 3600_000

/** Runs events under a clock that only the test moves. */
function machine(limits?: SubscriptionLimits) {
  let state: Subscriptions = []
  return {
    at(nowMs: number, event: SubscriptionEvent) {
      const before = structuredClone(state)
      const step = subscriptions(state, event, nowMs, limits)
      expect(state).toEqual(before)
      state = step.state
      return step.effects
    },
    ids: () => state.map(({ id }) => id),
  }
}

const ask = (id: string, more: Partial<SubscriptionEvent & { kind: 'subscribe' }> = {}) =>
  ({ kind: 'subscribe', peer: 'did:example:g', id, filter: {}, durationMs: HOUR_MS, ...more }) as const
const reading = (v: number, n = 't') => ({ kind: 'readings', records: [{ n, v }] }) as const

describe('subscriptions', () => {
  it('get every reading that their filter names, until they expire', () => {
    const { at } = machine()
    expect(at(0, ask('1', { filter: { names: ['t'] } }))).toEqual([{ kind: 'granted', id: '1', durationMs: HOUR_MS }])
    const report = { kind: 'report', peer: 'did:example:g', id: '1', records: [{ n: 't', v: 1 }] }
    expect(
      at(1, {
        kind: 'readings',
        records: [
          { n: 't', v: 1 },
          { n: 'p', v: 9 },
        ],
      }),
    ).toEqual([report])
    expect(at(2, reading(9, 'p'))).toEqual([])
    expect(at(HOUR_MS - 1, reading(1))).toEqual([report])
    const ended = { kind: 'ended', peer: 'did:example:g', id: '1', reason: 'expired' }
    expect(at(HOUR_MS, reading(1))).toEqual([ended])
    expect(at(HOUR_MS, reading(1))).toEqual([])
  })

  it('are silent within their shortest interval, name by name', () => {
    const { at } = machine()
    at(0, ask('1', { filter: { minIntervalMs: 1000 } }))
    expect(at(0, reading(1))).toHaveLength(1)
    expect(at(999, reading(2))).toHaveLength(0)
    expect(at(999, reading(2, 'p'))).toHaveLength(1)
    expect(at(1000, reading(3))).toHaveLength(1)
  })

  it('go on where the clock was set back', () => {
    const { at } = machine()
    at(5000, ask('1', { filter: { minIntervalMs: 1000 } }))
    expect(at(5000, reading(1))).toHaveLength(1)
    expect(at(10, reading(1))).toHaveLength(1)
  })

  it('on change count from what was sent, not from what was read', () => {
    const { at } = machine()
    at(0, ask('1', { filter: { minChange: 1 } }))
    const sent = [20, 20.6, 21, 21.5, 20.1, 20].map((v, i) => at(i, reading(v)).length)
    expect(sent).toEqual([1, 0, 1, 0, 0, 1])
    const switched = [true, true, false].map((vb, i) => at(i, { kind: 'readings', records: [{ n: 's', vb }] }).length)
    expect(switched).toEqual([1, 0, 1])
  })

  it('have a limit by peer and one for all; asking again takes no more room', () => {
    const { at, ids } = machine({ maxPerPeer: 1, maxTotal: 2, maxDurationMs: 10 })
    expect(at(0, ask('1'))).toEqual([{ kind: 'granted', id: '1', durationMs: 10 }])
    expect(at(0, ask('2'))).toEqual([{ kind: 'refused', id: '2' }])
    expect(at(5, ask('1'))).toEqual([{ kind: 'granted', id: '1', durationMs: 10 }])
    expect(at(5, ask('1', { peer: 'did:example:h' }))).toMatchObject([{ kind: 'granted' }])
    expect(at(5, ask('3', { peer: 'did:example:i' }))).toEqual([{ kind: 'refused', id: '3' }])
    expect(ids()).toEqual(['1', '1'])
    expect(at(15, ask('3', { peer: 'did:example:i' }))).toMatchObject([
      { kind: 'ended' },
      { kind: 'ended' },
      { kind: 'granted' },
    ])
  })

  it('can be ended by their own peer alone, once', () => {
    const { at, ids } = machine()
    at(0, ask('1'))
    expect(at(1, { kind: 'unsubscribe', peer: 'did:example:x', id: '1' })).toEqual([])
    expect(ids()).toEqual(['1'])
    expect(at(1, { kind: 'unsubscribe', peer: 'did:example:g', id: '1' })).toMatchObject([
      { kind: 'ended', reason: 'asked' },
    ])
    expect(at(1, { kind: 'unsubscribe', peer: 'did:example:g', id: '1' })).toEqual([])
    expect(at(1, { kind: 'tick' })).toEqual([])
  })
})
