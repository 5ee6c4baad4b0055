import { randomUUID } from 'node:crypto'
import {
  contactBook,
  createAgent,
  didKeyIdentity,
  firstOf,
  isDidCommError,
  memorySeenStore,
  type Transport,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { compact } from 'didcomm-mote/envelope'
import { http } from 'didcomm-mote/transports/http'
import { mqtt } from 'didcomm-mote/transports/mqtt'
import { ws } from 'didcomm-mote/transports/ws'
import { world } from 'didcomm-mote/world'
import { connect, type MqttClient } from 'mqtt'
import { startAedes } from './broker.ts'
import { turn } from './clock.ts'
import { type Fault, type FaultProxy, faultProxy } from './fault-proxy.ts'
import { seeded } from './seeded.ts'

export const cutKinds = ['MQTT 3.1.1', 'MQTT 5', 'WebSocket', 'HTTP'] as const
export type CutKind = (typeof cutKinds)[number]

export interface CutOptions {
  readonly kind: CutKind
  readonly seed: number
  /** The run ends when so many connections were cut, and everything that was sent has arrived. */
  readonly cuts: number
  /** A broker for MQTT 5; aedes, which speaks 3.1.1 only, where absent. */
  readonly brokerPort?: number
}

export interface CutFigures {
  readonly cuts: number
  readonly messages: number
  readonly lost: number
  readonly duplicated: number
}

/** Two ends that reach each other through a proxy only. */
interface Ends {
  readonly sender: Transport
  readonly receiver: Transport
  readonly uri: string
  readonly proxy: FaultProxy
  close(): Promise<void>
}

const numbered = 'https://didcomm.org/test-load/1.0/numbered'
const concurrency = 8

/** Sends from agent to agent while connections are cut at seeded places, mostly in the middle of a packet. */
export async function cutRun(options: CutOptions): Promise<CutFigures> {
  const random = seeded(options.seed)
  let calm = false
  const faultOf = (): Fault => {
    if (calm) return {}
    // Many offsets in what opens a connection, and some after a dozen packets.
    const direction = random() < 0.5 ? 'up' : 'down'
    // Little comes back from who only takes.
    const afterBytes = 1 + Math.floor((direction === 'up' ? 4000 : 400) * random() ** 2)
    return { cut: { direction, afterBytes }, ...(random() < 0.2 && { dripBytes: 1 + Math.floor(3 * random()) }) }
  }
  const ends = await open(options, faultOf)
  const counts = new Map<number, number>()
  const seed = (first: number) => new Uint8Array(32).fill(first)
  const { did } = didKeyIdentity(crypto, seed(2))
  const sender = await agentOf(seed(1), ends.sender, { did, uri: ends.uri })
  const receiver = await agentOf(seed(2), ends.receiver, { did: didKeyIdentity(crypto, seed(1)).did })
  receiver.on(numbered, ({ message }) => {
    const { number } = message.body as { number: number }
    counts.set(number, (counts.get(number) ?? 0) + 1)
    return undefined
  })
  // The one that listens first, for the other one needs it.
  await receiver.start()
  await sender.start()
  let messages = 0
  const work = async (): Promise<void> => {
    while (ends.proxy.cuts < options.cuts) {
      const outgoing = await sender.prepare({ type: numbered, body: { number: messages++ } }, { to: did })
      await insist(() => sender.transmit(outgoing))
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, work))
    calm = true
    const { cuts } = ends.proxy
    const deadline = performance.now() + 10_000
    while (counts.size < messages && performance.now() < deadline) await turn()
    const handled = [...counts.values()].reduce((sum, count) => sum + count, 0)
    return { cuts, messages, lost: messages - counts.size, duplicated: handled - counts.size }
  } finally {
    await Promise.all([sender.close(), receiver.close()])
    await ends.close()
  }
}

export const describeCuts = (kind: CutKind, seed: number, { cuts, messages, lost, duplicated }: CutFigures): string =>
  `${kind}, seed ${seed}: ${cuts} connections cut, ${messages} messages, lost ${lost}, duplicated ${duplicated}\n`

/** Tries until the other side has it, as an outbox does. */
async function insist(send: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await send()
    } catch (error) {
      if (!isDidCommError(error, 'ERR_TRANSPORT_UNREACHABLE')) throw error
      for (let turns = 0; turns < 10; turns += 1) await turn()
    }
  }
}

async function agentOf(seed: Uint8Array, transport: Transport, peer: { did: string; uri?: string }) {
  const { did, secretKeys } = didKeyIdentity(crypto, seed)
  const resolve = firstOf(didKey(crypto))
  const contacts = contactBook(crypto, resolve)
  await contacts.add({ ...peer, encoding: 'compact' })
  const secrets = memorySecrets(crypto, secretKeys)
  const envelopes = [compact()]
  const seen = memorySeenStore()
  return createAgent({ ...world(), did, crypto, secrets, resolve, contacts, envelopes, seen, transports: [transport] })
}

async function open(options: CutOptions, faultOf: () => Fault): Promise<Ends> {
  if (options.kind === 'HTTP' || options.kind === 'WebSocket') return openDirect(options.kind, faultOf)
  return openMqtt(options, faultOf)
}

async function openDirect(kind: 'HTTP' | 'WebSocket', faultOf: () => Fault): Promise<Ends> {
  const transport = kind === 'HTTP' ? http : ws
  const receiver = transport({ listen: { port: 0 }, allowPrivateAddresses: true })
  const sender = transport({ allowPrivateAddresses: true })
  // It listens with `start` of the agent: the proxy asks for the port only when somebody connects.
  const proxy = await faultProxy(() => Number(new URL(receiver.url ?? '').port), faultOf)
  const scheme = kind === 'HTTP' ? 'http' : 'ws'
  return { sender, receiver, proxy, uri: `${scheme}://127.0.0.1:${proxy.port}/`, close: () => proxy.close() }
}

async function openMqtt({ kind, brokerPort }: CutOptions, faultOf: () => Fault): Promise<Ends> {
  const aedes = brokerPort === undefined ? await startAedes() : undefined
  const target = brokerPort ?? Number(new URL(aedes?.url ?? '').port)
  const proxy = await faultProxy(() => target, faultOf)
  const url = `mqtt://127.0.0.1:${proxy.port}`
  const protocolVersion = kind === 'MQTT 5' ? 5 : 4
  const clients: MqttClient[] = []
  const client = () => {
    const properties = protocolVersion === 5 ? { properties: { sessionExpiryInterval: 3600 } } : {}
    const made = connect(url, {
      protocolVersion,
      clean: false,
      clientId: randomUUID(),
      reconnectPeriod: 5,
      ...properties,
    })
    clients.push(made)
    return made
  }
  const receiver = mqtt({ client: client(), inboxTopics: ['inbox'] })
  const sender = mqtt({ client: client() })
  const close = async () => {
    await Promise.all(clients.map((made) => made.endAsync(true)))
    await proxy.close()
    await aedes?.stop()
  }
  return { sender, receiver, proxy, uri: `${url}/inbox`, close }
}
