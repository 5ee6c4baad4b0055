import { didPeer2Identity, PROBLEM_REPORT } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { type PickupKeeper, type PickupState, pickupKeeper } from 'didcomm-mote/protocols/messagepickup'
import { ws } from 'didcomm-mote/transports/ws'
import { afterEach, describe, expect, it } from 'vitest'
import { party } from '../agent/world.ts'
import { Clock, eventually, turn } from '../transport/clock.ts'
import { overWire } from './live-world.ts'
import { mediation, NOTE, seed } from './world.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const half = () => 0.5
const still = async () => {
  for (let turns = 0; turns < 30; turns += 1) await turn()
}

/** A recipient behind a wire, with a keeper, whose pauses are half of their limits. */
async function kept(version: 3 | 4 = 3) {
  let keeper: PickupKeeper | undefined
  const made = await overWire({ atCloud: { onDisconnect: () => keeper?.disconnected() } })
  const states: PickupState[] = []
  const clock = new Clock()
  const own = pickupKeeper({
    agent: made.cloud.agent,
    mediatorDid: made.own.did,
    version,
    timer: clock.timer,
    random: half,
    onState: (state) => states.push(state),
  })
  keeper = own
  cleanups.push(() => own.close())
  return { ...made, keeper: own, states, clock }
}

describe.each([3, 4] as const)('a keeper of pickup %i', (version) => {
  it('keeps messages coming over breaks and silence, each once, and none is lost [T7, T8]', async () => {
    const { keeper, clock, send, texts, waiting, line, atMediator, atCloud, live, states } = await kept(version)
    await send('waited')
    keeper.start()
    await eventually(() => keeper.state === 'live')
    expect(texts()).toEqual(['waited'])
    await send('pushed')
    await eventually(() => texts().length === 2)

    line.silence('up', 'down')
    await send('in the silence')
    atMediator.advance(30_000)
    await eventually(() => live.size === 0)
    atCloud.advance(60_000)
    await eventually(() => keeper.state === 'away')
    clock.advance(500)
    await eventually(() => keeper.state === 'live')
    expect(texts()).toEqual(['waited', 'pushed', 'in the silence'])

    for (const round of [0, 1, 2]) {
      line.cut()
      await eventually(() => keeper.state === 'away')
      await send(`while it was away ${round}`)
      clock.advance(60_000)
      await eventually(() => keeper.state === 'live')
    }
    await send('at last')
    await eventually(() => texts().length === 7)
    expect(new Set(texts()).size).toBe(7)
    let left = 1
    await eventually(
      () => left === 0,
      () => void waiting().then((count) => (left = count)),
    )
    expect(states).toEqual(['live', 'away', 'live', 'away', 'live', 'away', 'live', 'away', 'live'])
  })
})

