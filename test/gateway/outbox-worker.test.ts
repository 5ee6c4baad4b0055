import { DidCommError, type ErrorCode, memoryOutbox, type Outbox } from 'didcomm-mote'
import { type OutboxEvent, outboxWorker, retryDelayMs } from 'didcomm-mote/gateway'
import { afterEach, describe, expect, it } from 'vitest'
import { Clock, eventually, turn } from '../transport/clock.ts'

const retry = { baseMs: 100, maxMs: 1_000 }

describe('a retry delay', () => {
  it('is a random part of a limit that doubles up to a bound', () => {
    const longest = [1, 2, 3, 4, 5, 6, 1_000].map((attempts) => retryDelayMs(attempts, 0.999_999, retry))
    expect(longest).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000])
    expect(retryDelayMs(3, 0.5, retry)).toBe(200)
    expect(retryDelayMs(3, 0, retry)).toBe(0)
  })
})

describe('an outbox worker', () => {
  /** What the next hops do: `undefined` takes the entry. */
  type Answer = (destination: string, text: string) => ErrorCode | undefined | Promise<ErrorCode | undefined>

  const closers: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
  })

  function begin(answer: Answer, options: { outbox?: Outbox; concurrency?: number } = {}) {
    const clock = new Clock()
    const outbox = options.outbox ?? memoryOutbox()
    const sent: string[] = []
    const events: OutboxEvent[] = []
    let atOnce = 0
    let most = 0
    const worker = outboxWorker({
      outbox,
      now: clock.now,
      timer: clock.timer,
      random: () => 0.999_999,
      retry,
      concurrency: options.concurrency ?? 4,
      onEvent: (event) => events.push(event),
      send: async (destination, bytes) => {
        const text = new TextDecoder().decode(bytes)
        sent.push(text)
        atOnce += 1
        most = Math.max(most, atOnce)
        const code = await answer(destination, text)
        atOnce -= 1
        if (code) throw new DidCommError(code, 'as the test wants')
      },
    })
    closers.push(() => worker.close())
    worker.start()
    const put = async (text: string, destination = 'a') => {
      await outbox.enqueue(text, destination, new TextEncoder().encode(text))
      worker.wake()
    }
    const calm = async () => {
      for (let turns = 0; turns < 10; turns += 1) await turn()
    }
    return { clock, outbox, sent, events, worker, put, calm, most: () => most }
  }
  const waiting = async (outbox: Outbox) => (await outbox.depth()).waiting

  it('sends what was stored before it started, and what comes after', async () => {
    const outbox = memoryOutbox()
    await outbox.enqueue('early', 'a', new TextEncoder().encode('early'))
    const { put, sent, calm, events } = begin(() => undefined, { outbox })
    await put('late')
    await calm()
    expect(sent).toEqual(['early', 'late'])
    expect(events.map(({ kind }) => kind)).toEqual(['delivered', 'delivered'])
    expect(await waiting(outbox)).toBe(0)
  })

  it.each(Array.from({ length: 30 }, (_, later) => later))(
    'misses nobody who wakes it as it goes to sleep, %i turns of the microtask queue after it has asked when the next is due',
    async (later) => {
      const outbox = memoryOutbox()
      let atSleep: () => unknown = () => undefined
      const { worker, sent, calm } = begin(() => undefined, {
        outbox: {
          ...outbox,
          nextDueMs: async (except) => {
            const next = await outbox.nextDueMs(except)
            void atSleep()
            return next
          },
        },
      })
      await calm()
      await outbox.enqueue('one', 'a', new Uint8Array(1))
      const woken = new Promise<void>((resolve) => {
        atSleep = async () => {
          atSleep = () => undefined
          for (let turns = 0; turns < later; turns += 1) await undefined
          await outbox.enqueue('two', 'a', new Uint8Array(1))
          worker.wake()
          resolve()
        }
      })
      worker.wake()
      await woken
      await calm()
      expect(sent.length).toBe(2)
    },
  )

  it('sends as many at the same time as it may', async () => {
    const finish: (() => void)[] = []
    const { put, most, sent, calm, outbox } = begin(
      () => new Promise((resolve) => finish.push(() => resolve(undefined))),
      { concurrency: 3 },
    )
    for (let index = 0; index < 10; index += 1) await put(`${index}`)
    await calm()
    expect(sent).toEqual(['0', '1', '2'])
    finish.shift()?.()
    await calm()
    expect(sent).toEqual(['0', '1', '2', '3'])
    await eventually(
      () => sent.length === 10,
      () => finish.shift()?.(),
    )
    for (const done of finish) done()
    await calm()
    expect(most()).toBe(3)
    expect(await waiting(outbox)).toBe(0)
  })

  it('sets aside what is refused for good, and goes on', async () => {
    const { put, calm, outbox, events, sent } = begin((_, text) =>
      text === 'bad' ? 'ERR_TRANSPORT_REJECTED' : text === 'big' ? 'ERR_TOO_LARGE' : undefined,
    )
    for (const text of ['bad', 'big', 'good']) await put(text)
    await calm()
    expect(sent.sort()).toEqual(['bad', 'big', 'good'])
    expect(events.filter(({ kind }) => kind === 'discarded').length).toBe(2)
    expect(await outbox.depth()).toMatchObject({ waiting: 0, discarded: 2 })
  })

  it('tries one entry at a time during an outage, with growing pauses, and then sends all', async () => {
    let dead = true
    const times: number[] = []
    const { put, calm, clock, outbox, sent, events } = begin(() => {
      times.push(clock.now())
      return dead ? 'ERR_TRANSPORT_UNREACHABLE' : undefined
    })
    for (let index = 0; index < 100; index += 1) await put(`${index}`)
    await calm()
    const first = times.length
    expect(first).toBeLessThanOrEqual(4)
    for (let ms = 0; ms < 5_000; ms += 10) {
      clock.advance(10)
      await turn()
      await turn()
      await turn()
    }
    await calm()
    const probes = times.slice(first)
    // 100, 200, 400, 800, then 1,000 ms each.
    expect(probes.length).toBeGreaterThanOrEqual(6)
    expect(probes.length).toBeLessThanOrEqual(9)
    const pauses = probes.slice(1).map((at, index) => at - (probes[index] ?? 0))
    expect(pauses[0]).toBeGreaterThanOrEqual(190)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1_100)
    expect(await waiting(outbox)).toBe(100)
    dead = false
    for (let ms = 0; ms < 3_000; ms += 50) {
      clock.advance(50)
      await calm()
    }
    expect(await waiting(outbox)).toBe(0)
    expect(new Set(sent).size).toBe(100)
    expect(events.filter(({ kind }) => kind === 'delivered').length).toBe(100)
  })

  it('does not let one destination wait for another', async () => {
    const { put, calm, outbox, sent } = begin((destination) =>
      destination === 'dead' ? 'ERR_TRANSPORT_UNREACHABLE' : undefined,
    )
    for (let index = 0; index < 20; index += 1) await put(`dead ${index}`, 'dead')
    for (let index = 0; index < 20; index += 1) await put(`alive ${index}`, 'alive')
    await calm()
    expect(sent.filter((text) => text.startsWith('alive')).length).toBe(20)
    expect(await waiting(outbox)).toBe(20)
  })

  it('does not let a destination that never answers hold the others', async () => {
    let hang = false
    const { put, calm, clock, sent } = begin((destination) => {
      if (destination === 'alive') return undefined
      return hang ? new Promise(() => undefined) : 'ERR_TRANSPORT_UNREACHABLE'
    })
    for (let index = 0; index < 20; index += 1) await put(`dead ${index}`, 'dead')
    await calm()
    hang = true
    clock.advance(5_000)
    await calm()
    for (let index = 0; index < 20; index += 1) await put(`alive ${index}`, 'alive')
    await calm()
    expect(sent.filter((text) => text.startsWith('alive')).length).toBe(20)
    closers.length = 0
  })

  it('delivers the others though one entry always fails', async () => {
    const { put, calm, clock, outbox, sent } = begin((_, text) =>
      text === 'poison' ? 'ERR_TRANSPORT_UNREACHABLE' : undefined,
    )
    await put('poison')
    for (let index = 0; index < 50; index += 1) await put(`${index}`)
    for (let ms = 0; ms < 3_000; ms += 50) {
      clock.advance(50)
      await calm()
    }
    expect(await waiting(outbox)).toBe(1)
    expect(new Set(sent).size).toBe(51)
    expect(sent.filter((text) => text === 'poison').length).toBeLessThan(10)
  })

  it('sleeps while nothing is due', async () => {
    const { put, calm, clock } = begin((_, text) => (text === 'x' ? 'ERR_TRANSPORT_UNREACHABLE' : undefined))
    await calm()
    expect(clock.pending).toBe(0)
    await put('x')
    await calm()
    expect(clock.pending).toBe(1)
    let wakes = 0
    for (let ms = 0; ms < 10_000; ms += 1) {
      const before = clock.pending
      clock.advance(1)
      if (clock.pending !== before) wakes += 1
      await turn()
    }
    // About ten attempts in ten seconds at the longest pause.
    expect(wakes).toBeLessThan(30)
  })

  it('waits and goes on where the store fails', async () => {
    const outbox = memoryOutbox()
    let broken = true
    const { put, calm, clock, events, sent } = begin(() => undefined, {
      outbox: {
        ...outbox,
        due: async (...args) => {
          if (broken) throw new Error('the disk is full')
          return outbox.due(...args)
        },
      },
    })
    await put('x')
    await calm()
    expect(events.map(({ kind }) => kind)).toContain('failed')
    broken = false
    clock.advance(1_000)
    await calm()
    expect(sent).toEqual(['x'])
  })

  it('waits for what is under way when it closes, and starts nothing more', async () => {
    const finish: (() => void)[] = []
    const { put, calm, sent, worker, outbox, clock } = begin(
      () => new Promise((resolve) => finish.push(() => resolve(undefined))),
      { concurrency: 2 },
    )
    for (const text of ['1', '2', '3']) await put(text)
    await calm()
    let done = false
    const closing = worker.close().then(() => {
      done = true
    })
    await calm()
    expect(done).toBe(false)
    for (const each of finish) each()
    await closing
    await put('4')
    await calm()
    expect(sent).toEqual(['1', '2'])
    expect(await waiting(outbox)).toBe(2)
    expect(clock.pending).toBe(0)
  })
})
