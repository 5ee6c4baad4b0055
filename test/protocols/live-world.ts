import {
  type Agent,
  type AgentOptions,
  contactBook,
  didPeer2Identity,
  firstOf,
  memoryMailbox,
  memorySeenStore,
  type Packet,
  type Receive,
  type Transport,
  type Unpacked,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import { json } from 'didcomm-mote/envelope'
import { mediator, requestMediation, updateRecipients } from 'didcomm-mote/protocols/coordinate-mediation'
import { liveDelivery, pickupMediator, pickupRecipient } from 'didcomm-mote/protocols/messagepickup'
import { routing } from 'didcomm-mote/protocols/routing'
import { type WsOptions, type WsTransport, ws } from 'didcomm-mote/transports/ws'
import { afterEach } from 'vitest'
import { party } from '../agent/world.ts'
import { Clock } from '../transport/clock.ts'
import { type Wire, wire } from '../transport/half-open.ts'
import { NOTE, seed } from './world.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const resolve = firstOf(didKey(crypto), didPeer(crypto))

async function started(letter: string, transport: Transport, options: Partial<AgentOptions>): Promise<Agent> {
  const { agent } = party(letter, [transport], { envelopes: [json()], seen: memorySeenStore(), resolve, ...options })
  await agent.start()
  closing.push(() => agent.close())
  return agent
}

/** What is between the parties and the mediator, or different about the recipient. */
export interface Surroundings {
  /** Given where the mediator listens, returns where it says that it does. */
  readonly between?: (url: string) => Promise<string>
  readonly atMediator?: WsOptions
  readonly atCloud?: WsOptions
  readonly cloudAgent?: Partial<AgentOptions>
}

export interface Connected {
  agent: Agent
  transport: WsTransport
}

/** A mediator that listens on a real WebSocket, a recipient behind it, and a sender. */
export async function liveMediation({ between, cloudAgent, ...options }: Surroundings = {}) {
  const mailbox = memoryMailbox()
  const live = liveDelivery(mailbox)
  const atMediator = ws({ listen: { port: 0 }, allowPrivateAddresses: true, ...options.atMediator })
  // The port is known once it listens; the DID of the mediator holds it.
  let receive: Receive = async () => 'refused'
  await atMediator.start((packet) => receive(packet))
  closing.push(() => atMediator.close())
  const uri = (await between?.(String(atMediator.url))) ?? String(atMediator.url)
  const own = didPeer2Identity(crypto, seed('M'), [{ uri, accept: ['didcomm/v2'] }])
  const unstarted = {
    schemes: atMediator.schemes,
    maxPacketBytes: atMediator.maxPacketBytes,
    start: async () => undefined,
    send: atMediator.send.bind(atMediator),
    close: async () => undefined,
  }
  const { agent: theMediator, events } = party('M', [unstarted], {
    did: own.did,
    secrets: memorySecrets(crypto, own.secretKeys),
    envelopes: [json()],
    seen: memorySeenStore(),
    resolve,
    protocols: [
      routing({ crypto, mailbox, live }),
      mediator({ routingDids: [own.did], mailbox }),
      pickupMediator({ mailbox, live }),
    ],
  })
  receive = theMediator.receive

  const cloudOwn = didPeer2Identity(crypto, seed('C'), [{ uri: own.did, accept: ['didcomm/v2'] }])
  const got: Unpacked[] = []
  // What was received outlives the agent, as a store on a disk would.
  const seen = memorySeenStore()
  const connect = async (more: WsOptions = {}): Promise<Connected> => {
    const transport = ws({ allowPrivateAddresses: true, ...options.atCloud, ...more })
    let agent: Agent | undefined
    agent = await started('C', transport, {
      did: cloudOwn.did,
      secrets: memorySecrets(crypto, cloudOwn.secretKeys),
      contacts: contactBook(crypto, resolve),
      protocols: [pickupRecipient({ mediatorDid: own.did, receive: () => agent?.receive ?? receive })],
      seen,
      ...cloudAgent,
    })
    agent.on(NOTE, (received) => void got.push(received) as undefined)
    return { agent, transport }
  }
  const cloud = await connect()
  await requestMediation(cloud.agent, own.did)
  await updateRecipients(cloud.agent, own.did, [{ did: cloudOwn.did, action: 'add' }])
  const direct = ws({ allowPrivateAddresses: true })
  // Whatever is between the recipient and the mediator, it is not between them and the sender.
  const toMediator = {
    schemes: direct.schemes,
    maxPacketBytes: direct.maxPacketBytes,
    start: direct.start.bind(direct),
    send: (_: string, packet: Packet) => direct.send(String(atMediator.url), packet),
    close: () => direct.close(),
  }
  const sender = await started('s', toMediator, {})
  const send = (text: string) => sender.send({ type: NOTE, body: { text } }, { to: cloudOwn.did })
  const texts = (): unknown[] => got.map(({ message }) => message.body['text'])
  const waiting = (): Promise<number> => mailbox.count(cloudOwn.did)
  return { mailbox, live, own, cloudOwn, cloud, connect, sender, send, texts, events, waiting, mediator: theMediator }
}

/** A mediation in which only the recipient's way to the mediator is over a wire that can fall silent, and time stands still for the sockets. */
export async function overWire(more: Partial<Surroundings> = {}) {
  const [atMediator, atCloud] = [new Clock(), new Clock()]
  const lines: Wire[] = []
  const made = await liveMediation({
    between: async (url) => {
      const line = await wire(Number(new URL(url).port))
      closing.push(() => line.close())
      lines.push(line)
      return `ws://127.0.0.1:${line.port}`
    },
    atMediator: { timer: atMediator.timer },
    ...more,
    atCloud: { timer: atCloud.timer, ...more.atCloud },
  })
  const [line] = lines as [Wire]
  return { ...made, line, atMediator, atCloud }
}
