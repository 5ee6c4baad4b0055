import {
  contactBook,
  DidCommError,
  firstOf,
  isProblemCode,
  MESSAGE_TOO_BIG,
  memorySeenStore,
  NO_ROOM,
  PROBLEM_REPORT,
  refusals,
  type Transport,
} from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { compact, json } from 'didcomm-mote/envelope'
import { http } from 'didcomm-mote/transports/http'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { ws } from 'didcomm-mote/transports/ws'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../transport/clock.ts'
import { type Party, party } from './world.ts'

const NOTE = 'https://example.org/notes/1.0/note'
const large = { type: NOTE, body: { text: 'x'.repeat(4_000) } }
const open: Party[] = []

afterEach(async () => {
  for (const { agent } of open.splice(0)) await agent.close()
})

/** Alice, who notes the codes of the problems that she is told of, and Bob, who notes how many messages he handled. */
async function pair(
  bobOptions: Parameters<typeof party>[2],
  make: (name: string) => Transport & { url?: string | undefined } = memoryNetwork().transport,
) {
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const [own, theirs] = [make('alice'), make('bob')]
  const alice = party('a', [own], { contacts, seen: memorySeenStore() })
  const bob = party('b', [theirs], { contacts, seen: memorySeenStore(), ...bobOptions })
  open.push(alice, bob)
  for (const { agent } of [alice, bob]) await agent.start()
  await contacts.add({ did: alice.did, uri: own.url ?? 'memory:alice' })
  await contacts.add({ did: bob.did, uri: theirs.url ?? 'memory:bob' })
  const codes: unknown[] = []
  const handled: string[] = []
  alice.agent.on(PROBLEM_REPORT, ({ message }) => void codes.push(message.body['code']) as undefined)
  bob.agent.on(NOTE, ({ message }) => void handled.push(message.id) as undefined)
  const send = (draft: Parameters<typeof alice.agent.send>[0], anonymous = false) =>
    alice.agent.send(draft, { to: bob.did, anonymous })
  return { alice, bob, codes, handled, send }
}

