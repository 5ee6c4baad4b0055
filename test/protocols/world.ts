import {
  type Agent,
  type AgentOptions,
  didPeer2Identity,
  didPeer4Identity,
  firstOf,
  type Mailbox,
  memoryMailbox,
  memorySeenStore,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import { json } from 'didcomm-mote/envelope'
import { mediator } from 'didcomm-mote/protocols/coordinate-mediation'
import { pickupMediator } from 'didcomm-mote/protocols/messagepickup'
import { routing } from 'didcomm-mote/protocols/routing'
import { type MemoryNetwork, memoryNetwork } from 'didcomm-mote/transports/memory'
import { type Party, party } from '../agent/world.ts'

export const NOTE = 'https://example.org/notes/1.0/note'

export const seed = (letter: string): Uint8Array => new Uint8Array(32).fill(letter.charCodeAt(0))

/** A mediator, and parties that are reached over it alone. */
export interface Mediation {
  network: MemoryNetwork
  mailbox: Mailbox
  mediator: Party
  /** Makes and starts an agent with a did:peer:4 whose endpoint is the mediator. */
  recipient(letter: string, options?: Partial<AgentOptions>): Promise<Party & { shortDid: string }>
  /** Makes and starts an agent with a did:key, which nobody can reach. */
  sender(letter: string, options?: Partial<AgentOptions>): Promise<Party>
  close(): Promise<void>
}

export async function mediation(
  options: {
    mailbox?: Mailbox
    network?: MemoryNetwork
    mayMediate?: (did: string) => boolean
    mayForward?: (did: string) => boolean
    agent?: Partial<AgentOptions>
  } = {},
): Promise<Mediation> {
  const { mailbox = memoryMailbox(), network = memoryNetwork(), mayMediate, mayForward } = options
  const agents: Agent[] = []
  const started = async (made: Party): Promise<Party> => {
    agents.push(made.agent)
    await made.agent.start()
    return made
  }
  const identity = didPeer2Identity(crypto, seed('M'), [{ uri: 'memory:mediator', accept: ['didcomm/v2'] }])
  const made = party('M', [network.transport('mediator')], {
    did: identity.did,
    secrets: memorySecrets(crypto, identity.secretKeys),
    seen: memorySeenStore(),
    protocols: [
      routing({ crypto, mailbox, ...(mayForward && { mayForward }) }),
      mediator({ routingDids: [identity.did], mailbox, ...(mayMediate && { mayMediate }) }),
      pickupMediator({ mailbox }),
    ],
    ...options.agent,
  })
  return {
    network,
    mailbox,
    mediator: await started({ ...made, did: identity.did }),
    async recipient(letter, more = {}) {
      const { did, shortDid, secretKeys } = didPeer4Identity(crypto, seed(letter), [{ uri: identity.did }])
      const own = {
        did,
        secrets: memorySecrets(crypto, secretKeys),
        resolve: firstOf(didKey(crypto), didPeer(crypto)),
        envelopes: [json()],
        seen: memorySeenStore(),
      }
      const recipient = party(letter, [network.transport(letter)], { ...own, ...more })
      return { ...(await started({ ...recipient, did })), shortDid }
    },
    sender: (letter, more = {}) => started(party(letter, [network.transport(letter)], more)),
    async close() {
      for (const agent of agents) await agent.close()
    },
  }
}
