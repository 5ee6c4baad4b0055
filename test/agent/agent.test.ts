import {
  type Agent,
  contactBook,
  DidCommError,
  firstOf,
  memorySeenStore,
  PROBLEM_REPORT,
  ProblemError,
  type Transport,
  type Unpacked,
} from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { PING, PING_RESPONSE, ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Party, party, START_MS } from './world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const agents: Agent[] = []

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.close()
})

/** Two agents that know each other's address. */
async function pair(bobOptions: Parameters<typeof party>[2] = {}): Promise<{ alice: Party; bob: Party }> {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const ends = (name: string): Transport[] => [network.transport(name)]
  const alice = party('a', ends('alice'), { protocols: [trustPing()], contacts })
  const bob = party('b', ends('bob'), { protocols: [trustPing()], contacts, seen: memorySeenStore(), ...bobOptions })
  await contacts.add({ did: alice.did, uri: 'memory:alice' })
  await contacts.add({ did: bob.did, uri: 'memory:bob' })
  agents.push(alice.agent, bob.agent)
  await alice.agent.start()
  await bob.agent.start()
  return { alice, bob }
}

describe('sending', () => {
  it.each(['json', 'compact'] as const)('delivers a message in %s with its sender proven [A8]', async (encoding) => {
    const { alice, bob } = await pair()
    const got: Unpacked[] = []
    bob.agent.on(NOTE, (received) => void got.push(received) as undefined)
    const id = await alice.agent.send({ type: NOTE, body: { text: 'hello' } }, { to: bob.did, encoding })
    expect(got).toHaveLength(1)
    expect(got[0]).toMatchObject({
      message: {
        id,
        type: NOTE,
        body: { text: 'hello' },
        from: alice.did,
        to: [bob.did],
        created_time: START_MS / 1000,
      },
      sender: alice.did,
      recipient: bob.did,
      encrypted: true,
      nonRepudiable: false,
      encoding,
    })
  })

  it('hides the sender of an anonymous message', async () => {
    const { alice, bob } = await pair()
    const got: Unpacked[] = []
    bob.agent.on(NOTE, (received) => void got.push(received) as undefined)
    await alice.agent.send({ type: NOTE }, { to: bob.did, anonymous: true })
    expect(got[0]?.sender).toBeUndefined()
    expect(got[0]?.message.from).toBeUndefined()
  })

  it('signs inside the encryption where asked', async () => {
    const { alice, bob } = await pair()
    const got: Unpacked[] = []
    bob.agent.on(NOTE, (received) => void got.push(received) as undefined)
    await alice.agent.send({ type: NOTE }, { to: bob.did, sign: true })
    expect(got[0]).toMatchObject({ sender: alice.did, encrypted: true, nonRepudiable: true })
  })

  it('sends what was prepared byte by byte', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => undefined)
    const outgoing = await alice.agent.prepare({ type: NOTE }, { to: bob.did })
    await alice.agent.transmit(outgoing)
    await alice.agent.transmit({ uri: outgoing.uri, packet: { bytes: outgoing.packet.bytes.slice() } })
    expect(bob.agent.counters()).toMatchObject({ received: 1, duplicate: 1 })
  })

  it('says that a party has no endpoint that can be reached', async () => {
    const { alice } = await pair()
    const stranger = party('s', [])
    await expect(alice.agent.send({ type: NOTE }, { to: stranger.did })).rejects.toMatchObject({
      code: 'ERR_DID_UNUSABLE',
    })
  })
})

