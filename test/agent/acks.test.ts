import {
  type Agent,
  type AgentEvent,
  acks,
  contactBook,
  EMPTY,
  firstOf,
  memorySeenStore,
  type Unpacked,
} from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Party, party } from './world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const agents: Agent[] = []

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close()
})

async function pair(bobOptions: Parameters<typeof party>[2] = {}): Promise<{ alice: Party; bob: Party }> {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const common = { contacts, protocols: [trustPing()], seen: memorySeenStore() }
  const alice = party('a', [network.transport('alice')], { ...common, acks: acks() })
  const bob = party('b', [network.transport('bob')], {
    ...common,
    seen: memorySeenStore(),
    acks: acks(),
    ...bobOptions,
  })
  await contacts.add({ did: alice.did, uri: 'memory:alice' })
  await contacts.add({ did: bob.did, uri: 'memory:bob' })
  agents.push(alice.agent, bob.agent)
  await alice.agent.start()
  await bob.agent.start()
  bob.agent.on(NOTE, () => undefined)
  alice.agent.on(NOTE, () => undefined)
  return { alice, bob }
}

const acked = ({ events }: Party): AgentEvent[] => events.filter(({ kind }) => kind === 'acknowledged')

describe('an acknowledgement', () => {
  it('comes to who asks for it, once, as an empty message in the thread [J3, J4, J6, J7, B22]', async () => {
    const { alice, bob } = await pair()
    const outgoing = await alice.agent.prepare({ type: NOTE }, { to: bob.did, pleaseAck: true })
    await alice.agent.transmit(outgoing)
    await alice.agent.transmit(outgoing)
    await vi.waitFor(() =>
      expect(acked(alice)).toEqual([{ kind: 'acknowledged', ids: [outgoing.id], sender: bob.did }]),
    )
    await Promise.all([alice.agent.close(), bob.agent.close()])
    expect(bob.agent.counters()).toMatchObject({ sent: 1, received: 1, duplicate: 1 })
    expect(alice.agent.counters()).toMatchObject({ received: 1, acknowledged: 1 })
  })

  it('goes with the reply, where there is one [J4]', async () => {
    const { alice, bob } = await pair()
    const reply = await alice.agent.request(ping(), { to: bob.did, pleaseAck: true })
    expect(reply.message.type).toMatch(/ping-response$/)
    expect(reply.message['ack']).toEqual([reply.message.thid])
    expect(bob.agent.counters().sent).toBe(1)
  })

  it('names messages in the order in which they came, and only those that came [J4]', async () => {
    const { alice, bob } = await pair()
    const ids: string[] = []
    for (let i = 0; i < 3; i++) ids.push(await alice.agent.send({ type: NOTE }, { to: bob.did }))
    const asked = ['', ids[2], 'never-sent', ids[0], ids[0]?.toUpperCase()]
    const last = await alice.agent.send({ type: NOTE, please_ack: asked }, { to: bob.did })
    await vi.waitFor(() => expect(acked(alice)).toHaveLength(1))
    const [event] = acked(alice) as unknown as [{ ids: string[] }]
    expect(event.ids.filter((id) => id !== ids[0]?.toUpperCase())).toEqual([ids[0], ids[2], last])
  })

  it('resolves a request that asked for nothing else [J7]', async () => {
    const { alice, bob } = await pair()
    const got = await alice.agent.request({ type: NOTE }, { to: bob.did, pleaseAck: true })
    expect(got.message).toMatchObject({ type: EMPTY, ack: [got.message.thid] })
  })

  it('does not resolve a request for something else', async () => {
    const { alice, bob } = await pair()
    let answer: ((value: Unpacked) => void) | undefined
    const asked = new Promise<Unpacked>((resolve) => {
      answer = resolve
    })
    bob.agent.on(NOTE, async (received) => void answer?.(received) as undefined)
    const request = alice.agent.request({ type: NOTE }, { to: bob.did })
    const { message } = await asked
    await bob.agent.send({ type: EMPTY, thid: message.id, ack: [message.id] }, { to: alice.did })
    await bob.agent.send({ type: NOTE, thid: message.id, body: { text: 'this one' } }, { to: alice.did })
    expect((await request).message.body).toEqual({ text: 'this one' })
  })

  it('is never acknowledged itself, whatever it asks for [J6]', async () => {
    const { alice, bob } = await pair()
    await alice.agent.send({ type: EMPTY, ack: ['1'], please_ack: [''] }, { to: bob.did })
    await bob.agent.close()
    expect(bob.agent.counters()).toMatchObject({ received: 1, sent: 0 })
  })

  it.each([
    ['of an anonymous sender', { anonymous: true }, { please_ack: [''] }],
    ['that is no list', {}, { please_ack: 'all' }],
    ['for more than anybody needs', {}, { please_ack: Array(65).fill('') }],
    ['for no message', {}, { please_ack: [7, null] }],
  ])('is not sent for a request %s', async (_, options, headers) => {
    const { alice, bob } = await pair()
    await alice.agent.send({ type: NOTE, ...headers }, { to: bob.did, ...options })
    await bob.agent.close()
    expect(bob.agent.counters()).toMatchObject({ received: 1, sent: 0, unanswered: 0 })
  })

  it('is not sent to whom it is not granted, and by nobody who does not care to [J3]', async () => {
    for (const acksOption of [acks({ honours: () => false }), undefined]) {
      const { alice, bob } = await pair()
      const network = memoryNetwork()
      const carol = party('c', [network.transport('carol')], { ...(acksOption && { acks: acksOption }) })
      expect(
        acksOption?.due({ ...unpacked(alice.did), message: { id: '1', type: NOTE, body: {}, please_ack: [''] } }) ?? [],
      ).toEqual([])
      expect([carol.did, bob.did].every((did) => did.startsWith('did:key:'))).toBe(true)
    }
  })

  it('is not given for a forward, which no mediator acknowledges [J5]', () => {
    const message = { id: '1', type: 'https://didcomm.org/routing/2.0/forward', body: {}, please_ack: [''] }
    expect(acks().due({ ...unpacked('did:example:a'), message })).toEqual([])
  })
})

function unpacked(sender: string): Omit<Unpacked, 'message'> {
  return { sender, encrypted: true, nonRepudiable: false, encoding: 'json', layers: [] }
}
