import type { Socket } from 'node:net'
import { connect, type MqttClient } from 'mqtt'
import { describe, expect, it } from 'vitest'
import { mqtt } from '../../transports/mqtt/mqtt.ts'
import { hasMosquitto } from './broker.ts'
import { eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { mosquittoRig } from './mosquitto-rig.ts'
import { seeded } from './seeded.ts'

const inbox = 'dc1/m5bcagddz6hsc2yb/in'
const envelope = 'x'.repeat(104)

describe.skipIf(!hasMosquitto)('topic aliases of mqtt', () => {
  const { broker, client, open, packet, uri, watch } = mosquittoRig(['max_topic_alias 3'])
  const bytesWritten = (of: MqttClient) => (of.stream as unknown as Socket).bytesWritten

  /** Sends the envelope of `docs/mqtt.md`, and returns what that cost beyond its bytes. */
  const costOf = async (sender: MqttClient, options: { contentType?: boolean; inboxTopics?: string[] } = {}) => {
    const transport = await open({ client: sender, ...options })
    const send = async (topic = inbox, more = {}) => {
      const before = bytesWritten(sender)
      await transport.send(uri(topic), packet(envelope, more))
      return bytesWritten(sender) - before - envelope.length
    }
    return { transport, send }
  }

  it('stand for the topic from the second packet on: the costs of docs/mqtt.md', async () => {
    const mediaType = 'application/cose; cose-type="cose-encrypt0"'
    const seen = await watch('#')
    const old = await costOf(client({ protocolVersion: 4 }))
    expect([await old.send(), await old.send()]).toEqual([30, 30])
    const five = await costOf(client(), { inboxTopics: ['dc1/aaaaaaaaaaaaaaaa/in'] })
    for (const topic of ['a', 'b', 'c']) await five.send(`number ${topic}`)
    expect(await five.send()).toBe(31)
    const aliased = await costOf(client(), { contentType: true, inboxTopics: ['dc1/aaaaaaaaaaaaaaaa/in'] })
    expect([await aliased.send(), await aliased.send(), await aliased.send()]).toEqual([34, 10, 10])
    expect(await aliased.send(inbox, { expiresAtMs: Date.now() + 60_000 })).toBe(15)
    expect(await aliased.send(inbox, { wantsReply: true })).toBe(37)
    expect(await aliased.send(inbox, { mediaType })).toBe(57)
    await eventually(() => seen.length === 12)
    expect(seen.filter(({ topic }) => topic === inbox).length).toBe(9)
  })

  it('are not for more topics than the broker takes, nor for short ones', async () => {
    await watch('#')
    const { send } = await costOf(client())
    const first = [
      await send('a'),
      await send('long'),
      await send('longer'),
      await send('longest'),
      await send('too many'),
    ]
    expect(first).toEqual([8, 14, 16, 17, 15])
    const second = [
      await send('a'),
      await send('long'),
      await send('longer'),
      await send('longest'),
      await send('too many'),
    ]
    expect(second).toEqual([8, 10, 10, 10, 15])
  })

  it('begin anew with each connection, and no packet gets to another topic', { timeout: 30_000 }, async () => {
    const topics = [
      'constructor',
      '__proto__',
      'toString',
      ...Array.from({ length: 9 }, (_, index) => `topic ${index}`),
    ]
    const seen = await watch('#')
    const sender = client()
    const { transport } = await costOf(sender)
    const random = seeded(3)
    const sent = new Set<string>()
    let failed = 0
    for (let round = 0; round < 20; round += 1) {
      const sends = Array.from({ length: 30 }, async (_, index) => {
        const topic = topics[Math.floor(random() * topics.length)] ?? ''
        const text = `${round} ${index} ${topic}`
        const code = await codeOf(transport.send(uri(encodeURIComponent(topic)), packet(text)))
        if (code === 'no error') sent.add(text)
        else failed += 1
      })
      // In the middle of what is under way, and of writing it.
      if (round % 2 === 0) sender.stream.destroy()
      await Promise.all(sends)
      await eventually(() => sender.connected)
    }
    await eventually(() => [...sent].every((text) => seen.some((one) => one.text === text)))
    expect(sent.size).toBeGreaterThan(200)
    expect(failed).toBeGreaterThan(0)
    expect(seen.filter(({ topic, text }) => !text.endsWith(` ${topic}`))).toEqual([])
  })

  it('end where somebody else gives them on the same connection', async () => {
    const seen = await watch('#')
    const sender = client()
    const { send } = await costOf(sender)
    await send('first topic')
    expect(await send('first topic')).toBe(10)
    await sender.publishAsync('other topic', 'other', { qos: 1, properties: { topicAlias: 1 } })
    expect(await send('first topic')).toBe(18)
    const { stream } = sender
    stream.destroy()
    await eventually(() => sender.connected && sender.stream !== stream)
    await send('first topic')
    expect(await send('first topic')).toBe(10)
    await eventually(() => seen.length === 6)
    expect(seen.map(({ topic }) => topic)).toEqual([
      'first topic',
      'first topic',
      'other topic',
      ...Array(3).fill('first topic'),
    ])
  })

  it('are not left to mqtt.js, which loses packets for some names of topics', async () => {
    const seen = await watch('#')
    const auto = client({ autoAssignTopicAlias: true })
    await eventually(() => auto.connected)
    auto.publish('constructor', 'x', { qos: 1 })
    await auto.publishAsync('another', 'y', { qos: 1 })
    await eventually(() => seen.length > 0)
    expect(seen.map(({ text }) => text)).toEqual(['y'])
    for (const option of ['autoAssignTopicAlias', 'autoUseTopicAlias']) {
      const other = connect(broker().url, { manualConnect: true, [option]: true })
      expect(() => mqtt({ client: other })).toThrow(TypeError)
    }
  })
})
