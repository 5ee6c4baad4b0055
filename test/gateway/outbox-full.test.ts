import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DidCommError, type ErrorCode, MAX_DISCARDED, memoryOutbox, type Outbox, type StoreLimits } from 'didcomm-mote'
import { type OutboxEvent, openStore, outboxWorker, type Store } from 'didcomm-mote/gateway'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { openFile } from '../../gateway/store/database.ts'
import { startProgram } from '../examples/programs.ts'
import { Clock, turn } from '../transport/clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'didcomm-mote-full-'))
const open: Store[] = []
let files = 0
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

function inFile(limits: StoreLimits = {}, path = join(folder, `${files++}.lmdb`)): Outbox {
  const store = openStore(path, limits)
  open.push(store)
  return store.outbox
}
const keysOf = async (outbox: Outbox) => (await outbox.due(Number.MAX_VALUE, 1_000_000)).map(({ key }) => key)
const of = (sizeBytes: number) => new Uint8Array(sizeBytes)

describe.each([
  ['in memory', memoryOutbox],
  ['in a file', inFile],
])('a full outbox %s', (_, make) => {
  it('refuses what comes, unless it is told otherwise', async () => {
    const outbox = make({ maxOutboxEntries: 1 })
    await outbox.enqueue('a', 'x', of(1))
    expect(await outbox.enqueue('b', 'x', of(1))).toBe('full')
    expect(await outbox.depth()).toMatchObject({ waiting: 1, discarded: 0, dropped: 0 })
  })

  it('drops the oldest to make room, counts them, and still knows them', async () => {
    const outbox = make({ maxOutboxEntries: 3, whenOutboxFull: 'drop-oldest' })
    for (const key of ['a', 'b', 'c', 'd', 'e']) expect(await outbox.enqueue(key, 'x', of(2))).toBe('stored')
    expect(await keysOf(outbox)).toEqual(['c', 'd', 'e'])
    expect(await outbox.depth()).toEqual({ waiting: 3, waitingBytes: 6, discarded: 2, dropped: 2 })
    expect(await outbox.enqueue('a', 'x', of(2))).toBe('duplicate')
    expect(await outbox.enqueue('c', 'x', of(2))).toBe('duplicate')
    expect((await outbox.depth()).dropped).toBe(2)
  })

  it('drops as many as the bytes of what comes need, and no more', async () => {
    const outbox = make({ maxOutboxBytes: 10, whenOutboxFull: 'drop-oldest' })
    for (const key of ['a', 'b', 'c']) await outbox.enqueue(key, 'x', of(3))
    expect(await outbox.enqueue('d', 'x', of(2), [{ destination: 'y', bytes: of(3) }])).toBe('stored')
    expect(await keysOf(outbox)).toEqual(['c', 'd'])
    expect(await outbox.depth()).toMatchObject({ waitingBytes: 8, dropped: 2 })
  })

  it('drops nothing for what would never fit', async () => {
    const outbox = make({ maxOutboxBytes: 10, whenOutboxFull: 'drop-oldest' })
    await outbox.enqueue('a', 'x', of(5))
    expect(await outbox.enqueue('giant', 'x', of(11))).toBe('full')
    expect(await keysOf(outbox)).toEqual(['a'])
    expect(await outbox.enqueue('all of it', 'x', of(10))).toBe('stored')
    expect(await keysOf(outbox)).toEqual(['all of it'])
    expect(await make({ maxOutboxEntries: 0, whenOutboxFull: 'drop-oldest' }).enqueue('a', 'x', of(1))).toBe('full')
  })

  it('takes for the oldest what came first, although it was tried and put behind', async () => {
    const outbox = make({ maxOutboxEntries: 3, whenOutboxFull: 'drop-oldest' })
    for (const key of ['a', 'b', 'c']) await outbox.enqueue(key, 'x', of(1))
    await outbox.retryAt('a', 1000)
    await outbox.retryAt('b', 10)
    await outbox.enqueue('d', 'x', of(1))
    expect(await keysOf(outbox)).toEqual(['c', 'b', 'd'])
  })

  it('takes the end of an entry that it has dropped meanwhile for nothing new', async () => {
    const outbox = make({ maxOutboxEntries: 1, whenOutboxFull: 'drop-oldest' })
    await outbox.enqueue('a', 'x', of(1))
    await outbox.enqueue('b', 'x', of(1))
    await outbox.ack('a')
    await outbox.retryAt('a', 5)
    await outbox.discard('a', 'ERR_TOO_LARGE')
    expect(await outbox.depth()).toEqual({ waiting: 1, waitingBytes: 1, discarded: 1, dropped: 1 })
    expect(await keysOf(outbox)).toEqual(['b'])
  })

  it('keeps to its bounds and loses nothing between, when much comes at once', async () => {
    const outbox = make({ maxOutboxEntries: 5, whenOutboxFull: 'drop-oldest' })
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`)
    const results = await Promise.all(keys.map((key) => outbox.enqueue(key, 'x', of(1))))
    expect(new Set(results)).toEqual(new Set(['stored']))
    expect(await keysOf(outbox)).toEqual(keys.slice(-5))
    expect(await outbox.depth()).toEqual({ waiting: 5, waitingBytes: 5, discarded: 35, dropped: 35 })
  })

  it('counts all that it drops, and keeps the last of them', { timeout: 30_000 }, async () => {
    const outbox = make({ maxOutboxEntries: 1, whenOutboxFull: 'drop-oldest' })
    const keys = Array.from({ length: MAX_DISCARDED + 20 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key) => outbox.enqueue(key, 'x', of(1))))
    expect(await outbox.depth()).toMatchObject({ discarded: MAX_DISCARDED, dropped: MAX_DISCARDED + 19 })
  })

  it('keeps until when an entry is of use', async () => {
    const outbox = make()
    await outbox.enqueue('a', 'x', of(1), [{ destination: 'y', bytes: of(2) }], 5_000)
    await outbox.enqueue('b', 'x', of(1))
    const [a, b] = await outbox.due(0, 2)
    expect(a).toEqual({
      key: 'a',
      destination: 'x',
      bytes: of(1),
      alternatives: [{ destination: 'y', bytes: of(2) }],
      expiresAtMs: 5_000,
    })
    expect(b).not.toHaveProperty('expiresAtMs')
  })
})

describe('a full outbox in a file', () => {
  it('has dropped after a kill -9 what it had confirmed in its place', { timeout: 30_000 }, async () => {
    const path = join(folder, `${files++}.lmdb`)
    const writer = startProgram('../test/gateway/dropping-writer.ts', [path])
    await writer.line(/^300$/)
    await writer.kill('SIGKILL')
    const { lines } = await writer.ended()
    const confirmed = Math.max(...lines.map(Number))

    const outbox = inFile({ maxOutboxEntries: 50, whenOutboxFull: 'drop-oldest' }, path)
    const due = await outbox.due(0, 1_000)
    const last = Number(due.at(-1)?.key.slice(1))
    expect([confirmed, confirmed + 1]).toContain(last)
    expect(due.map(({ key }) => key)).toEqual(Array.from({ length: 50 }, (_, index) => `k${last - 49 + index}`))
    expect(await outbox.depth()).toMatchObject({ discarded: last - 50, dropped: 0 })
    expect(await outbox.enqueue(`k${last - 50}`, 'x', of(1))).toBe('duplicate')
  })

  it('sets aside with the reason', async () => {
    const path = join(folder, `${files++}.lmdb`)
    const outbox = inFile({ maxOutboxEntries: 1, whenOutboxFull: 'drop-oldest' }, path)
    await outbox.enqueue('a', 'x', of(1))
    await outbox.enqueue('b', 'x', of(1))
    await open.splice(0)[0]?.close()
    const file = openFile(path)
    const rows = [...file.table<{ key: string; reason: string }, number>('outbox-discarded').getRange()]
    expect(rows).toMatchObject([{ value: { key: 'a', reason: 'ERR_STORE_FULL' } }])
    await file.close()
  })
})

describe('an outbox worker', () => {
  function begin(outbox: Outbox, answer: (destination: string) => ErrorCode | undefined) {
    const clock = new Clock()
    const sent: unknown[] = []
    const events: OutboxEvent[] = []
    const depths: number[] = []
    const worker = outboxWorker({
      outbox,
      now: clock.now,
      timer: clock.timer,
      random: () => 0.5,
      retry: { baseMs: 100, maxMs: 1_000 },
      onEvent: (event) => events.push(event),
      onDepth: ({ waiting }) => depths.push(waiting),
      send: async (destination, bytes, expiresAtMs) => {
        sent.push([destination, bytes.length, expiresAtMs])
        const code = answer(destination)
        if (code) throw new DidCommError(code, 'as the test wants')
      },
    })
    worker.start()
    const calm = async () => {
      for (let turns = 0; turns < 10; turns += 1) await turn()
    }
    return { clock, worker, sent, events, depths, calm }
  }

  it('tells the transport when an entry expires, and sets aside what has', async () => {
    const outbox = memoryOutbox()
    await outbox.enqueue('gone', 'x', of(1), [], 0)
    await outbox.enqueue('of use', 'x', of(2), [{ destination: 'y', bytes: of(3) }], 5_000)
    await outbox.enqueue('always', 'x', of(4))
    const { sent, events, calm, worker } = begin(outbox, (destination) =>
      destination === 'x' ? 'ERR_TOO_LARGE' : undefined,
    )
    await calm()
    expect(sent).toEqual([
      ['x', 2, 5_000],
      ['x', 4, undefined],
      ['y', 3, 5_000],
    ])
    expect(events.find(({ kind }) => kind === 'discarded')).toMatchObject({
      key: 'gone',
      cause: { code: 'ERR_MESSAGE_EXPIRED' },
    })
    await worker.close()
  })

  it('sets aside what expires while its destination is away, and what a transport finds expired', async () => {
    const outbox = memoryOutbox()
    await outbox.enqueue('slow', 'x', of(1), [], 250)
    await outbox.enqueue('late', 'z', of(1), [], 250)
    const { clock, events, calm, worker } = begin(outbox, (destination) =>
      destination === 'x' ? 'ERR_TRANSPORT_UNREACHABLE' : 'ERR_MESSAGE_EXPIRED',
    )
    await calm()
    for (let ms = 0; ms < 1_000; ms += 50) {
      clock.advance(50)
      await calm()
    }
    const discarded = events.filter((event) => event.kind === 'discarded')
    expect(discarded).toMatchObject([
      { key: 'late', cause: { code: 'ERR_MESSAGE_EXPIRED' } },
      { key: 'slow', cause: { code: 'ERR_MESSAGE_EXPIRED' } },
    ])
    expect(await outbox.depth()).toMatchObject({ waiting: 0, discarded: 2 })
    await worker.close()
  })

  it('tells how much waits, each time that it has changed', async () => {
    const outbox = memoryOutbox()
    const { clock, worker, depths, calm } = begin(outbox, () =>
      clock.now() < 500 ? 'ERR_TRANSPORT_UNREACHABLE' : undefined,
    )
    await calm()
    for (const key of ['a', 'b']) {
      await outbox.enqueue(key, 'x', of(1))
      worker.wake()
      await calm()
    }
    worker.wake()
    await calm()
    expect(depths).toEqual([0, 1, 2])
    for (let ms = 0; ms < 3_000; ms += 100) {
      clock.advance(100)
      await calm()
    }
    expect(depths.slice(0, 3)).toEqual([0, 1, 2])
    expect(depths.at(-1)).toBe(0)
    await worker.close()
  })
})
