import { type Contact, didPeer4Identity, type PeerMemoryOptions, ProblemError } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { PING_RESPONSE, ping } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { describe, expect, test } from 'vitest'
import { NOTE, note, type Peer, type PeerOptions, peer, seed } from './peers-world.ts'

const sizes = ({ events }: Peer) => events.flatMap((event) => (event.kind === 'received' ? [event.bytes] : []))
const forms = ({ got }: Peer) => got.map(({ message }) => [message.from, message.to?.[0]])

/** Alice and Bob, who were told each other's long forms and addresses. */
async function pair(alices: PeerOptions = {}, bobs: PeerOptions = {}) {
  const network = memoryNetwork()
  const alice = await peer('a', network.transport('alice'), alices)
  const bob = await peer('b', network.transport('bob'), bobs)
  await introduced(alice, bob)
  const restarted = async (letter: 'a' | 'b', options: PeerOptions = {}) => {
    await (letter === 'a' ? alice : bob).agent.close()
    return peer(letter, network.transport(letter === 'a' ? 'alice' : 'bob'), options)
  }
  return { network, alice, bob, restarted }
}

async function introduced(alice: Peer, bob: Peer): Promise<void> {
  await alice.contacts.add({ did: bob.did, uri: 'memory:bob' })
  await bob.contacts.add({ did: alice.did, uri: 'memory:alice' })
}

