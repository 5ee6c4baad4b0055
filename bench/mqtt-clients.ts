// Clients of mqtt.js for the rows of MQTT, and these rows as mqtt.js does them by itself: the same bytes, with QoS 1, over the same broker.
import { randomUUID } from 'node:crypto'
import { connectAsync, type MqttClient } from 'mqtt'
import { mosquittoVersion, useBroker } from './broker.ts'
import { carriageMakers, type OpenCarrier } from './carriage.ts'
import type { Implementation } from './implementation.ts'

/** As mqtt.js counts: 4 is 3.1.1. */
export type MqttVersion = 4 | 5

/** The names of the rows of MQTT. aedes does not speak 5. */
export function mqttRows(): [name: string, version: MqttVersion][] {
  return mosquittoVersion === undefined
    ? [['mqtt', 4]]
    : [
        ['mqtt', 4],
        ['mqtt5', 5],
      ]
}

export const newTopic = (): string => `bench/${randomUUID()}`

/** Two clients with sessions: one that sends and one that receives. */
export async function connectTwo(url: string, protocolVersion: MqttVersion) {
  const properties = protocolVersion === 5 ? { properties: { sessionExpiryInterval: 60 } } : {}
  const connect = () => connectAsync(url, { protocolVersion, clean: false, clientId: randomUUID(), ...properties })
  const clients: [MqttClient, MqttClient] = [await connect(), await connect()]
  return { clients, end: () => Promise.all(clients.map((client) => client.endAsync())) }
}

const bare =
  (version: MqttVersion): OpenCarrier =>
  async (arrived) => {
    const broker = await useBroker()
    const {
      clients: [sender, receiver],
      end,
    } = await connectTwo(broker.url, version)
    const topic = newTopic()
    receiver.on('message', (_, payload) => arrived(payload))
    await receiver.subscribeAsync(topic, { qos: 1 })
    return {
      send: (packet) =>
        new Promise<void>((resolve, reject) => {
          sender.publish(topic, packet as Buffer, { qos: 1 }, (error) => (error ? reject(error) : resolve()))
        }),
      close: async () => {
        await end()
        await broker.release()
      },
    }
  }

export async function load(): Promise<Implementation[]> {
  const makers = mqttRows().map(([name, version]) => carriageMakers(name, bare(version)))
  return [{ name: 'mqtt.js', makers: Object.assign({}, ...makers) }]
}
