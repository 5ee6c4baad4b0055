import { randomUUID } from 'node:crypto'
import { connectAsync } from 'mqtt'
import type { Timer } from '../../../runtime/world.ts'
import { type MqttVersion, mqttConnection } from '../../../transports/mqtt/connect.ts'
import { inboxTopic } from '../../../transports/mqtt/mqtt.ts'
import { world } from '../../../transports/world.ts'
import { type Broker, startAedes, startMosquitto } from '../broker.ts'
import { Clock } from '../clock.ts'
import type { Pair } from '../compliance/scene.ts'
import { startRelay } from '../relay.ts'
import { sha256 } from '../sha256.ts'

/** MQTT 3.1.1 §2.2.2: a PUBREL has other flags. Whatever follows is not looked at. */
const badHeader = Uint8Array.of(0x60)

/** Longer than any pause. */
const timeoutMs = 1_000_000

/** Over connections that are made from the URL of the broker; that of `b` goes through a relay. */
async function connectedPairOn(broker: Broker, protocolVersion?: MqttVersion): Promise<Pair> {
  const relay = await startRelay(Number(new URL(broker.url).port))
  const stranger = await connectAsync(broker.url, { clientId: randomUUID() })
  stranger.on('error', () => undefined)
  const clock = new Clock()
  const dids = { a: `did:example:${randomUUID()}`, b: `did:example:${randomUUID()}` }
  const version = protocolVersion ? { protocolVersion } : {}
  // Pauses are short, whatever they are meant to be; the time that an answer may take does not pass.
  const timer: Timer = (delayMs, run) =>
    delayMs < timeoutMs ? world().timer(Math.min(delayMs, 20), run) : clock.timer(delayMs, run)
  const common = { sha256, maxPacketBytes: 100_000, maxQueued: 32, contentType: true, timeoutMs, timer, ...version }
  const a = mqttConnection({ ...common, url: broker.url, did: dids.a })
  const b = mqttConnection({ ...common, url: `mqtt://127.0.0.1:${relay.port}`, did: dids.b })
  const topicOf = (did: string) => inboxTopic(did, sha256)
  const uris = {
    a: `${broker.url}/${topicOf(dids.a)}`,
    b: `${broker.url}/${topicOf(dids.b)}`,
  }
  return {
    a,
    b,
    uriOf: (end) => (end === a ? `mqtt://127.0.0.1:${relay.port}/${topicOf(dids.a)}` : uris.b),
    unreachable: async () => {
      await broker.stop()
      return uris.b
    },
    interrupt: () => broker.interrupt(),
    garbage: async (junk) => {
      for (const qos of [0, 1] as const) await stranger.publishAsync(topicOf(dids.b), Buffer.from(junk), { qos })
      relay.inject(Buffer.concat([badHeader, junk]))
    },
    slow: async () => {
      relay.slow(20)
      return uris.b
    },
    held: () => clock.pending + process.getActiveResourcesInfo().length,
    close: async () => {
      await stranger.endAsync(true)
      await relay.stop()
      await broker.stop()
    },
  }
}

export const connectedAedesPair = async (): Promise<Pair> => connectedPairOn(await startAedes())

export const connectedMosquittoPair = async (version: MqttVersion): Promise<Pair> =>
  connectedPairOn(await startMosquitto(['max_queued_messages 5000', 'set_tcp_nodelay true']), version)
