import { connect as connectSocket, type Socket } from 'node:net'
import type { MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import type { MqttConnectionOptions, PeerState } from '../../transports/mqtt/connect.ts'
import { stateTopic } from '../../transports/mqtt/state.ts'
import { type AedesBroker, type Broker, hasMosquitto, startAedes, startMosquitto } from './broker.ts'
import { Clock, eventually, turn } from './clock.ts'
import { connectionRig, timerOf } from './mqtt-connection-rig.ts'
import { sha256 } from './sha256.ts'

const { cleanups, make, open, plain, program, serve } = connectionRig()
const alice = 'did:example:alice'
const topic = stateTopic(alice, sha256)
const brokers: [string, () => Promise<Broker>][] = [['aedes, 3.1.1', startAedes]]
if (hasMosquitto) brokers.push(['mosquitto, 5', startMosquitto])

async function started<B extends Broker>(start: () => Promise<B>): Promise<B> {
  const broker = await start()
  cleanups.push(() => broker.stop())
  return broker
}

/** Everything that is said on a topic, as anybody would see it: text, and `!` before what was retained. */
async function listen(url: string): Promise<{ said: string[]; client: MqttClient }> {
  const client = await plain(url)
  const said: string[] = []
  client.on('message', (_, payload, { retain }) => said.push(`${retain ? '!' : ''}${payload}`))
  await client.subscribeAsync(topic, { qos: 1 })
  return { said, client }
}

/** What the broker has for those who come now. */
async function retained(url: string): Promise<string> {
  const { said, client } = await listen(url)
  await eventually(() => said.length > 0)
  await client.endAsync(true)
  return said[0] ?? ''
}

/** What a connection of its own is told of alice. */
async function watch(url: string): Promise<PeerState[]> {
  const { connection } = await open({ url, did: 'did:example:watcher', inboxTopics: [] })
  const states: PeerState[] = []
  connection.onPeerState(alice, (state) => states.push(state))
  return states
}

const counter = (first: number) => {
  let next = first
  return () => next++
}

describe.each(brokers)('a state over %s', (_, start) => {
  it('is online with the connection, and offline with its graceful end', async () => {
    const { url } = await started(start)
    const states = await watch(url)
    const { connection, errors } = await open({ url, birthNumber: () => 7 })
    await eventually(() => states.length === 1)
    await connection.close()
    await eventually(() => states.length === 2)
    expect(states).toEqual([
      { online: true, birth: states[0]?.birth },
      { online: false, birth: states[0]?.birth },
    ])
    expect(await retained(url)).toMatch(/^!offline \d+$/)
    expect(errors).toEqual([])
  })

  it('says nothing where that is not wanted', async () => {
    const { url } = await started(start)
    const { said } = await listen(url)
    const { connection } = await open({ url, state: false })
    await connection.close()
    const other = await plain(url)
    await other.publishAsync(topic, 'end', { qos: 1 })
    await eventually(() => said.length > 0)
    expect(said).toEqual(['end'])
  })

  it('is told to whoever watches later, and to a second watcher of the same', async () => {
    const { url } = await started(start)
    await open({ url, protocolVersion: 4, birthNumber: () => 5 })
    const { connection } = await open({ url, did: 'did:example:watcher', inboxTopics: [] })
    const first: PeerState[] = []
    const second: PeerState[] = []
    const stop = connection.onPeerState(alice, (state) => first.push(state))
    await eventually(() => first.length === 1)
    connection.onPeerState(alice, (state) => second.push(state))
    await eventually(() => second.length === 1)
    expect([first, second]).toEqual([[{ online: true, birth: 5 }], [{ online: true, birth: 5 }]])
    stop()
    const other = await plain(url)
    await other.publishAsync(topic, 'offline 5', { qos: 1 })
    await eventually(() => second.length === 2)
    expect(first.length).toBe(1)
  })

  it('is offline by the last will when the process is killed', { timeout: 30_000 }, async () => {
    const { url } = await started(start)
    const states = await watch(url)
    const { child } = await program([url])
    await eventually(() => states.length === 1)
    child.kill('SIGKILL')
    await eventually(() => states.length === 2)
    expect(states[1]).toEqual({ online: false, birth: states[0]?.birth })
    await program([url])
    await eventually(() => states.length === 3)
    expect(states[2]?.birth).toBeGreaterThan(states[0]?.birth ?? 0)
    expect(await retained(url)).toBe(`!online ${states[2]?.birth}`)
  })

  it('is not silenced by an old will that comes late, neither for watchers nor for who comes then', async () => {
    const { url } = await started(start)
    const states = await watch(url)
    const { connection, changes } = await open({ url, birthNumber: () => 10, protocolVersion: 4 })
    await eventually(() => states.length === 1)
    const { said, client } = await listen(url)
    await client.publishAsync(topic, 'offline 9', { qos: 1, retain: true })
    await eventually(() => said.length >= 3)
    expect(said).toEqual(['!online 10', 'offline 9', 'online 10'])
    expect(await retained(url)).toBe('!online 10')
    expect(states).toEqual([{ online: true, birth: 10 }])
    expect([connection.connected, changes]).toEqual([true, [true]])
  })

  it('is said anew, with another connection, where the end of this one was said falsely', async () => {
    const { url } = await started(start)
    const states = await watch(url)
    const { connection, changes, errors } = await open({ url, birthNumber: () => 10, protocolVersion: 4 })
    await eventually(() => states.length === 1)
    const client = await plain(url)
    await client.publishAsync(topic, 'offline 10', { qos: 1, retain: true })
    await eventually(() => states.length === 3 && connection.connected)
    expect(states.map(({ online, birth }) => `${online} ${birth}`)).toEqual(['true 10', 'false 10', 'true 11'])
    expect(changes).toEqual([true, false, true])
    expect(errors).toEqual([])
    expect(await retained(url)).toBe('!online 11')
  })

  it('grows over a clock that was set back', async () => {
    const { url } = await started(start)
    const states = await watch(url)
    const first = await open({ url, birthNumber: () => 1_000 })
    await first.connection.close()
    await eventually(() => states.length === 2)
    await open({ url, birthNumber: () => 3 })
    await eventually(() => states.length === 3)
    expect(states[2]?.birth).toBeGreaterThan(states[1]?.birth ?? 0)
    expect(await retained(url)).toBe(`!online ${states[2]?.birth}`)
  })
})

describe('a birth', () => {
  const connected = async (options: Partial<MqttConnectionOptions>) => {
    const broker: AedesBroker = await started(startAedes)
    const listener = await listen(broker.url)
    const opened = await open({ url: broker.url, protocolVersion: 4, ...options })
    await eventually(() => listener.said.length > 0)
    return { broker, ...listener, ...opened }
  }

  it('has a larger number with each connection, also of a clock that stands still', async () => {
    const clock = new Clock()
    const { broker, said, connection } = await connected({ timer: timerOf(clock), now: () => 0 })
    expect(said).toEqual(['online 0'])
    broker.disconnectAll()
    await eventually(() => !connection.connected)
    // The listener was disconnected too, and comes back to what is retained.
    await eventually(
      () => said.includes('!online 1'),
      () => clock.advance(100),
    )
  })

  it('repairs a state that others overwrite without end once a minute, and ends with the connection', async () => {
    const clock = new Clock()
    const { said, client, connection } = await connected({ timer: timerOf(clock), birthNumber: () => 10 })
    const births = () => said.filter((text) => text === 'online 10').length
    const overwrite = async (text: string) => {
      const before = said.length
      await client.publishAsync(topic, text, { qos: 1, retain: true })
      await eventually(() => said.length > before)
      for (let turns = 0; turns < 20; turns += 1) await turn()
    }
    expect(births()).toBe(1)
    for (let times = 0; times < 5; times += 1) await overwrite('offline 9')
    await overwrite('garbage')
    await overwrite('')
    expect(births()).toBe(2)
    clock.advance(60_000)
    await eventually(() => births() === 3)
    clock.advance(60_000)
    for (let turns = 0; turns < 20; turns += 1) await turn()
    expect(births()).toBe(3)
    await overwrite('offline 9')
    await eventually(() => births() === 4)
    await connection.close()
    expect(clock.pending).toBe(0)
  })

  it('tolerates the largest number, which nothing can follow', async () => {
    const clock = new Clock()
    const { client, connection, changes } = await connected({ timer: timerOf(clock), birthNumber: () => 10 })
    await client.publishAsync(topic, `offline ${Number.MAX_SAFE_INTEGER}`, { qos: 1, retain: true })
    for (let turns = 0; turns < 50; turns += 1) await turn()
    clock.advance(120_000)
    expect([connection.connected, changes]).toEqual([true, [true]])
  })

  it.each([Number.NaN, -1, 0.5, 2 ** 53])(
    'does not have the number %d: that is told, and no connection made',
    async (number) => {
      const { url } = await started(startAedes)
      const clock = new Clock()
      const { connection, errors } = make({ url, timer: clock.timer, birthNumber: () => number })
      void connection.start(async () => 'accepted')
      await eventually(() => errors.length > 0)
      expect(errors[0]?.cause).toBeInstanceOf(RangeError)
      await connection.close()
      clock.advance(60_000)
    },
  )

  it('goes on from what is retained where the clock does not know the time', async () => {
    const { url } = await started(startAedes)
    const states = await watch(url)
    for (const births of [1, 2]) {
      const { connection } = await open({ url, now: () => Number.NaN })
      await eventually(() => states.length === 2 * births - 1 && connection.connected)
      await connection.close()
      await eventually(() => states.length === 2 * births)
    }
    expect(states.map(({ online }) => online)).toEqual([true, false, true, false])
    expect(states[0]?.birth).toBeLessThan(10)
  })

  it('counts from one number on where it is given one', async () => {
    const { said } = await connected({ birthNumber: counter(1_000_000) })
    expect(said).toEqual(['online 1000000'])
  })
})

describe.skipIf(!hasMosquitto)('a last will of MQTT 5', () => {
  it.each([
    [3_000, 'waits, so that a short loss is told to nobody', [true, true]],
    [0, 'does not wait where that is wanted', [true, false, true]],
  ])('with %d ms %s', async (willDelayMs, _, wanted) => {
    const broker = new URL((await started(startMosquitto)).url)
    const sockets: Socket[] = []
    const { url } = await serve((socket) => {
      sockets.push(socket)
      const upstream = connectSocket(Number(broker.port), broker.hostname)
      upstream.on('error', () => undefined)
      socket.pipe(upstream).pipe(socket)
      socket.on('close', () => upstream.destroy())
    })
    const states = await watch(broker.href)
    const { changes } = await open({ url, willDelayMs, random: () => 0.99 })
    await eventually(() => states.length === 1)
    sockets[0]?.destroy()
    await eventually(() => changes.length === 3 && states.length >= wanted.length)
    await new Promise((resolve) => setTimeout(resolve, willDelayMs + 500))
    expect(states.map(({ online }) => online)).toEqual(wanted)
  })
})
