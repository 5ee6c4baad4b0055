import {
  type Agent,
  type AgentEvent,
  type AgentOptions,
  contactBook,
  createAgent,
  didKeyIdentity,
  firstOf,
  type Transport,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import { compact, json } from 'didcomm-mote/envelope'
import { world } from 'didcomm-mote/world'

/** 2026-01-01T00:00:00Z: the clock of these tests, which only they move. */
export const START_MS = 1_767_225_600_000

export interface Party {
  agent: Agent
  did: string
  events: AgentEvent[]
  clock: { nowMs: number }
}

/** Makes a did:key agent. Its seed is 32 times `letter`, so that runs are alike. */
export function party(letter: string, transports: Transport[], options: Partial<AgentOptions> = {}): Party {
  const { did, secretKeys } = didKeyIdentity(crypto, new Uint8Array(32).fill(letter.charCodeAt(0)))
  const resolve = firstOf(didKey(crypto), didPeer(crypto))
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
    transports,
    contacts: contactBook(crypto, resolve),
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { agent, did, events, clock }
}
