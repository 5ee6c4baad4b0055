import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAX_DELIVERED_KEYS, memoryMailbox, memoryOutbox, memorySeenStore, type StoreLimits } from 'didcomm-mote'
import { openStore, type Store } from 'didcomm-mote/gateway'
import { afterEach, describe, expect, it } from 'vitest'
import { startProgram } from '../examples/programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'didcomm-mote-test-'))
const open: Store[] = []
let files = 0

function lmdb(limits: StoreLimits = {}, path = join(folder, `${files++}.lmdb`)): Store {
  const store = openStore(path, limits)
  open.push(store)
  return store
}

afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})

const memory = (limits: StoreLimits = {}) => ({
  seen: memorySeenStore(limits),
  outbox: memoryOutbox(limits),
  mailbox: memoryMailbox(limits),
})

const bytes = (...values: number[]) => Uint8Array.from(values)

describe.each([
  ['in memory', memory],
  ['in a file', lmdb],
])('a seen store %s', (_, make) => {
  it('knows what it was told', async () => {
    const { seen } = make()
    expect(await seen.check('a', 1)).toBe('new')
    await seen.remember('a', 1)
    await seen.remember('a', 1)
    expect(await seen.check('a', 1)).toBe('seen')
    expect(await seen.check('b', 1)).toBe('new')
  })

  it('says what it cannot know any more', async () => {
    const { seen } = make({ maxSeen: 3 })
    for (let time = 1; time <= 5; time++) await seen.remember(`message ${time}`, time * 1000)
    expect(await seen.check('message 5', 5000)).toBe('seen')
    expect(await seen.check('message 3', 3000)).toBe('seen')
    expect(await seen.check('message 2', 2000)).toBe('forgotten')
    expect(await seen.check('another', 1500)).toBe('forgotten')
    expect(await seen.check('another', 2500)).toBe('new')
  })
})

