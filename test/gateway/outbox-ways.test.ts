import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Agent,
  contactBook,
  DidCommError,
  didKeyIdentity,
  didPeer2Identity,
  type ErrorCode,
  firstOf,
  memoryOutbox,
  memorySeenStore,
  type Outbox,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import {
  createGateway,
  type Gateway,
  type OutboxEvent,
  openStore,
  outboxWorker,
  type Store,
} from 'didcomm-mote/gateway'
import { REPORT, report, telemetry } from 'didcomm-mote/protocols/telemetry'
import { http } from 'didcomm-mote/transports/http'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { world } from 'didcomm-mote/world'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { openFile } from '../../gateway/store/database.ts'
import { party } from '../agent/world.ts'
import { Clock, eventually, turn } from '../transport/clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'ways-'))
let files = 0
const open: (Store | Agent | Gateway | { close(): Promise<void> })[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

const bytes = (...values: number[]) => Uint8Array.from(values)
function inFile(path = join(folder, `${files++}.lmdb`)): Outbox {
  const store = openStore(path, { maxOutboxBytes: 10 })
  open.push(store)
  return store.outbox
}

describe.each([
  ['in memory', () => memoryOutbox({ maxOutboxBytes: 10 })],
  ['in a file', inFile],
])('an outbox %s', (_, make) => {
  const other = { destination: 'http://b/', bytes: bytes(2, 3) }

  test('gives all ways of an entry back, of which it has copies', async () => {
    const outbox = make()
    const mine = { destination: 'http://b/', bytes: bytes(2, 3) }
    await outbox.enqueue('k', 'http://a/', bytes(1), [mine])
    await outbox.enqueue('alone', 'http://a/', bytes(4), [])
    mine.bytes.fill(9)
    expect(await outbox.due(0, 9)).toEqual([
      { key: 'k', destination: 'http://a/', bytes: bytes(1), alternatives: [other] },
      { key: 'alone', destination: 'http://a/', bytes: bytes(4) },
    ])
  })

  test('counts the bytes of all ways', async () => {
    const outbox = make()
    await outbox.enqueue('k', 'http://a/', bytes(1, 1, 1, 1), [other])
    expect(await outbox.depth()).toMatchObject({ waitingBytes: 6 })
    expect(await outbox.enqueue('l', 'http://a/', bytes(1, 1, 1), [other])).toBe('full')
    await outbox.ack('k')
    expect(await outbox.depth()).toMatchObject({ waiting: 0, waitingBytes: 0 })
  })

  test('leaves an entry out where all of its ways are left out', async () => {
    const outbox = make()
    await outbox.enqueue('k', 'http://a/', bytes(1), [other])
    await outbox.enqueue('alone', 'http://a/', bytes(1))
    const due = async (...destinations: string[]) =>
      (await outbox.due(0, 9, { destinations: new Set(destinations) })).map(({ key }) => key)
    expect(await due('http://b/')).toEqual(['k', 'alone'])
    expect(await due('http://a/')).toEqual(['k'])
    expect(await due('http://a/', 'http://b/')).toEqual([])
    expect(await outbox.nextDueMs({ destinations: new Set(['http://a/', 'http://b/']) })).toBeUndefined()
    await outbox.retryAt('k', 100)
    expect(await due('http://a/')).toEqual([])
  })
})

test('a file of an earlier version, whose entries have one way, is read', async () => {
  const path = join(folder, `${files++}.lmdb`)
  const file = openFile(path)
  const rows = file.table<object, number>('outbox')
  await file.commit(() => rows.putSync(0, { key: 'old', destination: 'http://a/', bytes: bytes(1, 2) }))
  await file.close()
  const outbox = inFile(path)
  expect(await outbox.due(0, 9)).toEqual([{ key: 'old', destination: 'http://a/', bytes: bytes(1, 2) }])
  expect(await outbox.depth()).toMatchObject({ waiting: 1, waitingBytes: 2 })
})

test('the ways of an entry are there after a restart', async () => {
  const path = join(folder, `${files++}.lmdb`)
  const first = openStore(path)
  await first.outbox.enqueue('k', 'http://a/', bytes(1), [{ destination: 'http://b/', bytes: bytes(2) }])
  await first.close()
  const [entry] = await inFile(path).due(0, 9, { destinations: new Set(['http://a/']) })
  expect(entry?.alternatives).toEqual([{ destination: 'http://b/', bytes: bytes(2) }])
})

describe('a worker whose entries have two ways', () => {
  const retry = { baseMs: 100, maxMs: 1_000 }

  function begin(answer: (destination: string) => ErrorCode | undefined) {
    const clock = new Clock()
    const outbox = memoryOutbox()
    const sent: string[] = []
    const events: OutboxEvent[] = []
    const worker = outboxWorker({
      outbox,
      now: clock.now,
      timer: clock.timer,
      random: () => 0.999_999,
      retry,
      onEvent: (event) => events.push(event),
      send: async (destination, packet) => {
        sent.push(`${destination}${packet[0]}`)
        const code = answer(destination)
        if (code) throw new DidCommError(code, 'as the test wants')
      },
    })
    open.push(worker)
    worker.start()
    const calm = async () => {
      for (let turns = 0; turns < 10; turns += 1) await turn()
    }
    const put = async (n: number) => {
      await outbox.enqueue(`${n}`, 'a', bytes(n), [{ destination: 'b', bytes: bytes(n + 100) }])
      worker.wake()
      await calm()
    }
    const kinds = () => events.map(({ kind }) => kind)
    return { clock, outbox, sent, events, put, calm, kinds }
  }

  test('takes the second one where the first is dead, and tries the first now and then', async () => {
    let dead = true
    const { put, sent, clock, kinds, outbox } = begin((to) =>
      to === 'a' && dead ? 'ERR_TRANSPORT_UNREACHABLE' : undefined,
    )
    await put(1)
    await put(2)
    expect(sent).toEqual(['a1', 'b101', 'b102'])
    expect(kinds()).toEqual(['failover', 'delivered', 'delivered'])
    clock.advance(100)
    await put(3)
    expect(sent.slice(3)).toEqual(['a3', 'b103'])
    dead = false
    clock.advance(200)
    await put(4)
    await put(5)
    expect(sent.slice(5)).toEqual(['a4', 'a5'])
    expect(await outbox.depth()).toMatchObject({ waiting: 0, discarded: 0 })
  })

  test('waits where both are dead, and goes on over the one that comes back first', async () => {
    let alive = ''
    const { put, sent, clock, calm, outbox, kinds } = begin((to) =>
      to === alive ? undefined : 'ERR_TRANSPORT_UNREACHABLE',
    )
    await put(1)
    expect(sent).toEqual(['a1', 'b101'])
    expect(kinds()).toEqual(['failover', 'postponed'])
    alive = 'b'
    clock.advance(100)
    await calm()
    expect(sent.slice(2)).toEqual(['a1', 'b101'])
    expect(await outbox.depth()).toMatchObject({ waiting: 0 })
  })

  test('sets an entry aside where both refuse it, and not where one of them could not say', async () => {
    const answers: Record<string, ErrorCode> = { a: 'ERR_TRANSPORT_REJECTED', b: 'ERR_TRANSPORT_UNREACHABLE' }
    const { put, clock, calm, outbox, kinds } = begin((to) => answers[to])
    await put(1)
    expect(kinds()).toEqual(['failover', 'postponed'])
    answers['b'] = 'ERR_TOO_LARGE'
    clock.advance(100)
    await calm()
    expect(kinds().slice(2)).toEqual(['failover', 'discarded'])
    expect(await outbox.depth()).toMatchObject({ waiting: 0, discarded: 1 })
  })
})

test('a gateway delivers to the second endpoint of the cloud where nobody listens at the first', async () => {
  const resolve = firstOf(didKey(crypto), didPeer(crypto))
  const listening = http({ allowPrivateAddresses: true, listen: { port: 0 } })
  const network = memoryNetwork()
  const own = (fill: number) => didKeyIdentity(crypto, new Uint8Array(32).fill(fill))
  // The cloud's DID holds its endpoints, so that its server has to be there first.
  const server = party('-', [listening])
  await server.agent.start()
  const { url = '' } = listening
  const cloudOwn = didPeer2Identity(crypto, new Uint8Array(32).fill(2), [{ uri: 'http://127.0.0.1:1/' }, { uri: url }])
  await server.agent.close()
  const cloud = party('-', [http({ allowPrivateAddresses: true, listen: { port: Number(new URL(url).port) } })], {
    did: cloudOwn.did,
    secrets: memorySecrets(crypto, cloudOwn.secretKeys),
    protocols: [telemetry()],
  }).agent
  let reports = 0
  cloud.on(REPORT, () => {
    reports += 1
    return undefined
  })
  const [gatewayOwn, sensorOwn] = [own(3), own(4)]
  const store = openStore(join(folder, `${files++}.lmdb`))
  const events: OutboxEvent[] = []
  const gateway = await createGateway({
    ...world(),
    did: gatewayOwn.did,
    crypto,
    secrets: memorySecrets(crypto, gatewayOwn.secretKeys),
    resolve,
    transports: [network.transport('gateway'), http({ allowPrivateAddresses: true })],
    cloudDid: cloudOwn.did,
    devices: [{ did: sensorOwn.did, name: 'attic' }],
    outbox: store.outbox,
    seen: memorySeenStore(),
    onOutboxEvent: (event) => events.push(event),
  })
  const contacts = contactBook(crypto, resolve)
  await contacts.add({ did: gatewayOwn.did, uri: 'memory:gateway', encoding: 'compact' })
  const sensor = party('-', [network.transport('sensor')], {
    ...world(),
    did: sensorOwn.did,
    secrets: memorySecrets(crypto, sensorOwn.secretKeys),
    contacts,
  }).agent
  open.push(store, cloud, gateway, sensor)
  for (const agent of [cloud, gateway, sensor]) await agent.start()
  await sensor.send(report([{ n: 't', v: 21.5 }]), { to: gatewayOwn.did })
  await eventually(() => events.some(({ kind }) => kind === 'delivered'))
  expect(events).toMatchObject([{ kind: 'failover', destination: 'http://127.0.0.1:1/' }, { kind: 'delivered' }])
  expect(reports).toBe(1)
})
