import { type Agent, PROBLEM_REPORT, ProblemError, type Protocol } from 'didcomm-mote'
import type { SenmlRecord } from 'didcomm-mote/message'
import { pack, REPORT, telemetry } from 'didcomm-mote/protocols/telemetry'
import {
  ACTUATE_RESULT,
  type ActuatorOptions,
  actuate,
  actuateTypes,
  actuator,
  memoryActuations,
  readActuateResult,
} from 'didcomm-mote/protocols/telemetry-actuate'
import {
  askConfig,
  CONFIG_STATE,
  type ConfigurableOptions,
  type Configuration,
  config,
  configTypes,
  configurable,
  readConfigState,
} from 'didcomm-mote/protocols/telemetry-config'
import {
  type PublisherOptions,
  publisher,
  readSubscribed,
  SUBSCRIBED,
  subscribe,
  subscribeTypes,
  unsubscribe,
} from 'didcomm-mote/protocols/telemetry-subscribe'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { describe, expect, it } from 'vitest'
import { START_MS } from '../agent/world.ts'
import { pair } from './telemetry-pair.ts'

const encodings = ['json', 'compact'] as const
const NOW = START_MS / 1000
const timeoutMs = 2000

const knows = (types: Protocol['types']): Protocol => ({ ...(types && { types }), handlers: {} })

describe.each(encodings)('subscriptions in %s', (encoding) => {
  async function world(options: Partial<PublisherOptions> = {}) {
    let agent: Agent
    const clock = { nowMs: 0 }
    const made = publisher({ agent: () => agent, now: () => clock.nowMs, maySubscribe: () => true, ...options })
    const protocols = [telemetry(), knows(subscribeTypes)]
    const { sensor, gateway } = await pair(memoryNetwork(), [telemetry(), made.protocol], protocols)
    agent = sensor.agent
    const got: { records: SenmlRecord[]; thid: string | undefined }[] = []
    gateway.agent.on(
      REPORT,
      ({ message }) => void got.push({ records: pack(message.body), thid: message.thid }) as undefined,
    )
    const ask = (draft: ReturnType<typeof subscribe>) =>
      gateway.agent.request(draft, { to: sensor.did, encoding, timeoutMs }).then(({ message }) => message)
    return { made, clock, got, ask, gateway, sensor }
  }

  it('bring reports in their thread until they are ended', async () => {
    const { made, got, ask } = await world()
    const answer = await ask(subscribe({ names: ['t'], minChange: 0.5, durationMs: 60_000 }))
    expect([answer.type, readSubscribed(answer.body)]).toEqual([SUBSCRIBED, { durationMs: 60_000 }])
    expect(made.state().map(({ id, filter }) => [id, filter])).toEqual([
      [answer.thid, { names: ['t'], minChange: 0.5 }],
    ])
    for (const v of [20, 20.1, 21])
      expect(
        await made.publish([
          { n: 't', v },
          { n: 'p', v: 1 },
        ]),
      ).toEqual([])
    expect(got).toEqual([20, 21].map((v) => ({ records: [{ n: 't', v }], thid: answer.thid })))
    expect(readSubscribed((await ask(unsubscribe(answer.thid!))).body)).toEqual({ durationMs: 0 })
    expect(readSubscribed((await ask(unsubscribe(answer.thid!))).body)).toEqual({ durationMs: 0 })
    await made.publish([{ n: 't', v: 30 }])
    expect(got).toHaveLength(2)
  })

  it('are prolonged by asking again in their thread, and end by the clock', async () => {
    const changes: number[] = []
    const { made, clock, got, ask } = await world({ onChange: (state) => void changes.push(state.length) })
    const { thid } = await ask(subscribe({ durationMs: 1000 }))
    clock.nowMs = 900
    await ask(subscribe({ durationMs: 1000, id: thid! }))
    clock.nowMs = 1899
    await made.publish([{ n: 't', v: 1 }])
    clock.nowMs = 1900
    await made.publish([{ n: 't', v: 2 }])
    expect(got.map(({ records }) => records[0]?.v)).toEqual([1])
    expect(changes).toEqual([1, 1])
  })

  it('are refused by who may not, and where there is no room', async () => {
    const strict = await world({ maySubscribe: (_, { names }) => names?.[0] === 't' })
    expect((await strict.ask(subscribe())).body['code']).toBe('e.p.trust.not-allowed')
    const small = await world({ limits: { maxPerPeer: 1 } })
    await small.ask(subscribe())
    expect((await small.ask(subscribe())).body['code']).toBe('e.p.me.res.subscriptions')
    expect(small.made.state()).toHaveLength(1)
  })

  it.each([
    ['no duration', {}],
    ['a duration below zero', { duration: -1 }],
    ['names that are none', { duration: 1, names: [1] }],
    ['no names', { duration: 1, names: [] }],
    ['too many names', { duration: 1, names: Array.from({ length: 33 }, () => 'a') }],
    ['text for an interval', { duration: 1, min_interval: 'x' }],
  ])('with %s are refused as malformed', async (_, body) => {
    const { gateway, sensor, made } = await world()
    await gateway.agent
      .send({ ...subscribe(), body: body as never }, { to: sensor.did, encoding })
      .catch(() => undefined)
    expect(sensor.agent.counters().refused).toEqual({ ERR_MESSAGE_MALFORMED: 1 })
    expect(made.state()).toEqual([])
  })

  it('tell which subscriber could not be reached', async () => {
    const { made, ask, gateway, sensor } = await world()
    await ask(subscribe())
    await gateway.agent.close()
    expect(await made.publish([{ n: 't', v: 1 }])).toMatchObject([{ peer: gateway.did }])
    expect(sensor.did).not.toBe(gateway.did)
  })
})

