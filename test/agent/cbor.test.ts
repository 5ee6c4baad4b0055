import { contactBook, type EnvelopeFormat, firstOf, type Unpacked } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { compact, json } from 'didcomm-mote/envelope'
import { cborEnvelope } from 'didcomm-mote/envelope/cbor'
import { PING_RESPONSE, ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { expect, test, vi } from 'vitest'
import { party } from './world.ts'

const several = (): EnvelopeFormat[] => [json(), cborEnvelope(), compact()]

test.each([
  ['cbor', 'that alone', () => [cborEnvelope()]],
  ['cbor', 'three encodings', several],
  ['compact', 'three encodings', several],
  ['json', 'three encodings', several],
] as const)('an agent is answered in %s where it asked so, between agents of %s', async (encoding, _, envelopes) => {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const options = { envelopes: envelopes(), protocols: [trustPing()], contacts }
  const alice = party('a', [network.transport('alice')], options)
  const bob = party('b', [network.transport('bob')], options)
  await contacts.add({ did: alice.did, uri: 'memory:alice' })
  await contacts.add({ did: bob.did, uri: 'memory:bob' })
  const answers: Unpacked[] = []
  alice.agent.on(PING_RESPONSE, (received) => void answers.push(received) as undefined)
  try {
    await Promise.all([alice.agent.start(), bob.agent.start()])
    const id = await alice.agent.send(ping(), { to: bob.did, encoding })
    await vi.waitFor(() => expect(answers).toHaveLength(1))
    expect(answers[0]).toMatchObject({ message: { thid: id }, sender: bob.did, encoding })
  } finally {
    await alice.agent.close()
    await bob.agent.close()
  }
})
