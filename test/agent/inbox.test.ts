import {
  type Agent,
  type AgentOptions,
  contactBook,
  DidCommError,
  firstOf,
  memorySeenStore,
  type Packet,
  type Unpacked,
} from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { json } from 'didcomm-mote/envelope'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { describe, expect, it } from 'vitest'
import { party, START_MS } from './world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const startSeconds = START_MS / 1000

/** Bob, and a maker of packets for him from whoever it names. */
async function bobWith(options: Partial<AgentOptions> = {}) {
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const bob = party('b', [], { contacts, seen: memorySeenStore(), ...options })
  await contacts.add({ did: bob.did, uri: 'memory:bob' })
  const senders = new Map<string, ReturnType<typeof party>>()
  const packetFrom = async (name: string, draft: object = {}, nowMs = START_MS): Promise<Packet> => {
    const sender = senders.get(name) ?? party(name, [memoryNetwork().transport(name)], { contacts })
    if (!senders.has(name)) await contacts.add({ did: sender.did })
    senders.set(name, sender)
    sender.clock.nowMs = nowMs
    return (await sender.agent.prepare({ type: NOTE, ...draft }, { to: bob.did, encoding: 'compact' })).packet
  }
  const handled: Unpacked[] = []
  bob.agent.on(NOTE, (received) => {
    handled.push(received)
    return undefined
  })
  return { bob, packetFrom, handled }
}

/** What becomes of a packet: a receipt, or that it is to come again. */
const fateOf = (agent: Agent, packet: Packet): Promise<string> => agent.receive(packet).catch(() => 'again')

describe('the time of a message', () => {
  const freshness = { maxAgeMs: 60_000, maxSkewMs: 10_000 }

  it.each([
    ['as old as it may be', { created_time: startSeconds - 60 }, 'accepted'],
    ['a second older', { created_time: startSeconds - 61 }, 'refused'],
    ['as far ahead as it may be', { created_time: startSeconds + 10 }, 'accepted'],
    ['a second further ahead', { created_time: startSeconds + 11 }, 'refused'],
    ['that expires in a second', { expires_time: startSeconds + 1 }, 'accepted'],
    ['that expires now', { expires_time: startSeconds }, 'refused'],
  ])('%s is taken or not [B14, B15]', async (_, times, receipt) => {
    const { bob, packetFrom, handled } = await bobWith({ freshness })
    expect(await bob.agent.receive(await packetFrom('a', times))).toBe(receipt)
    expect(handled).toHaveLength(receipt === 'accepted' ? 1 : 0)
  })

  it('may be missing, unless it is required', async () => {
    for (const [required, receipt] of [
      [false, 'accepted'],
      [true, 'refused'],
    ] as const) {
      const { bob, packetFrom } = await bobWith({ freshness: { ...freshness, required } })
      expect(await bob.agent.receive(await packetFrom('a', {}, Number.NaN))).toBe(receipt)
    }
  })

  it('that is missing counts as now, for what is remembered', async () => {
    const { bob, packetFrom } = await bobWith({ seen: memorySeenStore({ maxSeen: 2 }) })
    for (let count = 0; count < 4; count++) {
      expect(await bob.agent.receive(await packetFrom('a', {}, Number.NaN))).toBe('accepted')
      bob.clock.nowMs += 1000
    }
  })
})

describe('without a clock', () => {
  it('a message counts as made when it says so, and one that says nothing as older than all', async () => {
    const { bob, packetFrom } = await bobWith({ now: () => Number.NaN, seen: memorySeenStore({ maxSeen: 2 }) })
    const packets: Packet[] = []
    for (const second of [1, 2, 3, 4]) packets.push(await packetFrom('a', { created_time: second }))
    for (const packet of packets) expect(await bob.agent.receive(packet)).toBe('accepted')
    // Two are remembered; an older one may be a copy of one that is forgotten.
    const undated = await packetFrom('a', {}, Number.NaN)
    for (const packet of [...packets.slice(0, 2), undated]) expect(await bob.agent.receive(packet)).toBe('refused')
    expect(bob.agent.counters()).toMatchObject({ received: 4, refused: { ERR_MESSAGE_EXPIRED: 3 } })
  })
})

