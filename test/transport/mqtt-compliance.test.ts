import { randomUUID } from 'node:crypto'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { inboxTopic, mqtt } from '../../transports/mqtt.ts'
import { type MqttVersion, mqttConnection } from '../../transports/mqtt-connect.ts'
import { type Broker, hasMosquitto, startAedes, startMosquitto } from './broker.ts'
import { Clock } from './clock.ts'
import { type Pair, transportCompliance } from './compliance.ts'
import { timerOf } from './mqtt-connection-rig.ts'
import { sha256 } from './sha256.ts'

const promises = { order: true, reply: false, again: 'transport', refusal: false, media: false } as const
const versions = [4, 5] as const

function heldBy(client: MqttClient): number {
  const listeners = client.eventNames().map((name) => client.listenerCount(name))
  const streamListeners = client.stream.eventNames().map((name) => client.stream.listenerCount(name))
  return [...listeners, ...streamListeners, Object.keys(client.outgoing).length].reduce((sum, count) => sum + count, 0)
}

async function pairOn(broker: Broker, options: IClientOptions): Promise<Pair> {
  const connect = () =>
    connectAsync(broker.url, { clean: false, clientId: randomUUID(), reconnectPeriod: 50, ...options })
  const [clientA, clientB] = await Promise.all([connect(), connect()])
  for (const client of [clientA, clientB]) client.on('error', () => undefined)
  const clock = new Clock()
  const names = { a: `test/${randomUUID()}`, b: `test/${randomUUID()}` }
  const common = { broker: broker.url, maxPacketBytes: 100_000, contentType: true }
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
    elapse: () => clock.advance(1_000),
    held: () => heldBy(clientA) + heldBy(clientB) + clock.pending,
    close: async () => {
      await Promise.all([clientA.endAsync(true), clientB.endAsync(true)])
      await broker.stop()
    },
  }
}

/** The same over connections that are made from the URL of the broker. */
function connectedPairOn(broker: Broker, protocolVersion?: MqttVersion): Pair {
  const clock = new Clock()
  const dids = { a: `did:example:${randomUUID()}`, b: `did:example:${randomUUID()}` }
  const uriOf = (did: string) => `${broker.url}/${inboxTopic(did, sha256)}`
  const version = protocolVersion ? { protocolVersion } : {}
  const common = { url: broker.url, sha256, maxPacketBytes: 100_000, contentType: true, ...version }
  const a = mqttConnection({ ...common, did: dids.a })
  const b = mqttConnection({ ...common, did: dids.b, timer: timerOf(clock) })
  return {
    a,
    b,
    uriOf: (end) => uriOf(end === a ? dids.a : dids.b),
    unreachable: async () => {
      await broker.stop()
      return uriOf(dids.b)
    },
    elapse: () => clock.advance(1_000),
    held: () => clock.pending + process.getActiveResourcesInfo().length,
    close: () => broker.stop(),
  }
}

transportCompliance('mqtt over aedes', promises, async () => pairOn(await startAedes(), {}))
transportCompliance('mqtt over aedes without sessions', promises, async () =>
  pairOn(await startAedes(), { clean: true }),
)

for (const protocolVersion of hasMosquitto ? versions : []) {
  const properties = protocolVersion === 5 ? { properties: { sessionExpiryInterval: 300 } } : {}
  transportCompliance(
    `mqtt ${protocolVersion} over mosquitto`,
    { ...promises, media: protocolVersion === 5 },
    async () => pairOn(await startMosquitto(['max_queued_messages 5000']), { protocolVersion, ...properties }),
  )
  transportCompliance(
    `mqtt ${protocolVersion} from a URL over mosquitto`,
    { ...promises, media: protocolVersion === 5 },
    async () => connectedPairOn(await startMosquitto(['max_queued_messages 5000']), protocolVersion),
  )
}

transportCompliance('mqtt from a URL over aedes', promises, async () => connectedPairOn(await startAedes()))