describe.each(['json', 'compact'] as const)('a did:peer:4 in %s', (encoding) => {
  test('is its long form until a message comes to its short form, and its short form then', async () => {
    const { alice, bob } = await pair()
    const to = { to: bob.did, encoding }
    await alice.agent.send(note, to)
    await alice.agent.send(note, to)
    expect(forms(bob)).toEqual([
      [alice.did, bob.did],
      [alice.did, bob.did],
    ])
    // Bob has her long form now: he writes to the short one, and is still his long one, since nothing came to his short one.
    await bob.agent.send(note, { to: alice.did, encoding })
    expect(forms(alice)).toEqual([[bob.did, alice.shortDid]])
    await alice.agent.send(note, to)
    expect(forms(bob)[2]).toEqual([alice.shortDid, bob.shortDid])
    await bob.agent.send(note, { to: alice.shortDid, encoding })
    expect(forms(alice)[1]).toEqual([bob.shortDid, alice.shortDid])
    expect(bob.agent.counters()).toMatchObject({ refused: {}, resent: 0 })
    // The long form is 500 bytes or more, and short ids are 8.
    const [first = 0, , third = 0] = sizes(bob)
    expect(third).toBeLessThan(first - 400)
    if (encoding === 'compact') expect(third).toBeLessThan(200)
  })

  test('a question and its answer are enough to go over to the short forms', async () => {
    const { alice, bob } = await pair()
    const { sender } = await alice.agent.request(ping(), { to: bob.did, encoding })
    expect(sender).toBe(bob.did)
    await alice.agent.request(ping(), { to: bob.did, encoding })
    const last = await alice.agent.request(ping(), { to: bob.did, encoding })
    expect([last.sender, last.recipient]).toEqual([bob.shortDid, alice.shortDid])
  })

  test('who has lost the long form refuses the short one, and gets the message again in full, once and with the same id', async () => {
    const { alice, bob, restarted } = await pair()
    await alice.agent.request(ping(), { to: bob.did, encoding })
    const forgetful = await restarted('b')
    const id = await alice.agent.send(note, { to: bob.did, encoding })
    const lost = encoding === 'json' ? 'ERR_DID_NOT_FOUND' : 'ERR_SENDER_UNKNOWN'
    expect(forgetful.agent.counters()).toMatchObject({ refused: { [lost]: 1 }, received: 1 })
    expect(alice.agent.counters().resent).toBe(1)
    expect(forgetful.got[0]?.message).toMatchObject({ id, from: alice.did, body: note.body })
    // She is her long form again until Bob writes to her: nothing is lost twice.
    await alice.agent.send(note, { to: bob.did, encoding })
    expect(forgetful.got[1]?.message.from).toBe(alice.did)
    // From then on the short form will do, as soon as Bob has shown that he has kept it.
    await forgetful.contacts.add({ did: alice.shortDid, uri: 'memory:alice' })
    await forgetful.agent.send(note, { to: alice.shortDid, encoding })
    await alice.agent.send(note, { to: bob.did, encoding })
    expect(forgetful.got[2]?.message.from).toBe(alice.shortDid)
    expect(alice.agent.counters().resent).toBe(1)
  })

  test('all that was under way when it was lost comes again', async () => {
    const { alice, bob, restarted } = await pair()
    await alice.agent.request(ping(), { to: bob.did, encoding })
    const short = await Promise.all([1, 2, 3].map(() => alice.agent.prepare(note, { to: bob.did, encoding })))
    const forgetful = await restarted('b')
    await Promise.all(short.map((outgoing) => alice.agent.transmit(outgoing)))
    expect(forgetful.got.map(({ message }) => message.id).sort()).toEqual(short.map(({ id }) => id).sort())
    expect(alice.agent.counters().resent).toBe(3)
  })

  test('a question whose short form was lost is answered all the same', async () => {
    const { alice, bob, restarted } = await pair()
    await alice.agent.request(ping(), { to: bob.did, encoding })
    await restarted('b')
    const { message } = await alice.agent.request(ping(), { to: bob.did, encoding, timeoutMs: 2_000 })
    expect(message.type).toBe(PING_RESPONSE)
  })

  test('two that have both forgotten begin anew, without a second try', async () => {
    const { alice, bob, restarted } = await pair()
    await alice.agent.request(ping(), { to: bob.did, encoding })
    await alice.agent.request(ping(), { to: bob.did, encoding })
    const [first, second] = [await restarted('a'), await restarted('b')]
    await introduced(first, second)
    await first.agent.request(ping(), { to: bob.did, encoding })
    await second.agent.request(ping(), { to: alice.did, encoding })
    for (const { agent } of [first, second]) expect(agent.counters()).toMatchObject({ resent: 0, refused: {} })
  })

  test('who refuses the long form too is not asked again and again', async () => {
    const { alice, bob } = await pair({}, { accepts: () => false })
    await bob.agent.send(note, { to: alice.did, encoding })
    await alice.contacts.update(bob.did, { knows: alice.shortDid })
    for (let i = 0; i < 3; i += 1) {
      await expect(alice.agent.send(note, { to: bob.did, encoding })).rejects.toMatchObject({
        code: 'ERR_TRANSPORT_REJECTED',
      })
    }
    expect(alice.agent.counters().resent).toBe(1)
    expect(bob.agent.counters().refused).toEqual({ ERR_SENDER_UNKNOWN: 4 })
  })
})

test('the long form of a contact that was known by its short one is kept, and told to who stores contacts', async () => {
  const stored: Contact[] = []
  const { alice, bob } = await pair({ maxLongForms: 1, memory: { onLearned: (contact) => void stored.push(contact) } })
  await bob.agent.send(note, { to: alice.did })
  alice.contacts.remove(bob.did)
  await alice.contacts.add({ did: bob.shortDid, uri: 'memory:bob' })
  expect(alice.contacts.get(bob.did)?.did).toBe(bob.shortDid)
  await bob.agent.send(note, { to: alice.did })
  expect(alice.contacts.get(bob.did)?.did).toBe(bob.did)
  expect(stored[0]).toMatchObject({ did: bob.did, uri: 'memory:bob' })

  // The cache of her resolver forgets him for a stranger; the book does not.
  const stranger = didPeer4Identity(crypto, seed('s'), []).did
  await alice.contacts.add({ did: stranger })
  alice.contacts.remove(stranger)
  await bob.agent.send(note, { to: alice.did })
  await alice.agent.send(note, { to: bob.shortDid })
  await bob.agent.send(note, { to: alice.shortDid })
  expect(alice.got.at(-1)?.sender).toBe(bob.shortDid)
  expect(alice.agent.counters().refused).toEqual({})
})

