import { randomUUID } from 'node:crypto'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { afterEach, beforeEach } from 'vitest'
import type { Packet, Receive, Transport } from '../../runtime/transport.ts'
import { type MqttOptions, mqtt } from '../../transports/mqtt/mqtt.ts'
import { bytesOf, textOf } from './aedes-rig.ts'
import { type MortalBroker, startMosquitto } from './broker.ts'

export type Received = Packet & { readonly text: string }

/** Starts a mosquitto with `lines` in its configuration for each test, with what the tests do over and over. */
export function mosquittoRig(lines: readonly string[] = []) {
  let broker: MortalBroker
  const clients: MqttClient[] = []
  const transports: Transport[] = []
  const got: Received[] = []

  beforeEach(async () => {
    broker = await startMosquitto(lines)
    got.length = 0
  })
  afterEach(async () => {
    await Promise.all(transports.splice(0).map((transport) => transport.close()))
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
    await broker.stop()
  })

  /** Begins to connect with a session over MQTT 5, unless told otherwise. */
  const client = (options: IClientOptions = {}): MqttClient => {
    const session = options.protocolVersion === 4 ? {} : { properties: { sessionExpiryInterval: 3_600 } }
    const common = { protocolVersion: 5, clean: false, clientId: randomUUID(), reconnectPeriod: 20 } as const
    const made = connect(broker.url, { ...common, ...session, ...options })
    made.on('error', () => undefined)
    clients.push(made)
    return made
  }
  const keep: Receive = async (packet) => {
    got.push({ ...packet, text: textOf(packet.bytes) })
    return 'accepted'
  }

  return {
    got,
    texts: () => got.map(({ text }) => text),
    keep,
    client,
    broker: () => broker,
    uri: (topic = 'inbox') => `${broker.url}/${topic}`,
    /** Makes and starts a transport that keeps what it gets. */
    async open(options: Partial<MqttOptions> & { receive?: Receive } = {}): Promise<Transport> {
      const { receive = keep, ...rest } = options
      const made = mqtt({ client: rest.client ?? client(), ...rest })
      transports.push(made)
      await made.start(receive)
      return made
    },
    /** Sees what is published below `filter` as the broker does, with its properties. */
    async watch(filter: string) {
      const seen: { topic: string; text: string; properties: object }[] = []
      const watcher = client({ clean: true })
      watcher.on('message', (topic, payload, { properties = {} }) => {
        seen.push({ topic, text: String(payload), properties })
      })
      await watcher.subscribeAsync(filter, { qos: 1 })
      return seen
    },
    packet: (text: string, more: Partial<Packet> = {}): Packet => ({ bytes: bytesOf(text), ...more }),
  }
}
