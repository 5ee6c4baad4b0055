import {
  type AgentOptions,
  acks,
  didKeyIdentity,
  EMPTY,
  firstOf,
  type Mailbox,
  type Message,
  memoryMailbox,
  memorySeenStore,
  type Packet,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import {
  type EnvelopeContext,
  type ForwardOptions,
  forwardType,
  pack,
  unpack,
  unwrapForward,
  wrapForward,
} from 'didcomm-mote/envelope'
import { typeRegistry } from 'didcomm-mote/message'
import { rewrapping } from 'didcomm-mote/protocols/rewrapping'
import { type Hop, type RoutingOptions, routing } from 'didcomm-mote/protocols/routing'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { world } from 'didcomm-mote/world'
import { afterEach, expect, test } from 'vitest'
import { type Party, party, START_MS } from '../agent/world.ts'
import { Clock, eventually } from '../transport/clock.ts'
import { NOTE, seed } from './world.ts'

const resolve = firstOf(didKey(crypto), didPeer(crypto))
const open: Party[] = []
afterEach(async () => {
  for (const { agent } of open.splice(0)) await agent.close()
})

async function started(made: Party): Promise<Party> {
  open.push(made)
  await made.agent.start()
  return made
}

/** What the agent of `letter` needs to wrap and unwrap. */
function contextOf(letter: string): EnvelopeContext {
  const { secretKeys } = didKeyIdentity(crypto, seed(letter))
  return {
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    resolve,
    randomBytes: world().randomBytes,
    types: typeRegistry([]),
  }
}

/** A sender, a mediator that relays, and a recipient, all reached by name. */
async function relaying(
  hop: Partial<Hop> = {},
  options: Partial<RoutingOptions> = {},
  more: Partial<AgentOptions> = {},
) {
  const network = memoryNetwork()
  const mailbox: Mailbox = memoryMailbox()
  const arrived: Packet[] = []
  const notes: Message[] = []
  const bob: Party = party('b', [network.transport('bob')], {
    protocols: [rewrapping({ dids: () => [bob.did], receive: (packet) => bob.agent.receive(packet) })],
    seen: memorySeenStore(),
  })
  bob.agent.on(NOTE, ({ message }) => void notes.push(message))
  const mediator: Party = party('m', [network.transport('mediator')], {
    protocols: [
      routing({
        crypto,
        mailbox,
        relay: {
          hopOf: (did) => (did === bob.did ? { uri: 'memory:bob', ...hop } : undefined),
          wrap: (envelope, forward) => wrapForward(envelope, forward, contextOf('m')),
          transmit: (outgoing) => {
            arrived.push(outgoing.packet)
            return mediator.agent.transmit(outgoing)
          },
        },
        ...options,
      }),
    ],
    ...more,
  })
  const alice = party('a', [network.transport('alice')], { resolve })
  for (const one of [bob, mediator, alice]) await started(one)
  const envelope = async () => {
    const note = { id: world().newId(), type: NOTE, from: alice.did, to: [bob.did], body: { text: 'hi' } }
    return (await pack(note, { to: bob.did, from: alice.did }, contextOf('a'))).bytes
  }
  const forward = async (headers: Partial<ForwardOptions> = {}) => {
    const options = { next: bob.did, routingKeys: [mediator.did], ...headers }
    return (await wrapForward(await envelope(), options, contextOf('a'))).bytes
  }
  return { mailbox, arrived, notes, alice, bob, mediator, envelope, forward }
}

const kindOf = async (packet: Packet | undefined, letter: string) =>
  (await unpack(packet?.bytes ?? expect.fail(), contextOf(letter))).message.type

test('a mediator sends what is forwarded to the endpoint that was agreed on, unchanged [L6]', async () => {
  const { arrived, notes, mediator, mailbox, bob, forward } = await relaying()
  expect(await mediator.agent.receive({ bytes: await forward() })).toBe('accepted')
  expect(notes.map(({ body }) => body)).toEqual([{ text: 'hi' }])
  expect(await kindOf(arrived[0], 'b')).toBe(NOTE)
  expect(await mailbox.list(bob.did, 9)).toEqual([])
})

test('a mediator wraps once more for each key that the sender does not know [L6]', async () => {
  const near = didKeyIdentity(crypto, seed('n'))
  const far = didKeyIdentity(crypto, seed('f'))
  const { arrived, mediator, bob, forward } = await relaying({ routingKeys: [near.did, far.did] })
  // Bob, at the endpoint of the first of them here, has no key for it.
  expect(await mediator.agent.receive({ bytes: await forward() })).toBe('refused')
  const first = await unpack(arrived[0]?.bytes ?? expect.fail(), contextOf('n'))
  const toFar = unwrapForward(first.message)
  expect(toFar.next).toBe(far.did)
  const second = await unpack(toFar.payloads[0] ?? expect.fail(), contextOf('f'))
  expect(unwrapForward(second.message).next).toBe(bob.did)
})

test('a mediator that rewraps sends a forward to the recipient, who takes the message out of it [L7]', async () => {
  const { arrived, notes, mediator, forward } = await relaying({ rewrap: true })
  expect(await mediator.agent.receive({ bytes: await forward() })).toBe('accepted')
  expect(await kindOf(arrived[0], 'b')).toBe(forwardType)
  expect(notes.map(({ body }) => body)).toEqual([{ text: 'hi' }])
})

test('a recipient takes a message out of more layers than one, and refuses what is for others [L7]', async () => {
  const { notes, bob, alice, envelope } = await relaying()
  const layers = await wrapForward(await envelope(), { next: bob.did, routingKeys: [bob.did, bob.did] }, contextOf('m'))
  expect(await bob.agent.receive({ bytes: layers.bytes })).toBe('accepted')
  expect(notes.length).toBe(1)
  const foreign = await wrapForward(await envelope(), { next: alice.did, routingKeys: [bob.did] }, contextOf('m'))
  expect(await bob.agent.receive({ bytes: foreign.bytes })).toBe('refused')
  expect(bob.agent.counters().refused).toEqual({ ERR_RECIPIENT_UNKNOWN: 1 })
  expect(notes.length).toBe(1)
})

test('what cannot be sent on is kept where there is a mailbox, and left with its sender where there is none [L6]', async () => {
  const { mailbox, mediator, bob, forward } = await relaying({ uri: 'memory:nobody' })
  await expect(mediator.agent.receive({ bytes: await forward() })).rejects.toMatchObject({
    code: 'ERR_TRANSPORT_UNREACHABLE',
  })
  await mailbox.register(bob.did, bob.did)
  expect(await mediator.agent.receive({ bytes: await forward() })).toBe('accepted')
  expect(await mailbox.list(bob.did, 9)).toHaveLength(1)
})

test('a hop that needs wrapping without a way to wrap is a mistake of the mediator, and nothing is lost', async () => {
  const relay = { hopOf: () => ({ uri: 'memory:bob', rewrap: true }), transmit: async () => undefined }
  const { mediator, forward } = await relaying({}, { relay })
  await expect(mediator.agent.receive({ bytes: await forward() })).rejects.toThrow('"wrap"')
})

test.each([
  [2_000, 0, 2_000],
  [-2_000, 0.5, 1_000],
  [-2_000, 0.9999, 2_000],
  [3_600_000, 0, 10_000],
])(
  'a delay_milli of %i with chance %f waits %i ms, and is not acknowledged before [L8]',
  async (delayMs, chance, waitMs) => {
    const clock = new Clock()
    const delays = { timer: clock.timer, random: () => chance }
    const { notes, mediator, forward } = await relaying({}, { delays })
    const received = mediator.agent.receive({ bytes: await forward({ delayMs }) })
    await eventually(() => clock.pending === 1)
    clock.advance(waitMs - 1)
    expect(clock.pending).toBe(1)
    expect(notes).toEqual([])
    clock.advance(1)
    expect(await received).toBe('accepted')
    expect(notes.length).toBe(1)
  },
)

test.each([0, 0.5, 1e300])('a delay_milli of %d is none [L8]', async (delayMs) => {
  const clock = new Clock()
  const { notes, mediator, forward } = await relaying({}, { delays: { timer: clock.timer, random: () => 0 } })
  expect(await mediator.agent.receive({ bytes: await forward({ delayMs }) })).toBe('accepted')
  expect(notes.length).toBe(1)
})

test('a forward that has expired is not sent on [L8]', async () => {
  const { notes, mediator, forward } = await relaying()
  const expiresTime = START_MS / 1000 - 1
  expect(await mediator.agent.receive({ bytes: await forward({ expiresTime }) })).toBe('refused')
  expect(mediator.agent.counters().refused).toEqual({ ERR_MESSAGE_EXPIRED: 1 })
  expect(notes).toEqual([])
})

test('please_ack on a forward is not honoured, not even where its sender is known', async () => {
  const { notes, mediator, alice, bob, envelope } = await relaying({}, {}, { acks: acks() })
  const acknowledged: unknown[] = []
  alice.agent.on(EMPTY, ({ message }) => void acknowledged.push(message))
  const data = { json: JSON.parse(new TextDecoder().decode(await envelope())) }
  const asking = { type: forwardType, body: { next: bob.did }, attachments: [{ data }], please_ack: [''] }
  const addressed = { ...asking, id: '1', from: alice.did, to: [mediator.did], return_route: 'all' }
  const packet = await pack(addressed, { to: mediator.did, from: alice.did }, contextOf('a'))
  expect(await mediator.agent.receive({ bytes: packet.bytes, reply: async () => expect.fail() })).toBe('accepted')
  expect(notes.length).toBe(1)
  expect(acknowledged).toEqual([])
})