describe('answers', () => {
  it.each(['json', 'compact'] as const)('come back in the same thread and in %s [J1]', async (encoding) => {
    const { alice, bob } = await pair()
    const { message, sender, encoding: answered } = await alice.agent.request(ping(), { to: bob.did, encoding })
    expect(message.type).toBe(PING_RESPONSE)
    expect(sender).toBe(bob.did)
    expect(answered).toBe(encoding)
  })

  it('take their own way where the connection of the question is gone', async () => {
    const { alice, bob } = await pair()
    const arrived = new Promise<Unpacked>((resolve) => {
      alice.agent.on(PING_RESPONSE, (received) => void resolve(received) as undefined)
    })
    const id = await alice.agent.send(ping(), { to: bob.did })
    expect((await arrived).message.thid).toBe(id)
  })

  it('are not sent to an anonymous sender', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => ({ type: PING_RESPONSE }))
    await alice.agent.send({ type: NOTE }, { to: bob.did, anonymous: true })
    await vi.waitFor(() => expect(bob.agent.counters()).toMatchObject({ received: 1, unanswered: 1 }))
  })

  it('that fail are counted, and the question stays settled', async () => {
    const { alice, bob } = await pair({ contacts: contactBook(crypto, firstOf(didKey(crypto))) })
    await alice.agent.send(ping(), { to: bob.did })
    await vi.waitFor(() => expect(bob.agent.counters()).toMatchObject({ received: 1, unanswered: 1 }))
  })

  it('of a problem carry its code, and name the message [P1, P2]', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => {
      throw new ProblemError('e.p.req.not-now', 'Not now, {1}', ['Alice'])
    })
    const problem = new Promise<Unpacked>((resolve) => {
      alice.agent.on(PROBLEM_REPORT, (received) => void resolve(received) as undefined)
    })
    const id = await alice.agent.send({ type: NOTE }, { to: bob.did })
    const { message } = await problem
    expect(message.pthid).toBe(id)
    expect(message['ack']).toEqual([id])
    expect(message.body).toEqual({ code: 'e.p.req.not-now', comment: 'Not now, {1}', args: ['Alice'] })
  })

  it('that do not come in time fail with ERR_TIMEOUT', async () => {
    let fire: (() => void) | undefined
    const network = memoryNetwork()
    const contacts = contactBook(crypto, firstOf(didKey(crypto)))
    const timer = (_: number, run: () => void) => {
      fire = run
      return () => undefined
    }
    const alice = party('a', [network.transport('alice')], { contacts, timer })
    const bob = party('b', [network.transport('bob')], { contacts })
    bob.agent.on(PING, () => undefined)
    await contacts.add({ did: bob.did, uri: 'memory:bob' })
    agents.push(alice.agent, bob.agent)
    await alice.agent.start()
    await bob.agent.start()
    const answer = alice.agent.request(ping(), { to: bob.did, timeoutMs: 1000 })
    const failed = expect(answer).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
    await vi.waitFor(() => expect(fire).toBeDefined())
    fire?.()
    await failed
  })

  it('may be a problem report about the question', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => {
      throw new ProblemError('e.p.req', 'No.')
    })
    const { message } = await alice.agent.request({ type: NOTE }, { to: bob.did, timeoutMs: 2000 })
    expect(message).toMatchObject({ type: PROBLEM_REPORT, body: { code: 'e.p.req' } })
  })

  it('that are awaited when the agent closes fail with ERR_CLOSED', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(PING, () => undefined)
    const failed = expect(alice.agent.request(ping(), { to: bob.did })).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await vi.waitFor(() => expect(bob.agent.counters().received).toBe(1))
    await alice.agent.close()
    await failed
  })

  it('are awaited by one request in a thread', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(PING, () => undefined)
    const first = alice.agent.request({ ...ping(), thid: 'thread' }, { to: bob.did }).catch(() => undefined)
    await vi.waitFor(() => expect(bob.agent.counters().received).toBe(1))
    await expect(alice.agent.request({ ...ping(), thid: 'thread' }, { to: bob.did })).rejects.toThrow(TypeError)
    await alice.agent.close()
    await first
  })

  it('from somebody else do not pass for the answer [J1]', async () => {
    const { alice, bob } = await pair()
    const mallory = party('m', [])
    let thread = ''
    bob.agent.on(PING, ({ message }) => {
      thread = message.id
      return undefined
    })
    const answer = alice.agent.request(ping(), { to: bob.did })
    await vi.waitFor(() => expect(thread).not.toBe(''))
    const contacts = contactBook(crypto, firstOf(didKey(crypto)))
    await contacts.add({ did: alice.did, uri: 'memory:alice' })
    const forger = party('m', [memoryNetwork().transport('mallory')], { contacts })
    const forged = await forger.agent.prepare({ type: PING_RESPONSE, thid: thread }, { to: alice.did })
    expect(mallory.did).toBe(forger.did)
    await alice.agent.receive(forged.packet)
    await bob.agent.send({ type: PING_RESPONSE, thid: thread }, { to: alice.did })
    expect((await answer).sender).toBe(bob.did)
  })
})

