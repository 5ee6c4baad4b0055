import {
  type Agent,
  type AgentEvent,
  contactBook,
  didKeyIdentity,
  didRotation,
  endRelationship,
  firstOf,
  memorySeenStore,
  rotate,
  sequencing,
  type Unpacked,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Party, party, START_MS } from './world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const resolve = firstOf(didKey(crypto))
const agents: Agent[] = []
const issuedAt = START_MS / 1000

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close()
})

/** Alice, who has the keys of two DIDs, and Bob. Each has contacts of their own. */
async function pair(encoding: 'json' | 'compact' = 'json') {
  const network = memoryNetwork()
  const [first, second] = ['a', 'n'].map((letter) =>
    didKeyIdentity(crypto, new Uint8Array(32).fill(letter.charCodeAt(0))),
  )
  if (!first || !second) throw new Error('two identities')
  const secrets = memorySecrets(crypto, [...first.secretKeys, ...second.secretKeys])
  const contactsOfAlice = contactBook(crypto, resolve)
  const contactsOfBob = contactBook(crypto, resolve)
  const left: [string, string | undefined][] = []
  const common = { protocols: [trustPing()] }
  const alice = party('a', [network.transport('alice')], {
    ...common,
    secrets,
    contacts: contactsOfAlice,
    rotation: didRotation(),
    seen: memorySeenStore(),
  })
  const bob = party('b', [network.transport('bob')], {
    ...common,
    contacts: contactsOfBob,
    rotation: didRotation({ onLeft: (did, next) => void left.push([did, next]) }),
    seen: memorySeenStore(),
  })
  await contactsOfAlice.add({ did: bob.did, uri: 'memory:bob', encoding })
  await contactsOfBob.add({ did: alice.did, uri: 'memory:alice', encoding })
  agents.push(alice.agent, bob.agent)
  await alice.agent.start()
  await bob.agent.start()
  const got: Unpacked[] = []
  bob.agent.on(NOTE, (received) => void got.push(received) as undefined)
  const rotating = { contact: bob.did, prior: first.did, next: second.did, issuedAt }
  return {
    alice,
    bob,
    contactsOfAlice,
    contactsOfBob,
    left,
    got,
    second,
    rotating,
    world: { crypto, secrets, resolve },
  }
}

const refused = ({ events }: Party): AgentEvent[] => events.filter(({ kind }) => kind === 'refused')