describe.each([
  ['in memory', memory],
  ['in a file', lmdb],
])('an outbox %s', (_, make) => {
  it('gives entries back in order, as they were', async () => {
    const { outbox } = make()
    for (let i = 0; i < 5; i++) expect(await outbox.enqueue(`k${i}`, 'http://a/', bytes(i, 255))).toBe('stored')
    const due = await outbox.due(0, 3)
    expect(due).toEqual([0, 1, 2].map((i) => ({ key: `k${i}`, destination: 'http://a/', bytes: bytes(i, 255) })))
  })

  it('keeps its own copy of the bytes', async () => {
    const { outbox } = make()
    const packet = bytes(1, 2, 3)
    await outbox.enqueue('k', 'http://a/', packet)
    packet.fill(9)
    expect((await outbox.due(0, 1))[0]?.bytes).toEqual(bytes(1, 2, 3))
  })

  it('stores a key once, and still knows it after delivery', async () => {
    const { outbox } = make()
    await outbox.enqueue('k', 'http://a/', bytes(1))
    expect(await outbox.enqueue('k', 'http://b/', bytes(2))).toBe('duplicate')
    await outbox.ack('k')
    expect(await outbox.enqueue('k', 'http://a/', bytes(1))).toBe('duplicate')
    expect(await outbox.due(0, 9)).toEqual([])
  })

  it('keeps its own copy of the bytes, even of a Buffer that changes at once', async () => {
    const { outbox, mailbox } = make()
    const packet = Buffer.from([1, 2, 3])
    const stored = [outbox.enqueue('k', 'http://a/', packet), mailbox.put('did:example:a', 'm', packet)]
    packet.fill(9)
    await Promise.all(stored)
    expect((await outbox.due(0, 1))[0]?.bytes).toEqual(bytes(1, 2, 3))
    expect((await mailbox.list('did:example:a', 1))[0]?.bytes).toEqual(bytes(1, 2, 3))
  })

  it('stores a key once, when it comes many times at once', async () => {
    const { outbox } = make()
    const results = await Promise.all([1, 2, 3].map(() => outbox.enqueue('k', 'http://a/', bytes(1, 2))))
    expect(results).toEqual(['stored', 'duplicate', 'duplicate'])
    expect(await outbox.depth()).toEqual({ waiting: 1, waitingBytes: 2, discarded: 0, dropped: 0 })
    await outbox.ack('k')
    expect(await outbox.depth()).toEqual({ waiting: 0, waitingBytes: 0, discarded: 0, dropped: 0 })
  })

  it('keeps to its bounds when much comes at once', async () => {
    const count = (results: string[]) => results.filter((result) => result === 'stored').length
    const { outbox, mailbox } = make({ maxOutboxEntries: 5, maxMailboxEntries: 5 })
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
    expect(count(await Promise.all(keys.map((key) => outbox.enqueue(key, 'http://a/', bytes(1)))))).toBe(5)
    expect(count(await Promise.all(keys.map((key) => mailbox.put('did:example:a', key, bytes(1)))))).toBe(5)
  })

  it('leaves out destinations and keys', async () => {
    const { outbox } = make()
    for (const [key, to] of [
      ['a1', 'a'],
      ['b1', 'b'],
      ['a2', 'a'],
      ['c1', 'c'],
    ] as const) {
      await outbox.enqueue(key, to, bytes(1))
    }
    await outbox.retryAt('c1', 500)
    const keysOf = async (...args: Parameters<typeof outbox.due>) => (await outbox.due(...args)).map(({ key }) => key)
    expect(await keysOf(0, 9, { destinations: new Set(['a']) })).toEqual(['b1'])
    expect(await keysOf(0, 2, { keys: new Set(['a1']) })).toEqual(['b1', 'a2'])
    expect(await outbox.nextDueMs({ destinations: new Set(['a']), keys: new Set(['b1']) })).toBe(500)
    expect(await outbox.nextDueMs({ destinations: new Set(['a', 'b', 'c']) })).toBeUndefined()
  })

  it('forgets the keys of the earliest deliveries first', async () => {
    const { outbox } = make({ maxOutboxEntries: MAX_DELIVERED_KEYS + 10 })
    await outbox.enqueue('early, delivered last', 'http://a/', bytes(1))
    const keys = Array.from({ length: MAX_DELIVERED_KEYS }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key) => outbox.enqueue(key, 'http://a/', bytes(1))))
    await Promise.all(keys.map((key) => outbox.ack(key)))
    await outbox.ack('early, delivered last')
    expect(await outbox.enqueue('early, delivered last', 'http://a/', bytes(1))).toBe('duplicate')
    expect(await outbox.enqueue('k0', 'http://a/', bytes(1))).toBe('stored')
  })

  it('holds a failed entry back until its time', async () => {
    const { outbox } = make()
    await outbox.enqueue('a', 'http://a/', bytes(1))
    await outbox.enqueue('b', 'http://a/', bytes(2))
    await outbox.retryAt('a', 1000)
    expect(await outbox.nextDueMs()).toBe(0)
    expect((await outbox.due(999, 9)).map(({ key }) => key)).toEqual(['b'])
    await outbox.ack('b')
    expect(await outbox.nextDueMs()).toBe(1000)
    expect(await outbox.due(1000, 9)).toMatchObject([{ key: 'a' }])
  })

  it('puts an entry that was held back behind the others', async () => {
    const { outbox } = make()
    for (const key of ['a', 'b', 'c']) await outbox.enqueue(key, `http://${key}/`, bytes(1))
    await outbox.retryAt('a', 10)
    expect((await outbox.due(10, 2)).map(({ key }) => key)).toEqual(['b', 'c'])
    expect((await outbox.due(10, 9)).map(({ key }) => key)).toEqual(['b', 'c', 'a'])
  })

  it('is full at its bounds, and takes more once there is room', async () => {
    const byEntries = make({ maxOutboxEntries: 2 }).outbox
    await byEntries.enqueue('a', 'http://a/', bytes(1))
    await byEntries.enqueue('b', 'http://a/', bytes(1))
    expect(await byEntries.enqueue('c', 'http://a/', bytes(1))).toBe('full')
    await byEntries.ack('a')
    expect(await byEntries.enqueue('c', 'http://a/', bytes(1))).toBe('stored')
    const byBytes = make({ maxOutboxBytes: 10 }).outbox
    expect(await byBytes.enqueue('a', 'http://a/', new Uint8Array(8))).toBe('stored')
    expect(await byBytes.enqueue('b', 'http://a/', new Uint8Array(3))).toBe('full')
    expect(await byBytes.enqueue('b', 'http://a/', new Uint8Array(2))).toBe('stored')
  })

  it('counts what waits, and what was set aside', async () => {
    const { outbox } = make()
    await outbox.enqueue('a', 'http://a/', new Uint8Array(10))
    await outbox.enqueue('b', 'http://a/', new Uint8Array(20))
    expect(await outbox.depth()).toEqual({ waiting: 2, waitingBytes: 30, discarded: 0, dropped: 0 })
    await outbox.discard('a', 'ERR_TOO_LARGE')
    expect(await outbox.depth()).toEqual({ waiting: 1, waitingBytes: 20, discarded: 1, dropped: 0 })
    expect(await outbox.enqueue('a', 'http://a/', bytes(1))).toBe('duplicate')
  })
})

