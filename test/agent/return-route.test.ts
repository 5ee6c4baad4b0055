import { contactBook, type Draft, firstOf, type Message, memorySeenStore, type Transport } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { PING_RESPONSE, ping, trustPing } from 'didcomm-mote/protocols/trust-ping'
import { http } from 'didcomm-mote/transports/http'
import { ws } from 'didcomm-mote/transports/ws'
import { afterEach, expect, test } from 'vitest'
import { Clock, eventually, turn } from '../transport/clock.ts'
import { wire } from '../transport/half-open.ts'
import { type Party, party } from './world.ts'

const open: Party[] = []
afterEach(async () => {
  for (const { agent } of open.splice(0)) await agent.close()
})

const resolve = firstOf(didKey(crypto))
const NEWS = 'https://example.org/news/1.0/news'
const transports = {
  http: (listen: boolean) => http({ allowPrivateAddresses: true, ...(listen && { listen: { port: 0 } }) }),
  ws: (listen: boolean) => ws({ allowPrivateAddresses: true, ...(listen && { listen: { port: 0 } }) }),
}

/** Alice, whom nobody can reach, and Bob, who listens; both are on real sockets. */
async function pair(make: (listen: boolean) => Transport & { url: string | undefined }) {
  const listening = make(true)
  const bob = party('b', [listening], { protocols: [trustPing()] })
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const alice = { ...party('a', [make(false)], { contacts }), contacts }
  const got: Message[] = []
  for (const type of [PING_RESPONSE, NEWS]) alice.agent.on(type, ({ message }) => void got.push(message))
  for (const one of [alice, bob]) {
    open.push(one)
    await one.agent.start()
  }
  await alice.contacts.add({ did: bob.did, uri: listening.url ?? '' })
  const send = (draft: Draft) => alice.agent.send(draft, { to: bob.did })
  return { alice, bob, got, send }
}

for (const [name, make] of Object.entries(transports)) {
  test(`over ${name} an answer comes back where the message asks for it, and the answer alone [M9]`, async () => {
    const { alice, bob, got, send } = await pair(make)
    const id = await send({ ...ping(), return_route: 'all' })
    await eventually(() => got.length === 1)
    expect(got).toMatchObject([{ type: PING_RESPONSE, thid: id }])
    expect(alice.agent.counters()).toMatchObject({ received: 1, sent: 1 })
    // Over a WebSocket Bob has sent it once Alice is known to have read it.
    await eventually(() => bob.agent.counters().sent === 1)
    expect(bob.agent.counters()).toMatchObject({ received: 1, sent: 1, unanswered: 0 })
  })

  test.each([{}, { return_route: 'none' }, { return_route: 'sideways' }])(
    `over ${name} nothing comes back after %j: Bob has no other way, and says so [M2, M9]`,
    async (header) => {
      const { bob, got, send } = await pair(make)
      await send({ ...ping(), ...header })
      await eventually(() => bob.agent.counters().unanswered === 1)
      expect(bob.events.at(-1)).toMatchObject({ kind: 'unanswered', cause: { code: 'ERR_DID_UNUSABLE' } })
      expect(got).toEqual([])
    },
  )

  test(`over ${name} only the thread that is named comes back [M9]`, async () => {
    const { bob, got, send } = await pair(make)
    const route = { return_route: 'thread', return_route_thread: 'thread-1' }
    await send({ ...ping(), ...route, thid: 'thread-1' })
    await eventually(() => got.length === 1)
    expect(got).toMatchObject([{ thid: 'thread-1' }])
    await send({ ...ping(), ...route, thid: 'thread-2' })
    await eventually(() => bob.agent.counters().unanswered === 1)
    expect(got.length).toBe(1)
  })
}

test('over http what comes later does not come back: each request asks for itself [M9]', async () => {
  const { alice, bob, got, send } = await pair(transports.http)
  await send({ ...ping(), return_route: 'all' })
  await eventually(() => got.length === 1)
  const news = bob.agent.send({ type: NEWS, body: {} }, { to: alice.did })
  await expect(news).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
})

