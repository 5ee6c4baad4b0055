import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { connectAsync, type IClientOptions, type MqttClient, type Packet } from 'mqtt'
import { mqtt } from '../../../transports/mqtt/mqtt.ts'
import { type Broker, startAedes, startMosquitto } from '../broker.ts'
import { Clock } from '../clock.ts'
import type { Pair } from '../compliance/scene.ts'
import { startRelay } from '../relay.ts'

/** MQTT 3.1.1 §2.2.2: a PUBREL has other flags. Whatever follows is not looked at. */
const badHeader = Uint8Array.of(0x60)

function heldBy(client: MqttClient): number {
  const listeners = client.eventNames().map((name) => client.listenerCount(name))
  const streamListeners = client.stream.eventNames().map((name) => client.stream.listenerCount(name))
  return [...listeners, ...streamListeners, Object.keys(client.outgoing).length].reduce((sum, count) => sum + count, 0)
}

/** Waits for the next SUBACK: the transport subscribes on each connection. */
function subscribed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    const look = ({ cmd }: Packet) => {
      if (cmd !== 'suback') return
      client.removeListener('packetreceive', look)
      resolve()
    }
    client.on('packetreceive', look)
  })
}

async function pairOn(broker: Broker, options: IClientOptions): Promise<Pair> {
  const relay = await startRelay(Number(new URL(broker.url).port))
  const connect = (url: string) =>
    connectAsync(url, { clean: false, clientId: randomUUID(), reconnectPeriod: 20, ...options })
  const relayed = `mqtt://127.0.0.1:${relay.port}`
  const [clientA, clientB, stranger] = await Promise.all([connect(broker.url), connect(relayed), connect(broker.url)])
  const clients = [clientA, clientB, stranger]
  for (const client of clients) client.on('error', () => undefined)
  const clock = new Clock()
  const names = { a: `test/${randomUUID()}`, b: `test/${randomUUID()}` }
  const common = { broker: broker.url, maxPacketBytes: 100_000, maxQueued: 32, contentType: true }
  const a = mqtt({ ...common, client: clientA, inboxTopics: [names.a] })
  const b = mqtt({ ...common, client: clientB, inboxTopics: [names.b], timer: clock.timer })
  return {
    a,
    b,
    uriOf: (end) => `${broker.url}/${end === a ? names.a : names.b}`,
    unreachable: async () => {
      await broker.stop()
      return `${broker.url}/${names.b}`
    },
    interrupt: async () => {
      const back = [clientA, clientB].map(subscribed)
      await broker.interrupt()
      await Promise.all(back)
    },
    garbage: async (junk) => {
      for (const qos of [0, 1] as const) await stranger.publishAsync(names.b, Buffer.from(junk), { qos })
      await stranger.publishAsync(names.b, Buffer.from(junk), { retain: true })
      const back = subscribed(clientB)
      relay.inject(Buffer.concat([badHeader, junk]))
      await back
    },
    slow: async () => {
      relay.slow(20)
      return `${broker.url}/${names.b}`
    },
    taken: () => (clientB.stream as Socket).bytesRead,
    elapse: () => clock.advance(1_000),
    held: () => heldBy(clientA) + heldBy(clientB) + clock.pending,
    close: async () => {
      await Promise.all(clients.map((client) => client.endAsync(true)))
      await relay.stop()
      await broker.stop()
    },
  }
}

export const aedesPair = async (options: IClientOptions = {}): Promise<Pair> => pairOn(await startAedes(), options)

export async function mosquittoPair(protocolVersion: 4 | 5): Promise<Pair> {
  const properties = protocolVersion === 5 ? { properties: { sessionExpiryInterval: 300 } } : {}
  return pairOn(await startMosquitto(['max_queued_messages 5000', 'set_tcp_nodelay true']), {
    protocolVersion,
    ...properties,
  })
}
