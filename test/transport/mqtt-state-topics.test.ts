import { beforeEach, describe, expect, it } from 'vitest'
import { stateTopic } from '../../transports/mqtt/state.ts'
import { type AedesBroker, startAedes } from './broker.ts'
import { Clock, eventually, turn } from './clock.ts'
import { connectionRig, timerOf } from './mqtt-connection-rig.ts'
import { sha256 } from './sha256.ts'

const { cleanups, make, open, plain } = connectionRig()
const bob = 'did:example:bob'
const topic = stateTopic(bob, sha256)

describe('who watches states', () => {
  let broker: AedesBroker
  const unsubscribed: string[] = []
  beforeEach(async () => {
    broker = await startAedes()
    cleanups.push(() => broker.stop())
    unsubscribed.length = 0
    broker.aedes.on('unsubscribe', (topics) => unsubscribed.push(...topics))
  })

  it('ends the subscription with the last that listens', async () => {
    const { connection } = await open({ url: broker.url })
    const stops = [connection.onPeerState(bob, () => undefined), connection.onPeerState(bob, () => undefined)]
    stops[0]?.()
    for (let turns = 0; turns < 20; turns += 1) await turn()
    expect(unsubscribed).toEqual([])
    stops[1]?.()
    stops[1]?.()
    await eventually(() => unsubscribed.length > 0)
    expect(unsubscribed).toEqual([topic])
  })

  it('ends what an earlier run has left in the session, once it comes', async () => {
    const first = await open({ url: broker.url })
    const states: unknown[] = []
    const publisher = await plain(broker.url)
    first.connection.onPeerState(bob, (state) => states.push(state))
    await publisher.publishAsync(topic, 'online 1', { qos: 1, retain: true })
    await eventually(() => states.length === 1)
    await first.connection.close()
    await open({ url: broker.url })
    for (const text of ['offline 1', 'online 2', 'offline 2']) await publisher.publishAsync(topic, text, { qos: 1 })
    await eventually(() => unsubscribed.length > 0)
    for (let turns = 0; turns < 20; turns += 1) await turn()
    expect(unsubscribed).toEqual([topic])
  })

  it('listens on each connection, to what came meanwhile as well', async () => {
    const clock = new Clock()
    const { connection } = await open({ url: broker.url, timer: timerOf(clock) })
    const states: number[] = []
    const publisher = await plain(broker.url)
    await publisher.publishAsync(topic, 'online 1', { qos: 1, retain: true })
    connection.onPeerState(bob, ({ birth }) => states.push(birth))
    await eventually(() => states.length === 1)
    broker.disconnectAll()
    await eventually(() => !connection.connected)
    const other = await plain(broker.url)
    await other.publishAsync(topic, 'online 2', { qos: 1, retain: true })
    await eventually(
      () => states.length === 2,
      () => clock.advance(100),
    )
    expect(states).toEqual([1, 2])
  })

  it('is told where the broker refuses that, and keeps the connection', async () => {
    broker.aedes.authorizeSubscribe = (_client, subscription, done) =>
      done(null, subscription.topic === topic ? null : subscription)
    const { connection, errors } = await open({ url: broker.url })
    connection.onPeerState(bob, () => undefined)
    await eventually(() => errors.length > 0)
    expect(errors.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      `ERR_TRANSPORT_REJECTED: the broker refuses to subscribe "${topic}"`,
    ])
    expect(connection.connected).toBe(true)
  })

  it('watches 10,000 agents at most, its own state included', () => {
    const { connection } = make({ url: broker.url })
    for (let count = 1; count < 10_000; count += 1) connection.onPeerState(`did:example:${count}`, () => undefined)
    expect(() => connection.onPeerState(bob, () => undefined)).toThrow(RangeError)
    connection.onPeerState('did:example:1', () => undefined)
  })
})
