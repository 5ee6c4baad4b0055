import { pickUp, startLiveDelivery } from 'didcomm-mote/protocols/messagepickup'
import { describe, expect, it } from 'vitest'
import { eventually, turn } from '../transport/clock.ts'
import { liveMediation, overWire } from './live-world.ts'
import { reconnect } from './reconnect.ts'
import { NOTE } from './world.ts'

const PING_MS = 30_000

const still = async () => {
  for (let turns = 0; turns < 30; turns += 1) await turn()
}

describe.each([3, 4] as const)('a connection that dies without a word, under pickup %i', (version) => {
  it('loses nothing that was written into it: it comes over the next one, once [T7, T8]', async () => {
    const { cloud, own, line, atMediator, atCloud, send, sender, live, texts, waiting } = await overWire()
    await startLiveDelivery(cloud.agent, own.did, { version })
    line.silence('up', 'down')
    // The sender is not kept waiting for the recipient's pong.
    await send('into the dark')
    expect(await waiting()).toBe(1)
    await still()
    expect([texts(), live.size]).toEqual([[], 1])
    atMediator.advance(PING_MS)
    await eventually(() => live.size === 0)
    expect(await waiting()).toBe(1)
    expect(sender.counters()).toMatchObject({ sent: 1 })

    // The phone finds out by itself: two looks without a word.
    atCloud.advance(PING_MS)
    atCloud.advance(PING_MS)
    expect(await startLiveDelivery(cloud.agent, own.did, { version })).toBe(true)
    expect(await pickUp(cloud.agent, own.did, { version })).toBe(1)
    await send('seen at once')
    await eventually(() => texts().length === 2)
    expect(texts()).toEqual(['into the dark', 'seen at once'])
    await eventually(() => true, turn)
    expect(cloud.agent.counters().duplicate).toBe(0)
  })

  it('brings a message again whose confirmation it has swallowed, and the application sees it once [T7, T8]', async () => {
    const { cloud, own, line, atMediator, atCloud, send, live, texts, waiting } = await overWire()
    await startLiveDelivery(cloud.agent, own.did, { version })
    line.silence('up')
    await send('heard')
    await eventually(() => texts().length === 1)
    await still()
    // Neither the pong nor messages-received has come through.
    expect(await waiting()).toBe(1)
    atMediator.advance(PING_MS)
    await eventually(() => live.size === 0)
    atCloud.advance(PING_MS)
    atCloud.advance(PING_MS)
    expect(await startLiveDelivery(cloud.agent, own.did, { version })).toBe(true)
    expect(await pickUp(cloud.agent, own.did, { version })).toBe(1)
    expect(texts()).toEqual(['heard'])
    expect(cloud.agent.counters().duplicate).toBe(1)
    let left = 1
    await eventually(
      () => left === 0,
      () => void waiting().then((count) => (left = count)),
    )
  })
})

describe('a second connection of the same recipient', () => {
  it('takes the place of the first, which gets nothing more while it is still open [T7, T8]', async () => {
    const { cloud, connect, own, send, live, texts, waiting } = await liveMediation()
    await startLiveDelivery(cloud.agent, own.did)
    const second = await connect()
    expect(await startLiveDelivery(second.agent, own.did)).toBe(true)
    expect(live.size).toBe(1)
    const before = cloud.agent.counters().received
    for (const text of ['one', 'two', 'three']) await send(text)
    await eventually(() => texts().length === 3)
    await still()
    expect(await waiting()).toBe(0)
    expect([texts(), cloud.agent.counters().received]).toEqual([['one', 'two', 'three'], before])
    expect(second.agent.counters().duplicate).toBe(0)
    await cloud.agent.close()
    await still()
    await send('four')
    await eventually(() => texts().length === 4)
    expect(live.size).toBe(1)
  })

  it('is not live because the first one is, and its status says so [T7]', async () => {
    const { cloud, connect, own } = await liveMediation()
    await startLiveDelivery(cloud.agent, own.did)
    const second = await connect()
    const ask = async (agent: typeof cloud.agent) => {
      const question = { type: 'https://didcomm.org/messagepickup/3.0/status-request' }
      return (await agent.request(question, { to: own.did, encoding: 'json' })).message.body['live_delivery']
    }
    expect([await ask(cloud.agent), await ask(second.agent)]).toEqual([true, false])
    await startLiveDelivery(second.agent, own.did, { live: false })
    expect(await ask(cloud.agent)).toBe(true)
  })
})

describe('connections, one after the other', () => {
  it('leave nothing behind, and nothing is lost or comes twice [T7, T8]', () => reconnect(50))
})

describe('a recipient that takes long', () => {
  it('is pushed a bounded number of messages, and the others as it confirms, all of them once [T7, T8]', async () => {
    const { cloud, own, send, live, waiting, mediator } = await liveMediation({ atCloud: { maxQueued: 200 } })
    await startLiveDelivery(cloud.agent, own.did)
    await still()
    const before = mediator.counters().sent
    let goOn: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const got: unknown[] = []
    cloud.agent.on(NOTE, async ({ message }) => {
      got.push(message.body['text'])
      await gate
      return undefined
    })
    for (let i = 0; i < 80; i += 1) await send(`${i}`)
    await eventually(() => mediator.counters().sent === before + 64)
    await still()
    // As many as the transport of the recipient hands on at the same time.
    expect([await waiting(), got.length, mediator.counters().sent - before]).toEqual([80, 16, 64])
    goOn()
    await eventually(() => got.length === 80)
    expect(new Set(got).size).toBe(80)
    let left = 1
    await eventually(
      () => left === 0,
      () => void waiting().then((count) => (left = count)),
    )
    expect([live.size, cloud.agent.counters().duplicate]).toEqual([1, 0])
  })
})
