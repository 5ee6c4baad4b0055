import { createHash, randomUUID } from 'node:crypto'
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isDidCommError } from '../../runtime/errors.ts'
import type { Receive, Transport } from '../../runtime/transport.ts'
import { inboxTopic, type MqttOptions, mqtt } from '../../transports/mqtt.ts'
import { type AedesBroker, startAedes } from './broker.ts'
import { Clock, eventually, turn } from './clock.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const accept: Receive = async () => 'accepted'

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error) => (isDidCommError(error) ? error.code : `${error}`),
  )
}

describe('mqtt over aedes', () => {
  let broker: AedesBroker
  let acks: string[]
  const clients: MqttClient[] = []
  const transports: Transport[] = []
  const got: string[] = []
  const keep: Receive = async ({ bytes }) => {
    got.push(textOf(bytes))
    return 'accepted'
  }

  beforeEach(async () => {
    broker = await startAedes()
    acks = []
    got.length = 0
    broker.aedes.on('ack', (packet) => {
      if ('payload' in packet) acks.push(String(packet.payload))
    })
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
    await Promise.all(transports.splice(0).map((transport) => transport.close()))
    await broker.stop()
  })

  const client = async (options: IClientOptions = {}) => {
    const made = await connectAsync(broker.url, {
      clean: false,
      clientId: randomUUID(),
      reconnectPeriod: 20,
      ...options,
    })
    made.on('error', () => undefined)
    clients.push(made)
    return made
  }
  const open = async (receive: Receive, options: Partial<MqttOptions> = {}) => {
    const made = mqtt({ client: await client(), inboxTopics: ['inbox'], ...options })
    transports.push(made)
    await made.start(receive)
    return made
  }
  const uri = () => `${broker.url}/inbox`
  /** A sender that is no transport. */
  const publish = async (texts: string[], options: { qos: 0 | 1; retain?: boolean } = { qos: 1 }) => {
    const plain = await client({ clean: true })
    for (const text of texts) await plain.publishAsync('inbox', text, options)
  }

  it('acknowledges only what receive has settled, in the order of arrival', async () => {
    const finish = new Map<string, () => void>()
    await open(async ({ bytes }) => {
      await new Promise<void>((resolve) => finish.set(textOf(bytes), resolve))
      return 'accepted'
    })
    await publish(['1', '2', '3'])
    await eventually(() => finish.size === 3)
    finish.get('2')?.()
    finish.get('3')?.()
    for (let turns = 0; turns < 50; turns += 1) await turn()
    expect(acks).toEqual([])
    finish.get('1')?.()
    await eventually(() => acks.length === 3)
    expect(acks).toEqual(['1', '2', '3'])
  })

  it('receives as many at a time as it may', async () => {
    const finish: (() => void)[] = []
    await open(
      async () => {
        await new Promise<void>((resolve) => finish.push(resolve))
        return 'accepted'
      },
      { maxConcurrent: 3 },
    )
    await publish(Array.from({ length: 10 }, (_, index) => `${index}`))
    await eventually(() => finish.length > 2)
    for (let turns = 0; turns < 50; turns += 1) await turn()
    expect(finish.length).toBe(3)
    await eventually(
      () => acks.length === 10,
      () => finish.shift()?.(),
    )
  })

  it('drops retained messages, counts them, and never sees them again', async () => {
    const drops: string[] = []
    await publish(['old'], { qos: 1, retain: true })
    await open(keep, { onDrop: (reason) => drops.push(reason) })
    await publish(['new'])
    await eventually(() => got.length > 0)
    expect(got).toEqual(['new'])
    expect(drops).toEqual(['retained'])
  })

  it('drops messages over its limit, counts them, and acknowledges them', async () => {
    const drops: string[] = []
    await open(keep, { maxPacketBytes: 10, onDrop: (reason) => drops.push(reason) })
    await publish(['x'.repeat(11), 'x'.repeat(10)])
    await eventually(() => acks.length === 2)
    expect(got).toEqual(['x'.repeat(10)])
    expect(drops).toEqual(['too-large'])
  })

  it('receives messages of QoS 0, and counts those that it cannot take', async () => {
    const drops: string[] = []
    const clock = new Clock()
    let full = false
    const transport = await open(
      async (packet) => {
        if (full) throw new Error('no room')
        return keep(packet)
      },
      { onDrop: (reason) => drops.push(reason), timer: clock.timer },
    )
    await publish(['a'], { qos: 0 })
    await eventually(() => got.length === 1)
    full = true
    await publish(['b'], { qos: 0 })
    await eventually(() => clock.pending === 1)
    await transport.close()
    expect(drops).toEqual(['unsettled'])
    expect(clock.pending).toBe(0)
  })

  it('tries again with growing delays, and goes on with others meanwhile', async () => {
    const clock = new Clock()
    const tries: number[] = []
    await open(
      async (packet) => {
        if (textOf(packet.bytes) === 'poison' && tries.push(clock.now()) < 5) throw new Error('not now')
        return keep(packet)
      },
      { timer: clock.timer },
    )
    await publish(['poison', 'b', 'c'])
    await eventually(() => got.length === 2)
    expect(acks).toEqual([])
    await eventually(
      () => acks.length === 3,
      () => clock.advance(100),
    )
    expect(got).toEqual(['b', 'c', 'poison'])
    const delays = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
    expect(delays.map((delay) => Math.round(delay / 500))).toEqual([1, 2, 4, 8])
  })

  it('leaves what is not settled to the next connection of the session', async () => {
    const clientId = randomUUID()
    const first = await client({ clientId })
    const clock = new Clock()
    const transport = mqtt({ client: first, inboxTopics: ['inbox'], timer: clock.timer })
    let tries = 0
    await transport.start(async () => {
      tries += 1
      throw new Error('no room')
    })
    await publish(['a', 'b'])
    await eventually(() => tries >= 2)
    await transport.close()
    await publish(['after close'])
    await first.endAsync()

    const second = connect(broker.url, { clean: false, clientId, manualConnect: true })
    clients.push(second)
    await open(keep, { client: second.connect() })
    await eventually(() => got.length >= 3 && acks.length >= 3)
    expect(got).toEqual(['a', 'b', 'after close'])
    expect(acks.sort()).toEqual(['a', 'after close', 'b'])
  })

  it('keeps what the broker delivers between connecting and start', async () => {
    const clientId = randomUUID()
    const first = await client({ clientId })
    await first.subscribeAsync('inbox', { qos: 1 })
    await first.endAsync()
    await publish(['kept'])
    const second = connect(broker.url, { clean: false, clientId })
    clients.push(second)
    const transport = mqtt({ client: second, inboxTopics: ['inbox'] })
    transports.push(transport)
    let arrived = 0
    second.on('message', () => {
      arrived += 1
    })
    await eventually(() => arrived === 1)
    expect(acks).toEqual([])
    await transport.start(keep)
    await eventually(() => acks.length === 1)
    expect(got).toEqual(['kept'])
  })

  it('subscribes again and sends again after the connection was lost', async () => {
    const receiver = await client()
    await open(keep, { client: receiver })
    const sendingClient = await client()
    const sender = await open(accept, { client: sendingClient, inboxTopics: [] })
    await sender.send(uri(), { bytes: bytesOf('1') })
    broker.disconnectAll()
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
    broker.disconnectAll()
    await eventually(() => !receiver.connected)
    let subscribed = 0
    broker.aedes.on('subscribe', () => {
      subscribed += 1
    })
    await eventually(() => subscribed > 0)
    await publish(['x'])
    await eventually(() => got.length === 1)
  })

  it('fails what is under way when the connection is lost, and leaves mqtt.js nothing to repeat', async () => {
    broker.aedes.authorizePublish = () => undefined
    const sendingClient = await client()
    const sender = await open(accept, { client: sendingClient, inboxTopics: [] })
    const sent = Array.from({ length: 3 }, () => codeOf(sender.send(uri(), { bytes: bytesOf('x') })))
    await eventually(() => Object.keys(sendingClient.outgoing).length === 3)
    broker.disconnectAll()
    expect(await Promise.all(sent)).toEqual(Array(3).fill('ERR_TRANSPORT_UNREACHABLE'))
    expect(Object.keys(sendingClient.outgoing)).toEqual([])
    let published = 0
    broker.aedes.authorizePublish = (_client, _packet, done) => {
      published += 1
      done(null)
    }
    await eventually(() => sendingClient.connected)
    await sender.send(uri(), { bytes: bytesOf('y') })
    expect(published).toBe(1)
  })

  it('takes a broker without PUBACK for dead', async () => {
    broker.aedes.authorizePublish = () => undefined
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

  it('holds the broker back where receive is slow', async () => {
    const receiver = await client()
    const finish: (() => void)[] = []
    await open(
      async (packet) => {
        await new Promise<void>((resolve) => finish.push(resolve))
        return keep(packet)
      },
      { client: receiver, maxConcurrent: 2, maxQueued: 10 },
    )
    let arrived = 0
    receiver.on('packetreceive', ({ cmd }) => {
      if (cmd === 'publish') arrived += 1
    })
    await publish(Array.from({ length: 200 }, (_, index) => `${index}`))
    for (let turns = 0; turns < 100; turns += 1) await turn()
    expect(arrived).toBe(10)
    await eventually(
      () => got.length === 200,
      () => finish.shift()?.(),
    )
    expect(got).toEqual(Array.from({ length: 200 }, (_, index) => `${index}`))
  })

  it('answers from within receive while the broker floods it', async () => {
    const asker = await client()
    const answers: string[] = []
    await open(
      async ({ bytes }) => {
        answers.push(textOf(bytes))
        return 'accepted'
      },
      { client: asker, inboxTopics: ['answers'] },
    )
    const answerer = await client()
    const transport = mqtt({ client: answerer, inboxTopics: ['inbox'], maxConcurrent: 2, maxQueued: 4 })
    transports.push(transport)
    await transport.start(async ({ bytes }) => {
      await transport.send(`${broker.url}/answers`, { bytes })
      return 'accepted'
    })
    const plain = await client({ clean: true })
    await Promise.all(Array.from({ length: 300 }, (_, index) => plain.publishAsync('inbox', `${index}`, { qos: 1 })))
    await eventually(() => new Set(answers).size === 300)
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
    const offline = connect(broker.url, { clientId: randomUUID(), clean: false, manualConnect: true })
    clients.push(offline)
    const clock = new Clock()
    const transport = mqtt({ client: offline, inboxTopics: ['inbox'], timer: clock.timer, timeoutMs: 1_000 })
    transports.push(transport)
    const started = transport.start(keep)
    clock.advance(1_000)
    await started
    expect(await codeOf(transport.send(uri(), { bytes: bytesOf('x') }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    let subscribed = 0
    broker.aedes.on('subscribe', () => {
      subscribed += 1
    })
    offline.connect()
    await eventually(() => subscribed > 0)
    await publish(['x'])
    await eventually(() => got.length === 1)
  })

  it('fails to start where the broker refuses its inbox', async () => {
    broker.aedes.authorizeSubscribe = (_client, _subscription, done) => done(null, null)
    expect(await codeOf(open(keep))).toBe('ERR_TRANSPORT_REJECTED')
  })

  it('tells of a broker that refuses its inbox after a reconnect', async () => {
    const errors: string[] = []
    const receiver = await client({ clean: true })
    await open(keep, { client: receiver, onError: ({ code }) => errors.push(code) })
    broker.aedes.authorizeSubscribe = (_client, _subscription, done) => done(null, null)
    broker.disconnectAll()
    await eventually(() => errors.length > 0)
    expect(errors).toEqual(['ERR_TRANSPORT_REJECTED'])
  })

  it('sends to no broker but its own', async () => {
    const sender = await open(accept, { inboxTopics: [], broker: [broker.url, 'mqtts://Broker.example'] })
    expect(await codeOf(sender.send(uri(), { bytes: bytesOf('x') }))).toBe('no error')
    expect(await codeOf(sender.send('mqtts://broker.EXAMPLE:8883/inbox', { bytes: bytesOf('x') }))).toBe('no error')
    for (const other of ['mqtt://broker.example/inbox', 'mqtts://broker.example:1/inbox', 'mqtts://x/inbox']) {
      expect(await codeOf(sender.send(other, { bytes: bytesOf('x') }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    }
  })

  it.each(['a/+', '#', '', '$SYS/x', '%24share/g/x', 'a%00b', 'x'.repeat(513), '%', '%ff', 'a?b', 'a#b'])(
    'does not publish to the topic "%s"',
    async (topic) => {
      const sender = await open(accept, { inboxTopics: [] })
      const sent = codeOf(sender.send(`${broker.url}/${topic}`, { bytes: bytesOf('x') }))
      expect(await sent).toBe('ERR_TRANSPORT_REJECTED')
    },
  )

  it('decodes the percent-encoding of a topic', async () => {
    await open(keep, { inboxTopics: ['dc1/Zürich 1/in'] })
    const sender = await open(accept, { inboxTopics: [] })
    await sender.send(`${broker.url}/dc1/Z%C3%BCrich%201/in`, { bytes: bytesOf('x') })
    await eventually(() => got.length === 1)
  })

  it('refuses inbox topics with wildcards, and clients with inbound topic aliases', async () => {
    const plain = await client()
    expect(() => mqtt({ client: plain, inboxTopics: ['a/+/in'] })).toThrow(TypeError)
    expect(() => mqtt({ client: plain, broker: 'http://x' })).toThrow(TypeError)
    const aliased = connect(broker.url, { manualConnect: true, properties: { topicAliasMaximum: 5 } })
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
