import { randomUUID } from 'node:crypto'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { afterEach, beforeEach } from 'vitest'
import type { Receive, Transport } from '../../runtime/transport.ts'
import { type MqttOptions, mqtt } from '../../transports/mqtt/mqtt.ts'
import { type AedesBroker, startAedes } from './broker.ts'

export const bytesOf = (text: string) => new TextEncoder().encode(text)
export const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
export const accept: Receive = async () => 'accepted'

/** Starts an aedes for each test of one file, with what the tests do over and over. */
export function aedesRig() {
  let broker: AedesBroker
  const clients: MqttClient[] = []
  const transports: Transport[] = []
  /** The payloads that the broker got a PUBACK for. */
  const acks: string[] = []
  /** The payloads that `keep` received. */
  const got: string[] = []

  beforeEach(async () => {
    broker = await startAedes()
    acks.length = 0
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

  /** Connects, with a session, unless told otherwise. */
  const client = async (options: IClientOptions = {}) => {
    const clientId = randomUUID()
    const made = await connectAsync(broker.url, { clean: false, clientId, reconnectPeriod: 20, ...options })
    return owned(made)
  }
  const owned = (made: MqttClient) => {
    made.on('error', () => undefined)
    clients.push(made)
    return made
  }

  return {
    acks,
    got,
    client,
    owned,
    broker: () => broker,
    uri: () => `${broker.url}/inbox`,
    async keep({ bytes }: { bytes: Uint8Array }): Promise<'accepted'> {
      got.push(textOf(bytes))
      return 'accepted'
    },
    /** Makes a transport on the topic `inbox` without starting it. */
    make(options: MqttOptions): Transport {
      const made = mqtt({ inboxTopics: ['inbox'], ...options })
      transports.push(made)
      return made
    },
    /** Makes and starts a transport on the topic `inbox`. */
    async open(receive: Receive, options: Partial<MqttOptions> = {}): Promise<Transport> {
      const made = mqtt({ client: options.client ?? (await client()), inboxTopics: ['inbox'], ...options })
      transports.push(made)
      await made.start(receive)
      return made
    },
    /** Publishes as a sender that is no transport. */
    async publish(texts: string[], options: { qos: 0 | 1; retain?: boolean } = { qos: 1 }): Promise<void> {
      const plain = await client({ clean: true })
      for (const text of texts) await plain.publishAsync('inbox', text, options)
    },
  }
}