describe('a message over maxReceiveBytes', () => {
  it.each(['json', 'compact'] as const)(
    'is not handled, and its sender is told why, in %s [M7, P13]',
    async (encoding) => {
      const { alice, bob, codes, handled } = await pair({ refusals: refusals({ maxReceiveBytes: 3_000 }) })
      const sent = alice.agent.send({ ...large, thid: 't-1' }, { to: bob.did, encoding })
      await expect(sent).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
      await eventually(() => codes.length > 0)
      expect(codes).toEqual([MESSAGE_TOO_BIG])
      expect(handled).toEqual([])
      expect(bob.agent.counters()).toMatchObject({ received: 0, refused: { ERR_TOO_LARGE: 1 } })
    },
  )

  it('is what fails a request, with the thread that it began', async () => {
    const { alice, bob } = await pair({ refusals: refusals({ maxReceiveBytes: 3_000 }) })
    const waiting = new Promise((resolve) =>
      alice.agent.on(PROBLEM_REPORT, (report) => void resolve(report) as undefined),
    )
    await expect(alice.agent.send({ ...large, id: 'm-1' }, { to: bob.did })).rejects.toThrow(DidCommError)
    expect(await waiting).toMatchObject({
      sender: bob.did,
      message: { pthid: 'm-1', ack: ['m-1'], body: { code: MESSAGE_TOO_BIG } },
    })
  })

  it('of exactly that size is taken', async () => {
    const { bob, handled, send } = await pair({})
    await send({ ...large, id: 'm-1' })
    const received = bob.events.find(({ kind }) => kind === 'received')
    const bytes = received?.kind === 'received' ? received.bytes : expect.fail()
    for (const [maxReceiveBytes, expected] of [
      [bytes, 1],
      [bytes - 1, 0],
    ] as const) {
      const again = await pair({ refusals: refusals({ maxReceiveBytes }) })
      await again.send({ ...large, id: 'm-1' }).catch(() => undefined)
      expect(again.handled).toHaveLength(expected)
    }
    expect(handled).toEqual(['m-1'])
  })

  it('of nobody who is proven is refused in silence', async () => {
    const { alice, bob, codes, send } = await pair({ refusals: refusals({ maxReceiveBytes: 3_000 }) })
    await expect(send(large, true)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
    await bob.agent.close()
    expect([codes, alice.agent.counters().received, bob.agent.counters().unanswered]).toEqual([[], 0, 0])
  })

  it('is answered so many times in one thread, and then no more', async () => {
    const { bob, codes, send } = await pair({ refusals: refusals({ maxReceiveBytes: 3_000 }), maxErrorsPerThread: 2 })
    for (let i = 0; i < 10; i++) await send({ ...large, thid: 't-1' }).catch(() => undefined)
    await bob.agent.close()
    expect(codes).toEqual([MESSAGE_TOO_BIG, MESSAGE_TOO_BIG, 'e.p.req.max-errors-exceeded'])
  })

  it.each([
    ['json', json({ maxBytes: 3_000 })],
    ['compact', compact({ maxBytes: 3_000 })],
  ] as const)('and over what %s opens is not opened, and its transport says so', async (encoding, format) => {
    const { alice, bob, codes } = await pair({ envelopes: [format], refusals: refusals() })
    const sent = alice.agent.send(large, { to: bob.did, encoding })
    await expect(sent).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
    expect([codes, bob.agent.counters().sent]).toEqual([[], 0])
  })

  it('is answered over the connection that it came on, where it asks for that [M9]', async () => {
    for (const make of [http, ws]) {
      const { alice, codes, send } = await pair({ refusals: refusals({ maxReceiveBytes: 3_000 }) }, (name) =>
        make({ allowPrivateAddresses: true, ...(name === 'bob' && { listen: { port: 0 } }) }),
      )
      // Alice has no address: there is no other way to her.
      await send({ ...large, return_route: 'all' })
      await eventually(() => codes.length > 0)
      expect(codes).toEqual([MESSAGE_TOO_BIG])
      expect(alice.agent.counters().received).toBe(1)
    }
  })

  it('is answered 413 over HTTP, where nothing can go back [M7]', async () => {
    const { send } = await pair({ refusals: refusals({ maxReceiveBytes: 3_000 }) }, (name) =>
      http({ allowPrivateAddresses: true, ...(name === 'bob' && { listen: { port: 0 } }) }),
    )
    for (const isAnonymous of [true, false]) {
      await expect(send(large, isAnonymous)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
    }
  })
})

it('has codes of the form of the specification [P5]', () => {
  expect([MESSAGE_TOO_BIG, NO_ROOM]).toEqual(['e.m.me.res.storage.message_too_big', 'w.m.me.res.storage'])
  expect([MESSAGE_TOO_BIG, NO_ROOM].every(isProblemCode)).toBe(true)
})

describe('a message for which there is no room yet', () => {
  it('is tried again, and its sender is warned once until one is taken [P5]', async () => {
    const { bob, codes, handled, send } = await pair({ refusals: refusals() })
    let isFull = true
    bob.agent.on(NOTE, ({ message }) => {
      if (isFull) throw new DidCommError('ERR_STORE_FULL', 'no room')
      return void handled.push(message.id) as undefined
    })
    const note = (id: string) => send({ type: NOTE, id, body: {} })
    for (const id of ['m-1', 'm-1', 'm-2']) {
      await expect(note(id)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
    }
    await eventually(() => codes.length > 0)
    expect(codes).toEqual([NO_ROOM])
    isFull = false
    await note('m-1')
    isFull = true
    await expect(note('m-3')).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
    await bob.agent.close()
    expect([codes, handled]).toEqual([[NO_ROOM, NO_ROOM], ['m-1']])
  })
})