describe.each(encodings)('configuration in %s', (encoding) => {
  async function world(options: Partial<ConfigurableOptions> = {}) {
    let inForce: Configuration = { version: 0, parameters: { interval: 60 } }
    const applied: Configuration[] = []
    const device = configurable({
      state: () => inForce,
      mayConfigure: () => true,
      refuses: (name, value) => (name === 'interval' && typeof value !== 'number' ? 'expected a number' : undefined),
      apply: async (next) => {
        applied.push(next)
        await Promise.resolve()
        inForce = next
      },
      ...options,
    })
    const { sensor, gateway } = await pair(memoryNetwork(), [device], [knows(configTypes)])
    const ask = (draft: ReturnType<typeof config>) =>
      gateway.agent.request(draft, { to: sensor.did, encoding, timeoutMs }).then(({ message }) => message)
    return { applied, ask, sensor, gateway }
  }

  it('is told, changed once for each version, and told again', async () => {
    const { ask, applied } = await world()
    expect(readConfigState((await ask(askConfig())).body)).toEqual({ version: 0, parameters: { interval: 60 } })
    const wanted = config({ version: 1, parameters: { interval: 10, name: 'attic' } })
    const inForce = { version: 1, parameters: { interval: 10, name: 'attic' } }
    for (const _ of [1, 2]) {
      const answer = await ask(wanted)
      expect([answer.type, readConfigState(answer.body)]).toEqual([CONFIG_STATE, inForce])
    }
    expect(applied).toEqual([inForce])
    const late = await ask(config({ version: 1, parameters: { interval: 99 } }))
    expect(readConfigState(late.body)).toEqual(inForce)
  })

  it('takes two changes at once one after the other', async () => {
    const { ask, applied } = await world()
    const answers = await Promise.all([
      ask(config({ version: 1, parameters: { a: 1 } })),
      ask(config({ version: 2, parameters: { b: true } })),
    ])
    expect(readConfigState(answers[1]!.body).parameters).toEqual({ interval: 60, a: 1, b: true })
    expect(applied.map(({ version }) => version)).toEqual([1, 2])
  })

  it('is all or nothing', async () => {
    const { ask, applied } = await world()
    const answer = await ask(config({ version: 1, parameters: { a: 1, interval: 'often' } }))
    expect(answer.body).toMatchObject({ code: 'e.p.req.bad-parameter', args: ['interval', 'expected a number'] })
    expect(applied).toEqual([])
  })

  it('is refused by who may not', async () => {
    const { ask, applied } = await world({ mayConfigure: (_, set) => set === undefined })
    expect((await ask(askConfig())).type).toBe(CONFIG_STATE)
    expect((await ask(config({ version: 1, parameters: {} }))).body['code']).toBe('e.p.trust.not-allowed')
    expect(applied).toEqual([])
  })

  it.each([
    ['no version', { set: {} }],
    ['a version below zero', { version: -1, set: {} }],
    ['a list for parameters', { version: 1, set: [] }],
    ['a parameter that is an object', { version: 1, set: { a: {} } }],
    ['a name that is none', { version: 1, set: { 'a b': 1 } }],
    [
      'too many parameters',
      { version: 1, set: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`p${i}`, 1])) },
    ],
  ])('with %s is refused as malformed', async (_, body) => {
    const { gateway, sensor, applied } = await world()
    const draft = { ...askConfig(), body: body as never }
    await gateway.agent.send(draft, { to: sensor.did, encoding }).catch(() => undefined)
    expect(sensor.agent.counters().refused).toEqual({ ERR_MESSAGE_MALFORMED: 1 })
    expect(applied).toEqual([])
  })
})

