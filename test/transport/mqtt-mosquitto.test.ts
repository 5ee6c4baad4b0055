import { randomUUID } from 'node:crypto'
import { contactBook, firstOf } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { describe, expect, it } from 'vitest'
import { mqtt } from '../../transports/mqtt/mqtt.ts'
import { party } from '../agent/world.ts'
import { hasMosquitto } from './broker.ts'
import { eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { mosquittoRig } from './mosquitto-rig.ts'
import { seeded } from './seeded.ts'

describe.skipIf(!hasMosquitto).each([4, 5] as const)('mqtt %i over a mosquitto in trouble', (protocolVersion) => {
  const narrow = ['max_queued_messages 5', 'max_inflight_messages 3', 'max_packet_size 20000']
  const { broker, client, keep, open, packet, texts, uri } = mosquittoRig(narrow)
  const connect = (clientId: string = randomUUID()) => client({ protocolVersion, clientId })

  it('drops what is retained at each subscription, after a restart too, and receives the rest', async () => {
    const drops: string[] = []
    const vandal = connect()
    for (const topic of ['inbox', 'other']) {
      await vandal.publishAsync(topic, Buffer.alloc(10_000, 0xff), { qos: 1, retain: true })
    }
    const receiver = connect()
    await open({ client: receiver, inboxTopics: ['inbox', 'other'], onDrop: (reason) => drops.push(reason) })
    const sender = await open({ client: connect() })
    await sender.send(uri(), packet('before'))
    await eventually(() => texts().length === 1 && drops.length === 2)
    await broker().end()
    await eventually(() => !receiver.connected)
    await broker().restart()
    await eventually(() => drops.length === 4)
    await eventually(() => vandal.connected)
    await vandal.publishAsync('inbox', 'after', { qos: 1 })
    await eventually(() => texts().includes('after'))
    // The broker may end before it has read the PUBACK of the first.
    expect([...new Set(texts())]).toEqual(['before', 'after'])
    expect(new Set(drops)).toEqual(new Set(['retained']))
  })

  it('loses to a full queue what came last, although the broker acknowledges it', async () => {
    const clientId = randomUUID()
    const away = connect(clientId)
    await away.subscribeAsync('inbox', { qos: 1 })
    await away.endAsync()
    const sender = await open({ client: connect() })
    for (let n = 1; n <= 20; n += 1) await sender.send(uri(), packet(`${n}`))
    await open({ client: connect(clientId), inboxTopics: ['inbox'] })
    await eventually(() => texts().length === 5)
    await sender.send(uri(), packet('later'))
    await eventually(() => texts().includes('later'))
    expect(texts()).toEqual(['1', '2', '3', '4', '5', 'later'])
  })

  it('loses nothing of what fits into its queues when the broker is restarted', async () => {
    const clientId = randomUUID()
    const away = connect(clientId)
    await away.subscribeAsync('inbox', { qos: 1 })
    await away.endAsync()
    const sending = connect()
    const sender = await open({ client: sending })
    for (const text of ['1', '2', '3']) await sender.send(uri(), packet(text))
    await broker().end()
    await eventually(() => !sending.connected)
    expect(await codeOf(sender.send(uri(), packet('nowhere')))).toBe('ERR_TRANSPORT_UNREACHABLE')
    await broker().restart()
    await eventually(() => sending.connected)
    await sender.send(uri(), packet('4'))
    await open({ client: connect(clientId), inboxTopics: ['inbox'] })
    await eventually(() => texts().length === 4)
    expect(texts()).toEqual(['1', '2', '3', '4'])
  })

  it('says that a packet is too large for the broker, where the broker has said it', async () => {
    const sending = connect()
    const sender = await open({ client: sending })
    const sent = await codeOf(sender.send(uri(), { bytes: new Uint8Array(21_000) }))
    // A broker of 3.1.1 has no way to say anything, and ends the connection.
    expect(sent).toBe(protocolVersion === 5 ? 'ERR_TOO_LARGE' : 'ERR_TRANSPORT_UNREACHABLE')
    await eventually(() => sending.connected)
    await open({ client: connect(), inboxTopics: ['inbox'], receive: keep })
    await sender.send(uri(), { bytes: new Uint8Array(19_000) })
    await eventually(() => texts().length === 1)
  })

  it.runIf(protocolVersion === 5)(
    'sends all that the broker takes with every property that there can be, and no more',
    async () => {
      const topic = `dc1/${'x'.repeat(500)}/in`
      const inbox = `dc1/${'y'.repeat(500)}/in`
      const sending = connect()
      const sender = await open({ client: sending, inboxTopics: [inbox], contentType: true })
      await open({ client: connect(), inboxTopics: [topic] })
      const more = {
        mediaType: 'application/cose; cose-type="cose-encrypt0"',
        expiresAtMs: Date.now() + 60_000,
        wantsReply: true,
      } as const
      let most = 20_000
      while ((await codeOf(sender.send(uri(topic), { bytes: new Uint8Array(most), ...more }))) === 'ERR_TOO_LARGE')
        most -= 1
      await eventually(() => texts().length === 1)
      expect(most).toBeGreaterThan(16_000)
      expect(sending.connected).toBe(true)
    },
  )

  it('refuses garbage from anybody, and goes on with the envelopes between', async () => {
    const on = (topic: string) => mqtt({ client: connect(), broker: broker().url, inboxTopics: [topic] })
    const contacts = contactBook(crypto, firstOf(didKey(crypto)))
    const alice = party('a', [on('alice')], { contacts })
    const bob = party('b', [on('bob')], { protocols: [trustPing()] })
    await contacts.add({ did: bob.did, uri: uri('bob') })
    await Promise.all([alice.agent.start(), bob.agent.start()])
    const vandal = connect()
    const random = seeded(5)
    for (let n = 0; n < 10; n += 1) {
      const garbage = Buffer.from(Array.from({ length: n * n }, () => Math.floor(random() * 256)))
      await vandal.publishAsync('bob', garbage, { qos: n % 2 === 0 ? 1 : 0 })
      await alice.agent.send(ping({ responseRequested: false }), { to: bob.did })
    }
    await eventually(() => bob.agent.counters().received === 10)
    const refused = Object.values(bob.agent.counters().refused).reduce((sum, count) => sum + count, 0)
    expect(refused).toBe(10)
    expect(bob.agent.counters().failed).toBe(0)
    await Promise.all([alice.agent.close(), bob.agent.close()])
  })
})