test('over ws all that Bob has comes back once it was asked for, until it is asked for no longer [M9]', async () => {
  const { alice, bob, got, send } = await pair(transports.ws)
  await send({ ...ping(), return_route: 'all' })
  await eventually(() => got.length === 1)
  await send(ping())
  for (const n of [1, 2, 3]) await bob.agent.send({ type: NEWS, body: { n } }, { to: alice.did })
  await eventually(() => got.length === 5)
  expect(got.filter(({ type }) => type === NEWS).map(({ body }) => body['n'])).toEqual([1, 2, 3])
  await send({ ...ping({ responseRequested: false }), return_route: 'none' })
  await eventually(() => bob.agent.counters().received === 3)
  const news = bob.agent.send({ type: NEWS, body: {} }, { to: alice.did })
  await expect(news).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
})

test('over ws a connection that has broken is forgotten [M9]', async () => {
  const { alice, bob, got, send } = await pair(transports.ws)
  await send({ ...ping(), return_route: 'all' })
  await eventually(() => got.length === 1)
  await alice.agent.close()
  for (let turns = 0; turns < 20; turns += 1) await turn()
  const news = bob.agent.send({ type: NEWS, body: {} }, { to: alice.did })
  await expect(news).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
})

test.each(['json', 'compact'] as const)(
  'over ws what nobody is known to have read goes another way with the same id, in %s: it is handled once [M9]',
  async (encoding) => {
    const clock = new Clock()
    const atBob = ws({ allowPrivateAddresses: true, listen: { port: 0 }, timer: clock.timer })
    const atAlice = [transports.ws(false), transports.http(true)] as const
    const contacts = { alice: contactBook(crypto, resolve), bob: contactBook(crypto, resolve) }
    const [alice, bob] = [
      party('a', [...atAlice], { contacts: contacts.alice, seen: memorySeenStore() }),
      party('b', [atBob, transports.http(false)], { contacts: contacts.bob, protocols: [trustPing()] }),
    ]
    const got: Message[] = []
    for (const type of [PING_RESPONSE, NEWS]) alice.agent.on(type, ({ message }) => void got.push(message))
    for (const one of [alice, bob]) {
      open.push(one)
      await one.agent.start()
    }
    const line = await wire(Number(new URL(String(atBob.url)).port))
    await contacts.alice.add({ did: bob.did, uri: `ws://127.0.0.1:${line.port}` })
    await contacts.bob.add({ did: alice.did, uri: atAlice[1].url ?? '' })
    await alice.agent.send({ ...ping(), return_route: 'all' }, { to: bob.did })
    await eventually(() => bob.agent.counters().sent === 1)

    line.silence('up')
    const sent = bob.agent.send({ type: NEWS, body: {} }, { to: alice.did, encoding })
    await eventually(() => got.length === 2)
    clock.advance(30_000)
    expect(await sent).toBe(got[1]?.id)
    await eventually(() => alice.agent.counters().duplicate === 1)
    expect(got.length).toBe(2)
    await line.close()
  },
)

test('over ws nobody gets what is for others, whose connection is their own [M6]', async () => {
  const { alice, bob, send } = await pair(transports.ws)
  const eve = party('e', [])
  await send({ ...ping(), return_route: 'all' })
  await expect(bob.agent.send({ type: NEWS, body: {} }, { to: eve.did })).rejects.toMatchObject({
    code: 'ERR_DID_UNUSABLE',
  })
  expect(alice.events.filter(({ kind }) => kind === 'refused')).toEqual([])
})

test('an envelope that is larger than a contact takes is not sent [M7]', async () => {
  const { alice, bob, send } = await pair(transports.http)
  await alice.contacts.add({ ...alice.contacts.get(bob.did), did: bob.did, maxReceiveBytes: 2_000 })
  await send(ping({ responseRequested: false }))
  const large = send({ ...ping(), body: { text: 'x'.repeat(2_000) } })
  await expect(large).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  expect(bob.agent.counters().received).toBe(1)
})