describe.each(['json', 'compact'] as const)('a rotation in %s', (encoding) => {
  it('moves the contact, and is said until it is known [I4, I6, I8, I11]', async () => {
    const { alice, bob, contactsOfAlice, contactsOfBob, left, got, second, rotating, world } = await pair(encoding)
    await rotate(contactsOfAlice, rotating, world)
    for (let i = 0; i < 2; i++) await alice.agent.send({ type: NOTE }, { to: bob.did })
    expect(got.map(({ sender, prior }) => [sender, prior?.did])).toEqual([
      [second.did, alice.did],
      [second.did, alice.did],
    ])
    expect(left).toEqual([[alice.did, second.did]])
    expect(contactsOfBob.get(alice.did)).toBeUndefined()
    expect(contactsOfBob.get(second.did)).toMatchObject({ uri: 'memory:alice' })

    // Bob answers to the new DID: from then on it need not be said.
    await bob.agent.send(ping(), { to: second.did })
    await vi.waitFor(() => expect(contactsOfAlice.get(bob.did)).not.toHaveProperty('fromPrior'))
    await alice.agent.send({ type: NOTE }, { to: bob.did })
    expect(got[2]).toMatchObject({ sender: second.did })
    expect(got[2]).not.toHaveProperty('prior')
    expect(got[2]?.message).not.toHaveProperty('from_prior')
  })

  it('makes messages of the old DID that come late be ignored, and later ones too [I7]', async () => {
    const { alice, bob, contactsOfAlice, got, rotating, world } = await pair(encoding)
    const late = await alice.agent.prepare({ type: NOTE }, { to: bob.did })
    await rotate(contactsOfAlice, rotating, world)
    await alice.agent.send({ type: NOTE }, { to: bob.did })
    await expect(alice.agent.transmit(late)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
    const after = alice.agent.send({ type: NOTE }, { to: bob.did, from: alice.did })
    await expect(after).rejects.toHaveProperty('code')
    expect(got).toHaveLength(1)
    expect(refused(bob).every((event) => event.kind === 'refused' && event.code === 'ERR_SENDER_UNKNOWN')).toBe(true)
  })
})

describe('a rotation', () => {
  it('of a stranger changes nothing', async () => {
    const { alice, bob, contactsOfAlice, contactsOfBob, left, got, rotating, world } = await pair()
    contactsOfBob.remove(alice.did)
    await rotate(contactsOfAlice, rotating, world)
    await alice.agent.send({ type: NOTE }, { to: bob.did })
    expect(got).toHaveLength(1)
    expect([left, contactsOfBob.get(rotating.next)]).toEqual([[], undefined])
  })

  it('that somebody else sends on changes nothing: the new DID has to prove itself', async () => {
    const { alice, bob, contactsOfAlice, contactsOfBob, left, rotating, world } = await pair()
    await rotate(contactsOfAlice, rotating, world)
    const { fromPrior } = contactsOfAlice.get(bob.did) ?? {}
    const draft = { type: NOTE, from: rotating.next, from_prior: String(fromPrior) }
    await alice.agent.send(draft, { to: bob.did, anonymous: true })
    expect([left, contactsOfBob.get(alice.did)?.did]).toEqual([[], alice.did])
  })

  it('of a contact that nobody knows is a mistake', async () => {
    const { contactsOfAlice, rotating, world } = await pair()
    await expect(rotate(contactsOfAlice, { ...rotating, contact: 'did:example:x' }, world)).rejects.toThrow(TypeError)
  })

  it('is remembered over a restart by who stores it', async () => {
    const { alice } = await pair()
    const contacts = contactBook(crypto, resolve)
    const from = { sender: alice.did, encrypted: true, nonRepudiable: false, encoding: 'json' as const, layers: [] }
    const arriving = didRotation({ left: [alice.did] }).arrived(
      { ...from, message: { id: '1', type: NOTE, body: {} } },
      contacts,
      START_MS,
    )
    await expect(arriving).rejects.toMatchObject({ code: 'ERR_SENDER_UNKNOWN' })
  })

  it.each([
    ['has passed', { expiresAt: issuedAt }],
    ['has not begun', { notBefore: issuedAt + 1 }],
  ])('whose time %s is refused [I2]', async (_, times) => {
    const { alice, rotating } = await pair()
    const received: Unpacked = {
      message: { id: '1', type: NOTE, body: {} },
      sender: rotating.next,
      encrypted: true,
      nonRepudiable: false,
      encoding: 'json',
      layers: [],
      prior: { did: alice.did, next: rotating.next, issuedAt, ...times },
    }
    const arriving = didRotation().arrived(received, contactBook(crypto, resolve), START_MS)
    await expect(arriving).rejects.toMatchObject({ code: 'ERR_MESSAGE_EXPIRED' })
  })

  it('to nowhere ends the relationship on both sides [I10]', async () => {
    const { alice, bob, contactsOfAlice, contactsOfBob, left, rotating, world } = await pair()
    await endRelationship(alice.agent, contactsOfAlice, rotating, world)
    expect([contactsOfAlice.get(bob.did), contactsOfBob.get(alice.did)]).toEqual([undefined, undefined])
    expect(left).toEqual([[alice.did, undefined]])
  })
})

describe('a device without a clock', () => {
  it('sends no times, and takes messages of any time, once each [B14, B15]', async () => {
    const { alice, bob, got } = await pair()
    alice.clock.nowMs = Number.NaN
    bob.clock.nowMs = Number.NaN
    const outgoing = await alice.agent.prepare({ type: NOTE, expires_time: 1 }, { to: bob.did })
    await alice.agent.transmit(outgoing)
    await alice.agent.transmit(outgoing)
    expect(got).toHaveLength(1)
    expect(got[0]?.message).not.toHaveProperty('created_time')
    expect(bob.agent.counters()).toMatchObject({ received: 1, duplicate: 1 })
  })

  it('waits for an answer until the question expires, where there is a clock [B15, B16]', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => undefined)
    const asked = alice.agent.request({ type: NOTE, expires_time: issuedAt + 1 }, { to: bob.did })
    await expect(asked).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
  })
})

describe('the order of messages', () => {
  const note = (order: unknown, sender = 'did:example:a', thid = 't'): Unpacked => ({
    message: { id: '1', type: NOTE, thid, body: {}, sender_order: order },
    sender,
    encrypted: true,
    nonRepudiable: false,
    encoding: 'json',
    layers: [],
  })

  it('is counted from 1 in each thread, with what came of the others [J8]', () => {
    const ours = sequencing()
    expect(ours.outgoing('t')).toEqual({ sender_order: 1 })
    ours.incoming(note(1))
    ours.incoming(note(4))
    expect(ours.outgoing('T')).toEqual({
      sender_order: 2,
      received_orders: [{ id: 'did:example:a', last: 4, gaps: [2, 3] }],
    })
    expect(ours.outgoing('u')).toEqual({ sender_order: 1 })
  })

  it('shows gaps, late messages and copies [J9, J10]', () => {
    const { incoming } = sequencing()
    expect(incoming(note(2))).toEqual({ duplicate: false, gaps: [1] })
    expect(incoming(note(2))).toEqual({ duplicate: true, gaps: [1] })
    expect(incoming(note(1))).toEqual({ duplicate: false, gaps: [] })
    expect(incoming(note(1))).toEqual({ duplicate: true, gaps: [] })
    expect(incoming(note(1, 'did:example:b'))).toEqual({ duplicate: false, gaps: [] })
    for (const order of [0, -1, 1.5, '3', undefined])
      expect(incoming(note(order))).toEqual({ duplicate: false, gaps: [] })
  })

  it('takes no memory from who claims to be far ahead', () => {
    const { incoming } = sequencing()
    expect(incoming(note(Number.MAX_SAFE_INTEGER)).gaps).toHaveLength(256)
  })
})