describe('receiving', () => {
  it('hands a message on once, however often it comes [B1, B5, J9]', async () => {
    const { alice, bob } = await pair()
    const handler = vi.fn(() => undefined)
    bob.agent.on(NOTE, handler)
    const { packet } = await alice.agent.prepare({ type: NOTE }, { to: bob.did })
    const receipts = await Promise.all([1, 2, 3].map(() => bob.agent.receive(packet)))
    expect(receipts).toEqual(['accepted', 'accepted', 'accepted'])
    expect(await bob.agent.receive(packet)).toBe('accepted')
    expect(handler).toHaveBeenCalledTimes(1)
    expect(bob.agent.counters()).toMatchObject({ received: 1, duplicate: 3 })
  })

  it('knows a message by its id in either case [B4]', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => undefined)
    await alice.agent.send({ type: NOTE, id: 'an-id-of-letters' }, { to: bob.did })
    await alice.agent.send({ type: NOTE, id: 'AN-ID-OF-LETTERS' }, { to: bob.did })
    expect(bob.agent.counters()).toMatchObject({ received: 1, duplicate: 1 })
    const own = await alice.agent.prepare({ type: NOTE }, { to: bob.did })
    expect(own.id).toMatch(/^[0-9a-f]{32}$/)
  })

  it('calls a handler that failed again with the same message', async () => {
    const { alice, bob } = await pair()
    const handler = vi.fn().mockRejectedValueOnce(new Error('the disk is full')).mockResolvedValue(undefined)
    bob.agent.on(NOTE, handler)
    const { packet } = await alice.agent.prepare({ type: NOTE }, { to: bob.did })
    await expect(bob.agent.receive(packet)).rejects.toThrow('the disk is full')
    expect(await bob.agent.receive(packet)).toBe('accepted')
    expect(handler).toHaveBeenCalledTimes(2)
    expect(bob.agent.counters()).toMatchObject({ received: 1, failed: 1, duplicate: 0 })
  })

  it('gives a message up that always fails', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => {
      throw new Error('a bug')
    })
    const { packet } = await alice.agent.prepare({ type: NOTE }, { to: bob.did })
    for (let attempt = 1; attempt < 5; attempt++) await expect(bob.agent.receive(packet)).rejects.toThrow('a bug')
    expect(await bob.agent.receive(packet)).toBe('refused')
    expect(bob.agent.counters().refused).toEqual({ ERR_HANDLER_FAILED: 1 })
  })

  it('never gives a message up that only has to wait', async () => {
    const { alice, bob } = await pair()
    bob.agent.on(NOTE, () => {
      throw new DidCommError('ERR_STORE_FULL', 'full')
    })
    const { packet } = await alice.agent.prepare({ type: NOTE }, { to: bob.did })
    for (let attempt = 0; attempt < 20; attempt++) {
      await expect(bob.agent.receive(packet)).rejects.toMatchObject({ code: 'ERR_STORE_FULL' })
    }
  })

  it.each([
    ['no handler', 'ERR_MESSAGE_UNHANDLED', { type: 'https://example.org/unknown/1.0/thing' }],
    ['a past expires_time', 'ERR_MESSAGE_EXPIRED', { type: NOTE, expires_time: START_MS / 1000 }],
    ['a created_time of last week', 'ERR_MESSAGE_EXPIRED', { type: NOTE, created_time: START_MS / 1000 - 7 * 86_400 }],
    ['a created_time of tomorrow', 'ERR_MESSAGE_EXPIRED', { type: NOTE, created_time: START_MS / 1000 + 86_400 }],
  ])('refuses a message with %s', async (_, code, draft) => {
    const { alice, bob } = await pair({ freshness: { maxAgeMs: 3_600_000, maxSkewMs: 60_000 } })
    bob.agent.on(NOTE, () => undefined)
    const { packet } = await alice.agent.prepare(draft, { to: bob.did })
    expect(await bob.agent.receive(packet)).toBe('refused')
    expect(bob.agent.counters().refused).toEqual({ [code]: 1 })
  })

  it('refuses a sender that it does not accept', async () => {
    const { alice, bob } = await pair({ accepts: ({ sender }) => sender === 'did:example:somebody-else' })
    const { packet } = await alice.agent.prepare(ping(), { to: bob.did })
    expect(await bob.agent.receive(packet)).toBe('refused')
    expect(bob.agent.counters().refused).toEqual({ ERR_SENDER_UNKNOWN: 1 })
  })

  it('refuses a plaintext unless it is told to take it', async () => {
    const { bob } = await pair()
    const text = JSON.stringify({ id: '1', type: NOTE, body: {} })
    expect(await bob.agent.receive({ bytes: new TextEncoder().encode(text) })).toBe('refused')
    expect(bob.agent.counters().refused).toEqual({ ERR_SENDER_UNKNOWN: 1 })
  })

  it('refuses what was made before anything it remembers', async () => {
    const { alice, bob } = await pair({ seen: memorySeenStore({ maxSeen: 2 }) })
    bob.agent.on(NOTE, () => undefined)
    const packets = []
    for (let second = 0; second < 4; second++) {
      packets.push((await alice.agent.prepare({ type: NOTE }, { to: bob.did })).packet)
      alice.clock.nowMs += 1000
    }
    for (const packet of packets) {
      expect(await bob.agent.receive(packet)).toBe('accepted')
      bob.clock.nowMs += 1000
    }
    expect(await bob.agent.receive(packets[0]!)).toBe('refused')
    expect(bob.agent.counters().refused).toEqual({ ERR_MESSAGE_EXPIRED: 1 })
  })

  it('still takes new messages when it has forgotten one with a time in the far future', async () => {
    const { alice, bob } = await pair({ seen: memorySeenStore({ maxSeen: 2 }) })
    bob.agent.on(NOTE, () => undefined)
    for (const created_time of [START_MS, undefined, undefined, undefined, undefined]) {
      const draft = { type: NOTE, ...(created_time !== undefined && { created_time }) }
      const { packet } = await alice.agent.prepare(draft, { to: bob.did })
      expect(await bob.agent.receive(packet)).toBe('accepted')
      alice.clock.nowMs += 1000
      bob.clock.nowMs += 1000
    }
  })

  it('refuses random bytes of every length, and goes on', async () => {
    const { alice, bob } = await pair()
    for (let length = 0; length < 300; length++) {
      const bytes = globalThis.crypto.getRandomValues(new Uint8Array(length))
      expect(await bob.agent.receive({ bytes })).toBe('refused')
    }
    expect((await alice.agent.request(ping(), { to: bob.did })).message.type).toBe(PING_RESPONSE)
  })
})
