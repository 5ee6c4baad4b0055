import {
  type Agent,
  type AgentEvent,
  type AgentOptions,
  type Contacts,
  contactBook,
  createAgent,
  didKeyIdentity,
  didPeer4Identity,
  firstOf,
  longFormsOf,
  memorySeenStore,
  type PeerMemoryOptions,
  peerMemory,
  type Resolve,
  type Transport,
  type Unpacked,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer, type ServiceInput } from 'didcomm-mote/did'
import { compact, json } from 'didcomm-mote/envelope'
import { trustPing } from 'didcomm-mote/protocols/trust-ping'
import { world } from 'didcomm-mote/world'
import { afterEach } from 'vitest'
import { START_MS } from './world.ts'

export const NOTE = 'https://example.org/notes/1.0/note'
export const note = { type: NOTE, body: { text: 'hello' } }
export const seed = (letter: string): Uint8Array => new Uint8Array(32).fill(letter.charCodeAt(0))

const running: Agent[] = []
afterEach(async () => {
  for (const agent of running.splice(0)) await agent.close()
})

export interface Peer {
  agent: Agent
  did: string
  shortDid: string
  contacts: Contacts
  got: Unpacked[]
  events: AgentEvent[]
  clock: { nowMs: number }
}

export interface PeerOptions extends Partial<AgentOptions> {
  method?: 'key' | 'peer:4'
  memory?: PeerMemoryOptions
  services?: ServiceInput[]
  /** How many long forms the cache of the resolver takes. */
  maxLongForms?: number
}

/** Makes and starts an agent that knows nobody. Made again with the same letter it is the same party, that has forgotten everything. */
export async function peer(letter: string, transport: Transport, options: PeerOptions = {}): Promise<Peer> {
  const { method = 'peer:4', memory, services = [], maxLongForms = 8, ...others } = options
  const byKey = { ...didKeyIdentity(crypto, seed(letter)), shortDid: undefined }
  const identity = method === 'key' ? byKey : didPeer4Identity(crypto, seed(letter), services)
  const { did, secretKeys, shortDid = did } = identity
  const contacts: Contacts = contactBook(crypto, (asked) => resolve(asked))
  const kept = longFormsOf(() => contacts, [did])
  const resolve: Resolve = firstOf(didKey(crypto), didPeer(crypto, { maxLongForms, contacts: kept }))
  const events: AgentEvent[] = []
  const clock = { nowMs: START_MS }
  const agent = createAgent({
    ...world(),
    now: () => clock.nowMs,
    did,
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    resolve,
    envelopes: [json(), compact()],
    transports: [transport],
    contacts,
    seen: memorySeenStore(),
    protocols: [trustPing()],
    peers: peerMemory(memory),
    onEvent: (event) => events.push(event),
    ...others,
  })
  const got: Unpacked[] = []
  agent.on(NOTE, (received) => void got.push(received) as undefined)
  running.push(agent)
  await agent.start()
  return { agent, did, shortDid, contacts, got, events, clock }
}