describe.each([
  ['in memory', memory],
  ['in a file', lmdb],
])('a mailbox %s', (_, make) => {
  const did = 'did:example:recipient'

  it('gives envelopes back in order until they are removed', async () => {
    const { mailbox } = make()
    for (let i = 0; i < 30; i++) expect(await mailbox.put(did, `m${i}`, bytes(i))).toBe('stored')
    expect(await mailbox.put(did, 'm3', bytes(3))).toBe('duplicate')
    expect(await mailbox.count(did)).toBe(30)
    expect((await mailbox.list(did, 3)).map(({ id }) => id)).toEqual(['m0', 'm1', 'm2'])
    expect(await mailbox.remove(did, ['m0', 'm2', 'm77'])).toBe(2)
    expect(await mailbox.list(did, 2)).toEqual([
      { id: 'm1', bytes: bytes(1) },
      { id: 'm3', bytes: bytes(3) },
    ])
    expect(await mailbox.count(did)).toBe(28)
    expect(await mailbox.list(did, 0)).toEqual([])
  })

  it('keeps recipients apart', async () => {
    const { mailbox } = make()
    await mailbox.put(did, 'm', bytes(1))
    await mailbox.put(`${did}2`, 'm', bytes(2))
    expect(await mailbox.list(did, 9)).toEqual([{ id: 'm', bytes: bytes(1) }])
    expect(await mailbox.remove(`${did}2`, ['m'])).toBe(1)
    expect(await mailbox.count(did)).toBe(1)
  })

  it('is full at its bound, for one recipient', async () => {
    const { mailbox } = make({ maxMailboxEntries: 2 })
    await mailbox.put(did, 'a', bytes(1))
    await mailbox.put(did, 'b', bytes(1))
    expect(await mailbox.put(did, 'c', bytes(1))).toBe('full')
    expect(await mailbox.put(`${did}2`, 'c', bytes(1))).toBe('stored')
    await mailbox.remove(did, ['a'])
    expect(await mailbox.put(did, 'c', bytes(1))).toBe('stored')
  })

  it('is full by bytes as well', async () => {
    const { mailbox } = make({ maxMailboxBytes: 10 })
    expect(await mailbox.put(did, 'a', new Uint8Array(8))).toBe('stored')
    expect(await mailbox.put(did, 'b', new Uint8Array(3))).toBe('full')
    expect(await mailbox.put(did, 'b', new Uint8Array(2))).toBe('stored')
    await mailbox.remove(did, ['a'])
    expect(await mailbox.put(did, 'c', new Uint8Array(8))).toBe('stored')
    expect(await mailbox.put(did, 'd', new Uint8Array(1))).toBe('full')
  })

  it('knows who registered a recipient, even one with a very long DID', async () => {
    const { mailbox } = make({ maxRecipients: 2 })
    const long = `did:peer:2.${'E'.repeat(5000)}`
    expect(await mailbox.register(long, 'did:example:owner')).toBe(true)
    expect(await mailbox.register(long, 'did:example:owner')).toBe(true)
    expect(await mailbox.register(long, 'did:example:thief')).toBe(false)
    expect(await mailbox.owner(long)).toBe('did:example:owner')
    expect(await mailbox.register(did, 'did:example:owner')).toBe(true)
    expect(await mailbox.register(`${did}2`, 'did:example:owner')).toBe(false)
    expect((await mailbox.registered('did:example:owner')).sort()).toEqual([long, did].sort())
    expect(await mailbox.registered('did:example:thief')).toEqual([])
    await mailbox.put(long, 'm', bytes(1))
    await mailbox.unregister(long)
    expect(await mailbox.owner(long)).toBeUndefined()
    expect(await mailbox.count(long)).toBe(0)
    expect(await mailbox.registered('did:example:owner')).toEqual([did])
  })
})

