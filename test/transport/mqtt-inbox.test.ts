import { randomUUID } from 'node:crypto'
import { connect } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { mqtt } from '../../transports/mqtt/mqtt.ts'
import { aedesRig, textOf } from './aedes-rig.ts'
import { Clock, eventually, turn } from './clock.ts'

const { acks, broker, client, got, keep, make, open, owned, publish } = aedesRig()

describe('the inbox of mqtt', () => {
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

    const second = connect(broker().url, { clean: false, clientId, manualConnect: true })
    owned(second)
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
    const second = connect(broker().url, { clean: false, clientId })
    owned(second)
    const transport = make({ client: second, inboxTopics: ['inbox'] })
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
    const transport = make({ client: answerer, inboxTopics: ['inbox'], maxConcurrent: 2, maxQueued: 4 })
    await transport.start(async ({ bytes }) => {
      await transport.send(`${broker().url}/answers`, { bytes })
      return 'accepted'
    })
    const plain = await client({ clean: true })
    await Promise.all(Array.from({ length: 300 }, (_, index) => plain.publishAsync('inbox', `${index}`, { qos: 1 })))
    await eventually(() => new Set(answers).size === 300)
  })
})