describe('a keeper', () => {
  it('finds out that a connection which looks alive brings nothing, at its next look', async () => {
    const { keeper, clock, cloudOwn, live, send, texts } = await kept()
    keeper.start()
    await eventually(() => keeper.state === 'live')
    // As a mediator that has forgotten all about it.
    live.disable(cloudOwn.did, undefined)
    await send('left there')
    await still()
    expect(texts()).toEqual([])
    clock.advance(0.875 * 300_000)
    await eventually(() => texts().length === 1)
    await eventually(() => live.size === 1)
    keeper.check()
    await send('pushed again')
    await eventually(() => texts().length === 2)
  })

  it('does not overlook that the connection breaks while it asks', async () => {
    const { keeper, clock, states } = await kept()
    keeper.start()
    keeper.disconnected()
    await eventually(() => clock.pending === 1)
    expect([keeper.state, states]).toEqual(['away', []])
    clock.advance(500)
    await eventually(() => keeper.state === 'live')
  })

  it('waits longer for a connection that breaks again and again, until it has held', async () => {
    const { keeper, clock, line } = await kept()
    const pauses = async (shortMs: number, enoughMs: number) => {
      line.cut()
      await eventually(() => keeper.state === 'away')
      clock.advance(shortMs)
      await still()
      expect(keeper.state).toBe('away')
      clock.advance(enoughMs - shortMs)
      await eventually(() => keeper.state === 'live')
    }
    keeper.start()
    await eventually(() => keeper.state === 'live')
    await pauses(499, 500)
    await pauses(999, 1_000)
    await pauses(1_999, 2_000)
    clock.advance(300_000)
    await eventually(() => clock.pending === 1 && keeper.state === 'live')
    await pauses(499, 500)
  })

  it('waits longer after each failure, up to a limit, whatever other connections do', async () => {
    const { did } = didPeer2Identity(crypto, seed('M'), [{ uri: 'ws://127.0.0.1:1', accept: ['didcomm/v2'] }])
    const { agent } = party('a', [ws({ allowPrivateAddresses: true })])
    await agent.start()
    cleanups.push(() => agent.close())
    const pauses: number[] = []
    const clock = new Clock()
    const timer = (delayMs: number, run: () => void) => {
      pauses.push(delayMs)
      return clock.timer(delayMs, run)
    }
    const limits = { firstPauseMs: 1_000, maxPauseMs: 5_000 }
    const keeper = pickupKeeper({ agent, mediatorDid: did, timer, random: half, ...limits })
    keeper.start()
    for (let round = 1; round <= 5; round += 1) {
      await eventually(() => pauses.length === round)
      keeper.disconnected()
      expect([pauses.length, keeper.state, clock.pending]).toEqual([round, 'away', 1])
      clock.advance(pauses.at(-1) ?? 0)
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 2_500, 2_500])
    await keeper.close()
    expect(clock.pending).toBe(0)
  })

  it('ends with its agent, and waits for what is under way when it is closed itself', async () => {
    const { keeper, clock, cloud, send, waiting } = await kept()
    let finish: () => void = () => undefined
    await send('slow')
    cloud.agent.on(NOTE, async () => {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      return undefined
    })
    const idle = finish
    keeper.start()
    await eventually(() => finish !== idle)
    let isClosed = false
    const closed = keeper.close().then(() => {
      isClosed = true
    })
    await still()
    expect(isClosed).toBe(false)
    finish()
    await closed
    expect([await waiting(), clock.pending]).toEqual([0, 0])

    const other = await kept()
    other.keeper.start()
    await eventually(() => other.keeper.state === 'live')
    await other.cloud.agent.close()
    await eventually(() => other.keeper.state === 'away')
    other.clock.advance(60_000)
    await still()
    expect(other.clock.pending).toBe(0)
  })

  it('asks a mediator that pushes nothing', async () => {
    const made = await mediation()
    cleanups.push(() => made.close())
    const [cloud, gateway] = [await made.recipient('c'), await made.sender('g')]
    await made.mailbox.register(cloud.shortDid, cloud.shortDid)
    const refusals = () =>
      cloud.events.filter((event) => event.kind === 'received' && event.type === PROBLEM_REPORT).length
    const got: unknown[] = []
    cloud.agent.on(NOTE, ({ message }) => void got.push(message.body['text']) as undefined)
    const clock = new Clock()
    const keeper = pickupKeeper({
      agent: cloud.agent,
      mediatorDid: made.mediator.did,
      timer: clock.timer,
      random: half,
      pollMs: 8_000,
    })
    keeper.start()
    await eventually(() => keeper.state === 'polling')
    for (const text of ['one', 'two']) {
      await gateway.agent.send({ type: NOTE, body: { text } }, { to: cloud.did })
      clock.advance(6_999)
      await still()
      expect(got).not.toContain(text)
      clock.advance(1)
      await eventually(() => got.includes(text))
      await eventually(() => clock.pending === 1)
    }
    // Live delivery was refused once, and is not asked for with each look.
    expect(refusals()).toBe(1)
    keeper.check()
    await eventually(() => refusals() === 2)
    await keeper.close()
    expect(clock.pending).toBe(0)
    keeper.disconnected()
    keeper.check()
    expect(clock.pending).toBe(0)
  })
})