describe('a store in a file', () => {
  it('has everything again when it is opened again', async () => {
    const path = join(folder, `${files++}.lmdb`)
    const first = lmdb({ maxSeen: 2 }, path)
    for (let time = 1; time <= 3; time++) await first.seen.remember(`m${time}`, time * 1000)
    await first.outbox.enqueue('waiting', 'http://a/', bytes(1))
    await first.outbox.enqueue('delivered', 'http://a/', bytes(2))
    await first.outbox.enqueue('discarded', 'http://a/', bytes(3))
    await first.outbox.ack('delivered')
    await first.outbox.discard('discarded', 'ERR_TOO_LARGE')
    await first.mailbox.put('did:example:a', 'm', bytes(4))
    await first.close()
    open.splice(0)

    const second = lmdb({ maxSeen: 2 }, path)
    expect(await second.seen.check('m3', 3000)).toBe('seen')
    expect(await second.seen.check('m1', 1000)).toBe('forgotten')
    expect(await second.outbox.due(0, 9)).toMatchObject([{ key: 'waiting', bytes: bytes(1) }])
    expect(await second.outbox.enqueue('delivered', 'http://a/', bytes(2))).toBe('duplicate')
    expect(await second.outbox.enqueue('discarded', 'http://a/', bytes(3))).toBe('duplicate')
    expect(await second.outbox.enqueue('new', 'http://a/', bytes(5))).toBe('stored')
    expect((await second.outbox.due(0, 9)).map(({ key }) => key)).toEqual(['waiting', 'new'])
    expect(await second.mailbox.put('did:example:a', 'm2', bytes(6))).toBe('stored')
    expect((await second.mailbox.list('did:example:a', 9)).map(({ id }) => id)).toEqual(['m', 'm2'])
  })

  it('has after a kill -9 all that it had confirmed', { timeout: 30_000 }, async () => {
    const path = join(folder, `${files++}.lmdb`)
    const writer = startProgram('../test/gateway/store-writer.ts', [path])
    await writer.line(/^200$/)
    await writer.kill('SIGKILL')
    const { lines } = await writer.ended()
    const confirmed = Math.max(...lines.map(Number))

    const { outbox, mailbox, seen } = lmdb({}, path)
    const due = await outbox.due(0, 100_000)
    expect(due.length).toBeGreaterThanOrEqual(confirmed)
    expect(due.length).toBeLessThanOrEqual(confirmed + 1)
    due.forEach(({ key, bytes: stored }, index) => {
      expect(key).toBe(`k${index + 1}`)
      expect(stored).toEqual(new Uint8Array(1000).fill(index + 1))
    })
    expect(await mailbox.count('did:example:a')).toBeGreaterThanOrEqual(confirmed)
    expect(await seen.check(`k${confirmed}`, 0)).toBe('seen')
  })

  it('is removed', () => {
    rmSync(folder, { recursive: true })
  })
})
