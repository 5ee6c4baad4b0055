import { randomUUID } from 'node:crypto'
import { sha256 } from 'didcomm-mote/crypto'
import { fragmenting } from 'didcomm-mote/transports/fragmenting'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { mqtt } from 'didcomm-mote/transports/mqtt'
import { connectAsync } from 'mqtt'
import { startAedes } from './broker.ts'
import { Clock } from './clock.ts'
import { transportCompliance } from './compliance.ts'

transportCompliance(
  'memory in fragments',
  { order: true, reply: true, again: 'sender', refusal: true, media: true },
  async () => {
    const network = memoryNetwork({ maxPacketBytes: 64 })
    const clock = new Clock()
    const [a, b] = ['a', 'b'].map((name) =>
      fragmenting(network.transport(name), { sha256, maxMessageBytes: 5_000, world: clock }),
    )
    if (!a || !b) throw new Error('two ends')
    return {
      a,
      b,
      uriOf: (end) => (end === a ? 'memory:a' : 'memory:b'),
      unreachable: async () => 'memory:nobody',
      held: () => clock.pending,
      close: async () => undefined,
    }
  },
)

transportCompliance(
  'mqtt in fragments, over aedes',
  { order: true, reply: false, again: 'transport', refusal: false, media: false },
  async () => {
    const broker = await startAedes()
    const clock = new Clock()
    const names = { a: `test/${randomUUID()}`, b: `test/${randomUUID()}` }
    const clients = await Promise.all(
      ['a', 'b'].map(() => connectAsync(broker.url, { clean: false, clientId: randomUUID(), reconnectPeriod: 50 })),
    )
    const [clientA, clientB] = clients
    if (!clientA || !clientB) throw new Error('two clients')
    for (const client of clients) client.on('error', () => undefined)
    const common = { broker: broker.url, timer: clock.timer }
    const options = { sha256, maxPacketBytes: 200, maxMessageBytes: 3_000, world: clock }
    const a = fragmenting(mqtt({ broker: broker.url, client: clientA, inboxTopics: [names.a] }), options)
    const b = fragmenting(mqtt({ ...common, client: clientB, inboxTopics: [names.b] }), options)
    return {
      a,
      b,
      uriOf: (end) => `${broker.url}/${end === a ? names.a : names.b}`,
      unreachable: async () => {
        await broker.stop()
        return `${broker.url}/${names.b}`
      },
      elapse: () => clock.advance(1_000),
      held: () => clock.pending,
      close: async () => {
        await Promise.all(clients.map((client) => client.endAsync(true)))
        await broker.stop()
      },
    }
  },
)
