import { type AgentOptions, contactBook, firstOf, type Protocol } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import type { MemoryNetwork } from 'didcomm-mote/transports/memory'
import { type Party, party } from '../agent/world.ts'

/** A sensor and its gateway, which know each other and have started. */
export async function pair(
  network: MemoryNetwork,
  ofSensor: readonly Protocol[],
  ofGateway: readonly Protocol[],
  options: Partial<AgentOptions> = {},
): Promise<{ sensor: Party; gateway: Party }> {
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const sensor = party('s', [network.transport('s')], { protocols: ofSensor, contacts, ...options })
  const gateway = party('g', [network.transport('g')], { protocols: ofGateway, contacts, ...options })
  await contacts.add({ did: gateway.did, uri: 'memory:g' })
  await contacts.add({ did: sensor.did, uri: 'memory:s' })
  await sensor.agent.start()
  await gateway.agent.start()
  return { sensor, gateway }
}