test('both forms are one contact, one sender and one thread', async () => {
  const { alice, bob } = await pair()
  const outgoing = await alice.agent.prepare({ ...note, id: 'one' }, { to: bob.did, introduces: true })
  await alice.agent.transmit(outgoing)
  await bob.agent.send(note, { to: alice.did })
  await alice.agent.send({ ...note, id: 'one' }, { to: bob.did })
  expect(bob.agent.counters()).toMatchObject({ received: 1, duplicate: 1 })
  expect(bob.got).toHaveLength(1)
  expect(bob.contacts.get(alice.shortDid)).toBe(bob.contacts.get(alice.did))
})

test('what was learned of a contact survives in what the program stores', async () => {
  const stored = new Map<string, Contact>()
  const memory: PeerMemoryOptions = { onLearned: (contact) => void stored.set(contact.did, contact) }
  const { alice, bob, restarted } = await pair({ memory })
  await alice.agent.request(ping(), { to: bob.did, encoding: 'compact' })
  const again = await restarted('a')
  for (const contact of stored.values()) await again.contacts.add(contact)
  await again.agent.send(note, { to: bob.did })
  expect(bob.got[0]).toMatchObject({ encoding: 'compact', sender: alice.shortDid })
})

test.each(['key', 'peer:4'] as const)(
  'strangers of did:%s are remembered for a while, with their keys',
  async (method) => {
    const { alice, bob } = await pair({ method }, { method })
    bob.contacts.remove(alice.did)
    const to = { to: bob.did, encoding: 'compact' } as const
    for (let i = 0; i < 4; i += 1) await alice.agent.request(ping(), to)
    expect((sizes(bob)[0] ?? 0) > 200).toBe(true)
    expect((sizes(bob)[3] ?? 0) < 150).toBe(true)
    expect(bob.agent.counters().refused).toEqual({})
  },
)

test('the errors of a thread are counted for both forms together', async () => {
  const { alice, bob } = await pair({}, { maxErrorsPerThread: 1 })
  bob.agent.on(NOTE, () => {
    throw new ProblemError('e.p.req', 'No.')
  })
  const codes: unknown[] = []
  for (const introduces of [true, false]) {
    const options = { to: bob.did, introduces, timeoutMs: 2_000 }
    const { message } = await alice.agent.request({ ...note, thid: 't' }, options)
    codes.push(message.body['code'])
  }
  expect(codes).toEqual(['e.p.req', 'e.p.req.max-errors-exceeded'])
})

test('who writes to the long form again may have lost it, and gets it again', async () => {
  const { alice, bob } = await pair()
  await alice.agent.request(ping(), { to: bob.did })
  const { packet } = await bob.agent.prepare(note, { to: alice.did, encoding: 'json' })
  await alice.agent.receive(packet)
  await alice.agent.send(note, { to: bob.did })
  expect(bob.got[0]?.message.from).toBe(alice.shortDid)
  const again = await peer('b', memoryNetwork().transport('bob'))
  await again.contacts.add({ did: alice.did, uri: 'memory:alice' })
  const outgoing = await again.agent.prepare(note, { to: alice.did })
  await alice.agent.receive(outgoing.packet)
  await alice.agent.send(note, { to: bob.did })
  expect(bob.got[1]?.message.from).toBe(alice.did)
})

test('a message counts as received only where what it taught could be stored', async () => {
  let isFull = true
  const stored: Contact[] = []
  const onLearned = (contact: Contact) => {
    if (isFull) throw new Error('the disk is full')
    stored.push(contact)
  }
  const { alice, bob } = await pair({}, { memory: { onLearned } })
  await expect(alice.agent.send(note, { to: bob.did })).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
  expect(bob.agent.counters()).toMatchObject({ received: 0, failed: 1 })
  isFull = false
  await alice.agent.send(note, { to: bob.did })
  expect(bob.agent.counters()).toMatchObject({ received: 1, failed: 1 })
  expect(stored).toMatchObject([{ did: alice.did, encoding: 'json' }])
})
