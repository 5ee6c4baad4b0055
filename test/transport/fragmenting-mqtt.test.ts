import { randomUUID } from 'node:crypto'
import { contactBook, firstOf, memorySeenStore, type Transport } from 'didcomm-mote'
import { crypto, sha256 } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { fragmenting } from 'didcomm-mote/transports/fragmenting'
import { mqtt } from 'didcomm-mote/transports/mqtt'
import { connect, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { party } from '../agent/world.ts'
import { hasMosquitto, type MortalBroker, startMosquitto } from './broker.ts'
import { eventually, turn } from './clock.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const note = (text: string) => ({ type: NOTE, body: { text } })

/** A broker that takes MQTT packets of so many bytes, topic and all, and the bytes that are left for an envelope. */
const brokerBytes = 340
const linkBytes = 200

describe.skipIf(!hasMosquitto)('agents over a mosquitto that takes small packets only', () => {
  let broker: MortalBroker
  const clients: MqttClient[] = []
  const closing: (() => Promise<void>)[] = []

  beforeEach(async () => {
    broker = await startMosquitto([`max_packet_size ${brokerBytes}`])
  })
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
    await broker.stop()
  })

  /** Not connected yet, so that nothing comes before there is a transport. */
  function clientOf(name: string, protocolVersion: 4 | 5): MqttClient {
    const properties = protocolVersion === 5 ? { properties: { sessionExpiryInterval: 300 } } : {}
    const client = connect(broker.url, { clean: false, clientId: name, protocolVersion, ...properties })
    client.on('error', () => undefined)
    clients.push(client)
    return client
  }

  const topics = { a: `a-${randomUUID().slice(0, 8)}`, b: `b-${randomUUID().slice(0, 8)}` }
  const bare = (name: 'a' | 'b', version: 4 | 5 = 5) =>
    mqtt({ client: clientOf(topics[name], version), broker: broker.url, inboxTopics: [topics[name]] })

  /** An agent that keeps the texts of its notes. */
  async function agent(name: 'a' | 'b', transport: Transport) {
    const contacts = contactBook(crypto, firstOf(didKey(crypto)))
    const one = party(name, [transport], { contacts, seen: memorySeenStore() })
    const texts: unknown[] = []
    one.agent.on(NOTE, ({ message }) => void texts.push(message.body['text']) as undefined)
    for (const other of ['a', 'b'] as const) {
      await contacts.add({ did: party(other, []).did, uri: `${broker.url}/${topics[other]}` })
    }
    await one.agent.start()
    closing.push(() => one.agent.close())
    return { ...one, texts }
  }

  it.each([4, 5] as const)('speak JSON in MQTT %i, a dozen fragments to a message', async (version) => {
    const join = async (name: 'a' | 'b') =>
      agent(name, fragmenting(bare(name, version), { sha256, maxPacketBytes: linkBytes }))
    const [alice, bob] = [await join('a'), await join('b')]
    const sent = Array.from({ length: 30 }, (_, index) => `${index} ${'x'.repeat(20 * index)}`)
    await Promise.all(sent.map((text) => alice.agent.send(note(text), { to: bob.did, encoding: 'json' })))
    await eventually(() => bob.texts.length >= sent.length)
    await bob.agent.send(note('back'), { to: alice.did, encoding: 'json' })
    await eventually(() => alice.texts.length === 1)
    expect([...bob.texts].sort()).toEqual([...sent].sort())
    expect(bob.agent.counters()).toMatchObject({ received: sent.length, duplicate: 0, failed: 0, refused: {} })
  })

  it('say nothing in JSON without fragments', async () => {
    const alice = await agent('a', bare('a'))
    const sent = alice.agent.send(note('hello'), { to: party('b', []).did, encoding: 'json' })
    await expect(sent).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  })

  it('lose nothing when the receiver ends in the middle of a message', async () => {
    const alice = await agent('a', fragmenting(bare('a'), { sha256, maxPacketBytes: linkBytes }))
    const { did: bobDid } = party('b', [])
    // The session of Bob is there from the start.
    const earlier = clientOf(topics.b, 5)
    await earlier.subscribeAsync(topics.b, { qos: 1 })
    await earlier.endAsync()
    /** Bob, whose link breaks when it has brought so many packets, without a word to the broker. */
    const dying = async (packets: number) => {
      const client = clientOf(topics.b, 5)
      const link = mqtt({ client, broker: broker.url, inboxTopics: [topics.b] })
      let count = 0
      let isDead = false
      const die = async () => {
        // What was acknowledged before leaves first.
        for (let turns = 0; turns < 50; turns += 1) await turn()
        client.stream.destroy()
        client.end(true)
        isDead = true
      }
      const breaking: Transport = {
        schemes: link.schemes,
        maxPacketBytes: link.maxPacketBytes,
        send: (uri, packet) => link.send(uri, packet),
        close: () => link.close(),
        start: (receive) =>
          link.start((packet) => {
            count += 1
            if (count === packets) void die()
            return count >= packets ? new Promise(() => undefined) : receive(packet)
          }),
      }
      const options = { sha256, maxPacketBytes: linkBytes }
      const bob = party('b', [fragmenting(breaking, options)], {
        contacts: contactBook(crypto, didKey(crypto).resolve),
      })
      await bob.agent.start()
      await eventually(() => isDead)
      return bob.agent.counters().received
    }
    // A JSON envelope of some 1,400 bytes: eight fragments.
    await alice.agent.send(note('survivor'), { to: bobDid, encoding: 'json' })
    expect(await dying(4)).toBe(0)
    const bob = await agent('b', fragmenting(bare('b'), { sha256, maxPacketBytes: linkBytes }))
    await eventually(() => bob.texts.length > 0)
    expect(bob.texts).toEqual(['survivor'])
  })

  it('are not stopped by a stranger who sends the beginnings of messages', async () => {
    const alice = await agent('a', fragmenting(bare('a'), { sha256, maxPacketBytes: linkBytes }))
    const drops: string[] = []
    const options = { sha256, maxPacketBytes: linkBytes, onDrop: (reason: string) => drops.push(reason) }
    const bob = await agent('b', fragmenting(bare('b'), options))
    const stranger = clientOf('stranger', 5)
    for (let index = 0; index < 100; index += 1) {
      const beginning = Buffer.from(`30${index.toString(16).padStart(8, '0')}ff0700`, 'hex')
      await stranger.publishAsync(topics.b, beginning, { qos: 1 })
      if (index % 10 === 0) await alice.agent.send(note(`${index}`), { to: bob.did, encoding: 'json' })
    }
    await eventually(() => bob.texts.length === 10)
    // There is room for 64: the others gave way.
    await eventually(() => drops.length >= 100 - 64)
    expect(new Set(drops)).toEqual(new Set(['no-room']))
  })
})
