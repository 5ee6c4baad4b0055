import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { connect, UniqueMessageIdProvider } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import { decodeHex } from '../../runtime/bytes/index.ts'
import type { Packet, Transport } from '../../runtime/transport.ts'
import { agentName, type MqttOptions, mqtt, topicTemplate } from '../../transports/mqtt/mqtt.ts'
import { parseMqttUri } from '../../transports/mqtt/topic.ts'
import { eventually } from './clock.ts'

interface Publish {
  name: string
  version: 4 | 5
  topic: string
  expiresInSeconds?: number
  wantsReply?: true
  mediaType?: string
  hex: string
}
interface Vectors {
  agents: { did: string; aid: string }[]
  topics: { template: string; values: Record<string, string>; topic: string; uri: string }[]
  notOfTemplate: { why: string; template: string; topic: string }[]
  publish: { payload: string; inbox: string; packets: Publish[] }
  answers: { payload: string; inbox: string; packets: { name: string; question: string; answer: string | null }[] }
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/own/mqtt.json', import.meta.url), 'utf8')) as Vectors
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())
const nowMs = 1_767_225_600_000

describe('the vectors of docs/mqtt.md', () => {
  const closers: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  /** A broker that says yes to all, and keeps what is published byte by byte. */
  async function recorder(version: 4 | 5, aliases: number) {
    const published: string[] = []
    let subscribed = false
    let peer: Socket | undefined
    const connack =
      version === 4 ? '20020000' : aliases ? `20060000032200${aliases.toString(16).padStart(2, '0')}` : '2003000000'
    const answers: Record<number, (packet: string) => string | undefined> = {
      16: () => connack,
      48: (packet) => {
        published.push(packet)
        return '40020001'
      },
      128: (packet) => {
        subscribed = true
        return version === 4 ? `9003${packet.slice(4, 8)}01` : `9004${packet.slice(4, 8)}0001`
      },
    }
    const server = createServer((socket) => {
      peer = socket
      socket.on('error', () => undefined)
      let received = Buffer.alloc(0)
      socket.on('data', (data) => {
        received = Buffer.concat([received, data])
        for (let length = lengthOf(received); length <= received.length; length = lengthOf(received)) {
          const packet = received.subarray(0, length)
          received = received.subarray(length)
          const answer = answers[(packet[0] ?? 0) & 0xf0]?.(packet.toString('hex'))
          if (answer) socket.write(Buffer.from(answer, 'hex'))
        }
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    closers.push(async () => {
      peer?.destroy()
      server.close()
    })
    const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`
    const write = (hex: string) => void peer?.write(Buffer.from(hex, 'hex'))
    return { url, published, write, isSubscribed: () => subscribed }
  }

  async function open(
    url: string,
    version: 4 | 5,
    receive: (packet: Packet) => void,
    options: Partial<MqttOptions>,
  ): Promise<Transport> {
    const messageIdProvider = new UniqueMessageIdProvider()
    const client = connect(url, {
      protocolVersion: version,
      clean: false,
      clientId: 'x',
      reconnectPeriod: 0,
      messageIdProvider,
    })
    client.on('error', () => undefined)
    const transport = mqtt({ client, now: () => nowMs, contentType: true, ...options })
    closers.push(
      () => client.endAsync(true),
      () => transport.close(),
    )
    await transport.start(async (packet) => {
      receive(packet)
      return 'accepted'
    })
    return transport
  }

  it.each(vectors.agents)('name $did $aid', ({ did, aid }) => {
    expect(agentName(did, sha256)).toBe(aid)
  })

  it.each(vectors.topics)('fill $template to $topic', ({ template, values, topic, uri }) => {
    expect(topicTemplate(template).fill(values)).toBe(topic)
    expect(topicTemplate(template).read(topic)).toEqual(values)
    expect(parseMqttUri(uri)?.topic).toBe(topic)
  })

  it.each(vectors.notOfTemplate)('keep from $template $why', ({ template, topic }) => {
    expect(topicTemplate(template).matches(topic)).toBe(false)
  })

  it.each([4, 5] as const)('are what is published, with MQTT %i', async (version) => {
    const { payload, inbox, packets } = vectors.publish
    const { url, published } = await recorder(version, 1)
    const transport = await open(url, version, () => undefined, { inboxTopics: [inbox] })
    const own = packets.filter((packet) => packet.version === version)
    for (const { topic, expiresInSeconds, wantsReply, mediaType } of own) {
      await transport.send(`${url}/${topic}`, {
        bytes: decodeHex(payload),
        ...(expiresInSeconds !== undefined && { expiresAtMs: nowMs + expiresInSeconds * 1000 }),
        ...(wantsReply && { wantsReply }),
        ...(mediaType !== undefined && { mediaType }),
      })
    }
    expect(own.length).toBeGreaterThan(1)
    expect(published).toEqual(own.map(({ hex }) => hex))
  })

  it.each(vectors.answers.packets)('are how it is answered: $name', async ({ question, answer }) => {
    const { payload, inbox } = vectors.answers
    const { url, published, write, isSubscribed } = await recorder(5, 0)
    const got: Packet[] = []
    await open(url, 5, (packet) => void got.push(packet), { inboxTopics: [inbox] })
    await eventually(isSubscribed)
    write(question)
    await eventually(() => got.length === 1)
    expect(got[0]?.reply !== undefined).toBe(answer !== null)
    await got[0]?.reply?.({ bytes: decodeHex(payload) })
    expect(published).toEqual(answer === null ? [] : [answer])
  })
})

/** How long the packet is that begins here, or more than there is (MQTT 5 §2.1.4). */
function lengthOf(bytes: Uint8Array): number {
  let length = 0
  for (let index = 1; index < Math.min(bytes.length, 5); index += 1) {
    const byte = bytes[index] ?? 0
    length += (byte & 0x7f) * 128 ** (index - 1)
    if (byte < 0x80) return length + index + 1
  }
  return Number.POSITIVE_INFINITY
}