describe('a message that comes again', () => {
  it('is another one where another sender gave it the same id [B1, B5]', async () => {
    const { bob, packetFrom, handled } = await bobWith()
    for (const name of ['a', 'c', 'a']) await bob.agent.receive(await packetFrom(name, { id: 'n-1' }))
    expect(handled.map(({ message }) => message.id)).toEqual(['n-1', 'n-1'])
    expect(new Set(handled.map(({ sender }) => sender)).size).toBe(2)
  })

  it('while it is handled shares its fate: one that fails was not received', async () => {
    const { bob, packetFrom } = await bobWith()
    let fail = (): void => undefined
    const reached = new Promise<void>((began) => {
      bob.agent.on(NOTE, async () => {
        await new Promise<void>((resolve) => {
          fail = resolve
          began()
        })
        throw new Error('the disk is full')
      })
    })
    const packet = await packetFrom('a')
    const first = fateOf(bob.agent, packet)
    await reached
    const copy = fateOf(bob.agent, packet)
    // The copy is opened, and waits.
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
    fail()
    expect(await Promise.all([first, copy])).toEqual(['again', 'again'])
    expect(bob.agent.counters()).toMatchObject({ received: 0, duplicate: 0, failed: 2 })
  })
})

describe('a message that cannot be handled', () => {
  it.each(['ERR_STORE_FULL', 'ERR_TRANSPORT_UNREACHABLE', 'ERR_TIMEOUT', 'ERR_CLOSED'] as const)(
    'now, for %s, is to come again, and is never given up',
    async (code) => {
      const { bob, packetFrom } = await bobWith()
      bob.agent.on(NOTE, () => {
        throw new DidCommError(code, 'later')
      })
      const packet = await packetFrom('a')
      for (let count = 0; count < 7; count++) await expect(bob.agent.receive(packet)).rejects.toMatchObject({ code })
      expect(bob.agent.counters()).toMatchObject({ failed: 7, refused: {} })
    },
  )

  it('for a reason that stays is refused at once', async () => {
    const { bob, packetFrom } = await bobWith()
    bob.agent.on(NOTE, () => {
      throw new DidCommError('ERR_MESSAGE_MALFORMED', 'never')
    })
    expect(await bob.agent.receive(await packetFrom('a'))).toBe('refused')
    expect(bob.agent.counters()).toMatchObject({ failed: 0, refused: { ERR_MESSAGE_MALFORMED: 1 } })
  })

  it('is counted anew after it was given up', async () => {
    const { bob, packetFrom } = await bobWith()
    bob.agent.on(NOTE, () => expect.fail('a bug'))
    const packet = await packetFrom('a')
    const fates: string[] = []
    for (let count = 0; count < 10; count++) fates.push(await fateOf(bob.agent, packet))
    const round = ['again', 'again', 'again', 'again', 'refused']
    expect(fates).toEqual([...round, ...round])
  })

  it('is counted among the 1,024 that failed last, and no more', async () => {
    // A format that fails before anything is opened: what counts is how often, and for how many packets.
    const broken = { ...json(), unpack: () => Promise.reject(new Error('a bug')) }
    const { bob } = await bobWith({ envelopes: [broken] })
    const packetOf = (name: string): Packet => ({ bytes: new TextEncoder().encode(`{${name}`) })
    const others = Array.from({ length: 2_047 }, (_, index) => packetOf(String(index)))
    const [often, once] = [packetOf('often'), packetOf('once')]
    const fail = (packets: readonly Packet[]) => Promise.all(packets.map((packet) => fateOf(bob.agent, packet)))
    await fail([often])
    await fail(others.slice(0, 1_023))
    await fail([often])
    // It failed again, so that it is not the oldest that is forgotten for this one.
    await fail([once])
    await fail([often])
    await fail([often])
    expect(await fail([often])).toEqual(['refused'])
    for (let count = 0; count < 3; count++) await fail([once])
    await fail(others.slice(1_023))
    // Its four failures are forgotten for the 1,024 after them.
    expect(await fail([once])).toEqual(['again'])
  })
})

it('without a byte in it is refused', async () => {
  const { bob } = await bobWith()
  expect(await bob.agent.receive({ bytes: new Uint8Array(0) })).toBe('refused')
  expect(bob.agent.counters().refused).toEqual({ ERR_ENVELOPE_MALFORMED: 1 })
})