describe.each(encodings)('commands in %s', (encoding) => {
  async function world(options: Partial<ActuatorOptions> = {}) {
    const executed: (readonly SenmlRecord[])[] = []
    const execute: ActuatorOptions['execute'] = (records) => {
      executed.push(records)
      return records
    }
    const clock = { nowMs: START_MS }
    const store = memoryActuations({ maxCommands: 2 })
    const device = actuator({ now: () => clock.nowMs, mayActuate: () => true, execute, store, ...options })
    const { sensor, gateway } = await pair(memoryNetwork(), [device], [knows(actuateTypes)])
    const ask = (draft: ReturnType<typeof actuate>) =>
      gateway.agent.request(draft, { to: sensor.did, encoding, timeoutMs }).then(({ message }) => message)
    return { executed, clock, ask, sensor, gateway }
  }
  const heat = [{ n: 'heat', vb: true }]
  const expiresTime = NOW + 60

  it('are executed, and answered with the values that are in force', async () => {
    const { ask, executed } = await world()
    const answer = await ask(actuate([{ bn: 'room:', n: 'heat', vb: true }], { expiresTime }))
    expect([answer.type, readActuateResult(answer.body)]).toEqual([ACTUATE_RESULT, [{ n: 'room:heat', vb: true }]])
    expect(executed).toEqual([[{ n: 'room:heat', vb: true }]])
    const silent = await world({ execute: () => undefined })
    expect(readActuateResult((await silent.ask(actuate(heat, { expiresTime }))).body)).toEqual([])
  })

  it('are executed at most once, however often they come', async () => {
    const { ask, executed, clock } = await world()
    const first = await ask(actuate(heat, { expiresTime }))
    clock.nowMs += 59_000
    const again = await ask(actuate(heat, { expiresTime, retryOf: first.thid! }))
    expect([again.type, again.body]).toEqual([ACTUATE_RESULT, first.body])
    clock.nowMs += 1000
    const late = await ask(actuate(heat, { expiresTime, retryOf: first.thid! }))
    expect(late.body['code']).toBe('e.p.req.time.expired')
    expect(executed).toHaveLength(1)
  })

  it('that nobody knows the end of are not executed again', async () => {
    const store = memoryActuations()
    const { ask, executed, gateway } = await world({ store })
    await store.begin(`${gateway.did} thread-1`, START_MS + 60_000, START_MS)
    const answer = await ask(actuate(heat, { expiresTime, retryOf: 'thread-1' }))
    expect([answer.type, answer.body['code']]).toEqual([PROBLEM_REPORT, 'w.p.me.outcome-unknown'])
    expect(executed).toEqual([])
  })

  it('that fail say so, each time', async () => {
    let count = 0
    const fails = (error: Error) =>
      world({
        execute: () => {
          count += 1
          throw error
        },
      })
    const known = await fails(new ProblemError('e.p.me.no-water', 'No water'))
    for (const _ of [1, 2]) {
      const answer = await known.ask(actuate(heat, { expiresTime, retryOf: 'one' }))
      expect(answer.body).toMatchObject({ code: 'e.p.me.no-water', comment: 'No water' })
    }
    expect(count).toBe(1)
    const unknown = await fails(new Error('secret'))
    const answer = await unknown.ask(actuate(heat, { expiresTime }))
    expect(answer.body).toMatchObject({ code: 'e.p.me.failed', comment: 'The command failed' })
  })

  it.each<[string, number | undefined, Partial<ActuatorOptions>]>([
    ['e.p.req.time.no-deadline', undefined, {}],
    ['e.p.req.time.too-far', NOW + 3601, {}],
    ['e.p.me.no-clock', expiresTime, { now: () => Number.NaN }],
    ['e.p.req.time.expired', expiresTime, { now: () => START_MS + 60_000 }],
    ['e.p.trust.not-allowed', expiresTime, { mayActuate: (_, records) => records[0]?.n !== 'heat' }],
  ])('are refused with %s', async (code, deadline, options) => {
    const { ask, executed } = await world(options)
    const { expires_time: _, ...draft } = actuate(heat, { expiresTime })
    const answer = await ask({ ...draft, ...(deadline !== undefined && { expires_time: deadline }) })
    expect(answer.body['code']).toBe(code)
    expect(executed).toEqual([])
  })

  it('have a limit, and make room when their deadline has passed', async () => {
    const { ask, executed, clock } = await world()
    const codes: unknown[] = []
    for (let i = 0; i < 3; i++) codes.push((await ask(actuate(heat, { expiresTime }))).body['code'])
    clock.nowMs += 60_000
    codes.push((await ask(actuate(heat, { expiresTime: expiresTime + 60 }))).body['code'])
    expect(codes).toEqual([undefined, undefined, 'e.p.me.res.commands', undefined])
    expect(executed).toHaveLength(3)
  })

  it('without a pack are refused as malformed', async () => {
    const { gateway, sensor, executed } = await world()
    const draft = { ...actuate(heat, { expiresTime }), body: { senml: [] } }
    await gateway.agent.send(draft, { to: sensor.did, encoding }).catch(() => undefined)
    expect(sensor.agent.counters().refused).toEqual({ ERR_MESSAGE_MALFORMED: 1 })
    expect(executed).toEqual([])
  })
})
