import { createHash, randomUUID } from 'node:crypto'
import { connect } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { inboxTopic, mqtt } from '../../transports/mqtt/mqtt.ts'
import { accept, aedesRig, bytesOf } from './aedes-rig.ts'
import { Clock, eventually } from './clock.ts'
import { codeOf } from './codes.ts'

const { acks, broker, client, got, keep, make, open, owned, publish, uri } = aedesRig()

describe('mqtt', () => {
  it('subscribes again and sends again after the connection was lost', async () => {
    const receiver = await client()
    await open(keep, { client: receiver })
    const sendingClient = await client()
    const sender = await open(accept, { client: sendingClient, inboxTopics: [] })
    await sender.send(uri(), { bytes: bytesOf('1') })
    broker().disconnectAll()
    await eventually(() => !receiver.connected && !sendingClient.connected)
    expect(await codeOf(sender.send(uri(), { bytes: bytesOf('2') }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    await eventually(() => receiver.connected && sendingClient.connected)
    await sender.send(uri(), { bytes: bytesOf('3') })
    await eventually(() => got.includes('3'))
    expect(got).toEqual(['1', '3'])
  })

  it('subscribes again on a broker that has forgotten the session', async () => {
    const receiver = await client({ clean: true, resubscribe: false })
    await open(keep, { client: receiver })
    broker().disconnectAll()
    await eventually(() => !receiver.connected)
    let subscribed = 0
    broker().aedes.on('subscribe', () => {
      subscribed += 1
    })
    await eventually(() => subscribed > 0)
    await publish(['x'])
    await eventually(() => got.length === 1)
  })

  it('fails what is under way when the connection is lost, and leaves mqtt.js nothing to repeat', async () => {
    broker().aedes.authorizePublish = () => undefined
    const sendingClient = await client()
    const sender = await open(accept, { client: sendingClient, inboxTopics: [] })
    const sent = Array.from({ length: 3 }, () => codeOf(sender.send(uri(), { bytes: bytesOf('x') })))
    await eventually(() => Object.keys(sendingClient.outgoing).length === 3)
    broker().disconnectAll()
    expect(await Promise.all(sent)).toEqual(Array(3).fill('ERR_TRANSPORT_UNREACHABLE'))
    expect(Object.keys(sendingClient.outgoing)).toEqual([])
    let published = 0
    broker().aedes.authorizePublish = (_client, _packet, done) => {
      published += 1
      done(null)
    }
    await eventually(() => sendingClient.connected)
    await sender.send(uri(), { bytes: bytesOf('y') })
    expect(published).toBe(1)
  })

  it('takes a broker without PUBACK for dead', async () => {
    broker().aedes.authorizePublish = () => undefined
    const clock = new Clock()
    const sendingClient = await client()
    const sender = await open(accept, { client: sendingClient, inboxTopics: [], timer: clock.timer, timeoutMs: 1_000 })
    const sent = codeOf(sender.send(uri(), { bytes: bytesOf('x') }))
    await eventually(() => clock.pending === 1)
    const { stream } = sendingClient
    clock.advance(1_000)
    expect(await sent).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(stream.destroyed).toBe(true)
    expect(clock.pending).toBe(0)
    await eventually(() => sendingClient.connected && sendingClient.stream !== stream)
  })

  it('leaves other topics of the client to their owner', async () => {
    const shared = await client()
    const others: string[] = []
    shared.handleMessage = (packet, done) => {
      others.push(packet.topic)
      done()
    }
    await shared.subscribeAsync('other', { qos: 1 })
    await open(keep, { client: shared })
    const plain = await client({ clean: true })
    await plain.publishAsync('other', 'x', { qos: 1 })
    await plain.publishAsync('inbox', 'y', { qos: 1 })
    await eventually(() => acks.length === 2)
    expect(others).toEqual(['other'])
    expect(got).toEqual(['y'])
  })

  it('is the only transport of its client, until it is closed', async () => {
    const shared = await client({ clean: true })
    const original = shared.handleMessage
    const first = await open(keep, { client: shared })
    expect(() => mqtt({ client: shared })).toThrow(TypeError)
    await first.close()
    expect(shared.handleMessage).toBe(original)
    await open(keep, { client: shared })
    await publish(['x'])
    await eventually(() => got.length === 1)
  })

  it('leaves no listener on the client when it is closed', async () => {
    const shared = await client()
    const listeners = () => ['connect', 'close'].map((name) => shared.listenerCount(name as 'connect'))
    const before = listeners()
    for (let count = 0; count < 5; count += 1) {
      const transport = await open(keep, { client: shared })
      await transport.close()
    }
    expect(listeners()).toEqual(before)
  })

  it('starts while the broker is away, and subscribes when it comes', async () => {
    const offline = connect(broker().url, { clientId: randomUUID(), clean: false, manualConnect: true })
    owned(offline)
    const clock = new Clock()
    const transport = make({ client: offline, inboxTopics: ['inbox'], timer: clock.timer, timeoutMs: 1_000 })
    const started = transport.start(keep)
    clock.advance(1_000)
    await started
    expect(await codeOf(transport.send(uri(), { bytes: bytesOf('x') }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    let subscribed = 0
    broker().aedes.on('subscribe', () => {
      subscribed += 1
    })
    offline.connect()
    await eventually(() => subscribed > 0)
    await publish(['x'])
    await eventually(() => got.length === 1)
  })

  it('fails to start where the broker refuses its inbox', async () => {
    broker().aedes.authorizeSubscribe = (_client, _subscription, done) => done(null, null)
    expect(await codeOf(open(keep))).toBe('ERR_TRANSPORT_REJECTED')
  })

  it('tells of a broker that refuses its inbox after a reconnect', async () => {
    const errors: string[] = []
    const receiver = await client({ clean: true })
    await open(keep, { client: receiver, onError: ({ code }) => errors.push(code) })
    broker().aedes.authorizeSubscribe = (_client, _subscription, done) => done(null, null)
    broker().disconnectAll()
    await eventually(() => errors.length > 0)
    expect(errors).toEqual(['ERR_TRANSPORT_REJECTED'])
  })

  it('sends to no broker but its own', async () => {
    const sender = await open(accept, { inboxTopics: [], broker: [broker().url, 'mqtts://Broker.example'] })
    expect(await codeOf(sender.send(uri(), { bytes: bytesOf('x') }))).toBe('no error')
    expect(await codeOf(sender.send('mqtts://broker.EXAMPLE:8883/inbox', { bytes: bytesOf('x') }))).toBe('no error')
    for (const other of ['mqtt://broker.example/inbox', 'mqtts://broker.example:1/inbox', 'mqtts://x/inbox']) {
      expect(await codeOf(sender.send(other, { bytes: bytesOf('x') }))).toBe('ERR_TRANSPORT_UNREACHABLE')
      expect(sender.canReach?.(other)).toBe(false)
    }
    expect(sender.canReach?.('mqtts://broker.EXAMPLE:8883/inbox')).toBe(true)
    expect(sender.canReach?.('mqtts://')).toBe(false)
  })

  it.each(['a/+', '#', '', '$SYS/x', '%24share/g/x', 'a%00b', 'x'.repeat(513), '%', '%ff', 'a?b', 'a#b'])(
    'does not publish to the topic "%s"',
    async (topic) => {
      const sender = await open(accept, { inboxTopics: [] })
      const sent = codeOf(sender.send(`${broker().url}/${topic}`, { bytes: bytesOf('x') }))
      expect(await sent).toBe('ERR_TRANSPORT_REJECTED')
    },
  )

  it('decodes the percent-encoding of a topic', async () => {
    await open(keep, { inboxTopics: ['dc1/Zürich 1/in'] })
    const sender = await open(accept, { inboxTopics: [] })
    await sender.send(`${broker().url}/dc1/Z%C3%BCrich%201/in`, { bytes: bytesOf('x') })
    await eventually(() => got.length === 1)
  })

  it('refuses inbox topics with wildcards, and clients with inbound topic aliases', async () => {
    const plain = await client()
    expect(() => mqtt({ client: plain, inboxTopics: ['a/+/in'] })).toThrow(TypeError)
    expect(() => mqtt({ client: plain, broker: 'http://x' })).toThrow(TypeError)
    const aliased = connect(broker().url, { manualConnect: true, properties: { topicAliasMaximum: 5 } })
    expect(() => mqtt({ client: aliased })).toThrow(TypeError)
  })
})

describe('an inbox topic', () => {
  it('hides the DID behind the start of its hash', () => {
    const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())
    // printf did:example:alice | openssl dgst -sha256 -binary | base32 | head -c 16
    expect(inboxTopic('did:example:alice', sha256)).toBe('dc1/m5bcagddz6hsc2yb/in')
  })
})
