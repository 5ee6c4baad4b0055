// The transports of this package on loopback, both ends in this process. The MQTT broker is in another one.
import type { Transport } from 'didcomm-mote'
import { ble } from 'didcomm-mote/transports/ble'
import { http } from 'didcomm-mote/transports/http'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { mqtt } from 'didcomm-mote/transports/mqtt'
import { ws } from 'didcomm-mote/transports/ws'
import { inMemoryLink } from './ble-in-memory.ts'
import { useBroker } from './broker.ts'
import { type Carrier, carriageMakers, type OpenCarrier } from './carriage.ts'
import type { Makers } from './implementation.ts'
import { connectTwo, type MqttVersion, mqttRows, newTopic } from './mqtt-clients.ts'

type Arrived = Parameters<OpenCarrier>[0]

/** Starts both ends; where the receiver is reached is known only then. */
async function started(sender: Transport, receiver: Transport, uri: () => string, arrived: Arrived): Promise<Carrier> {
  await receiver.start(async ({ bytes }) => {
    arrived(bytes)
    return 'accepted'
  })
  await sender.start(async () => 'refused')
  const to = uri()
  return {
    send: (bytes) => sender.send(to, { bytes }),
    close: () => Promise.all([sender.close(), receiver.close()]),
  }
}

const overMemory: OpenCarrier = (arrived) => {
  const network = memoryNetwork()
  return started(network.transport('a'), network.transport('b'), () => 'memory:b', arrived)
}

const overHttp: OpenCarrier = (arrived) => {
  const receiver = http({ listen: { port: 0 } })
  return started(http({ allowPrivateAddresses: true }), receiver, () => receiver.url ?? '', arrived)
}

const overWs: OpenCarrier = (arrived) => {
  const receiver = ws({ listen: { port: 0 } })
  return started(ws({ allowPrivateAddresses: true }), receiver, () => receiver.url ?? '', arrived)
}

const overBle: OpenCarrier = (arrived) => {
  const { central, peripheral } = inMemoryLink()
  return started(ble({ name: 'a', central }), ble({ name: 'b', peripheral }), () => 'ble:b', arrived)
}

const overMqtt =
  (version: MqttVersion): OpenCarrier =>
  async (arrived) => {
    const broker = await useBroker()
    const { clients, end } = await connectTwo(broker.url, version)
    const topic = newTopic()
    const [sender, receiver] = [mqtt({ client: clients[0] }), mqtt({ client: clients[1], inboxTopics: [topic] })]
    const carrier = await started(sender, receiver, () => `${broker.url}/${topic}`, arrived)
    return {
      send: (packet) => carrier.send(packet),
      close: async () => {
        await carrier.close()
        await end()
        await broker.release()
      },
    }
  }

export function transportMakers(): Makers {
  const rows: [string, OpenCarrier][] = [
    ['memory', overMemory],
    ['http', overHttp],
    ['ws', overWs],
    ['ble', overBle],
    ...mqttRows().map(([name, version]): [string, OpenCarrier] => [name, overMqtt(version)]),
  ]
  return Object.assign({}, ...rows.map(([name, open]) => carriageMakers(name, open)))
}
