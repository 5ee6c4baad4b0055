import { contactBook, type Draft, firstOf } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { PING, PING_RESPONSE, ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { describe, expect, it, vi } from 'vitest'
import { party } from '../agent/world.ts'

async function pair() {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const alice = party('a', [network.transport('alice')], { protocols: [trustPing()], contacts })
  const bob = party('b', [network.transport('bob')], { protocols: [trustPing()], contacts })
  await contacts.add({ did: alice.did, uri: 'memory:alice' })
  await contacts.add({ did: bob.did, uri: 'memory:bob' })
  await alice.agent.start()
  await bob.agent.start()
  return { alice, bob }
}

describe('a ping', () => {
  it.each([
    ['asks by default', ping()],
    ['says nothing, which means that it asks', { type: PING }],
    ['says something else than false', { type: PING, body: { response_requested: 'no' } }],
    ['is of a newer minor version', { type: 'https://didcomm.org/trust-ping/2.1/ping' }],
  ] satisfies [string, Draft][])('that %s is answered once, in its thread [T1]', async (_, draft) => {
    const { alice, bob } = await pair()
    const answers: unknown[] = []
    alice.agent.on(PING_RESPONSE, ({ message }) => void answers.push(message.thid) as undefined)
    const id = await alice.agent.send(draft, { to: bob.did })
    await vi.waitFor(() => expect(answers).toEqual([id]))
    expect(bob.agent.counters()).toMatchObject({ received: 1, sent: 1 })
  })

  it('is not answered where it asks for none [T1]', async () => {
    const { alice, bob } = await pair()
    expect(ping({ responseRequested: false }).body).toEqual({ response_requested: false })
    await alice.agent.send(ping({ responseRequested: false }), { to: bob.did })
    await bob.agent.close()
    expect(bob.agent.counters()).toMatchObject({ received: 1, sent: 0, unanswered: 0 })
  })

  it('of an anonymous sender is not answered, nor is that an error', async () => {
    const { alice, bob } = await pair()
    await alice.agent.send(ping(), { to: bob.did, anonymous: true })
    await bob.agent.close()
    expect(bob.agent.counters()).toMatchObject({ received: 1, sent: 0, unanswered: 0 })
  })

  it('and its answer name their types by one byte in a compact envelope', async () => {
    const { alice, bob } = await pair()
    const known = await alice.agent.prepare({ type: PING }, { to: bob.did, encoding: 'compact' })
    const unknown = await alice.agent.prepare({ type: `${PING}-x` }, { to: bob.did, encoding: 'compact' })
    expect(unknown.packet.bytes.length - known.packet.bytes.length).toBeGreaterThan(PING.length)
    expect(trustPing().types?.map(({ code, type }) => [code, type])).toEqual([
      [2, PING],
      [3, PING_RESPONSE],
    ])
  })
})
