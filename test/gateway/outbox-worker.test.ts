import { DidCommError, type ErrorCode, memoryOutbox, type Outbox } from 'didcomm-mote'
import { type OutboxEvent, type OutboxWorker, outboxWorker } from 'didcomm-mote/gateway'
import { afterEach, describe, expect, it } from 'vitest'
import { Clock, turn } from '../transport/clock.ts'

const workers: OutboxWorker[] = []
const A = 'memory:a'
const B = 'memory:b'

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close()
})

/** Lets all promises settle; nothing here waits for a socket. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

function gate(): { held: Promise<void>; release: () => void } {
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  return { held, release }
}

type Fault = ErrorCode | Error | undefined

/** A worker on a clock of its own. `fails` says how the next send to a destination goes. */
function setup(options: { outbox?: Outbox; concurrency?: number; random?: () => number } = {}) {
  const clock = new Clock()
  const outbox = options.outbox ?? memoryOutbox()
  const sent: { at: number; to: string; first: number | undefined }[] = []
  const events: OutboxEvent[] = []
  const world = {
    clock,
    outbox,
    sent,
    events,
    fails: (_to: string, _first: number | undefined): Fault => undefined,
    hold: undefined as Promise<void> | undefined,
    kinds: () => events.map(({ kind }) => kind),
    /** Moves the clock a step at a time, and lets everything happen that is due. */
    async pass(ms: number, stepMs = ms) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.advance(stepMs)
        await settle()
      }
    },
  }
  const worker = outboxWorker({
    outbox,
    now: clock.now,
    timer: clock.timer,
    random: options.random ?? (() => 0.5),
    retry: { baseMs: 1000, maxMs: 8000 },
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    async send(to, bytes) {
      sent.push({ at: clock.now(), to, first: bytes[0] })
      await world.hold
      const fault = world.fails(to, bytes[0])
      if (fault) throw typeof fault === 'string' ? new DidCommError(fault, 'a fault') : fault
    },
    onEvent: (event) => events.push(event),
  })
  workers.push(worker)
  return { ...world, world, worker }
}

const put = (outbox: Outbox, count: number, to = A) =>
  Promise.all(Array.from({ length: count }, (_, i) => outbox.enqueue(`${to} ${i}`, to, Uint8Array.of(i))))

describe('an outbox worker', () => {
  it('delivers what waits when it starts, oldest first, and then does nothing', async () => {
    const { outbox, worker, sent, clock, kinds } = setup({ concurrency: 2 })
    await put(outbox, 20)
    worker.start()
    await settle()
    expect(sent.map(({ first }) => first)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(kinds()).toEqual(Array(20).fill('delivered'))
    expect(await outbox.depth()).toEqual({ waiting: 0, waitingBytes: 0, discarded: 0 })
    expect(clock.pending).toBe(0)
  })

  it('delivers what is stored later, when it is woken', async () => {
    const { outbox, worker, sent, clock } = setup()
    worker.start()
    await settle()
    await put(outbox, 3)
    expect(clock.pending).toBe(0)
    worker.wake()
    await settle()
    expect(sent).toHaveLength(3)
  })

  it('sees what is stored while it sends', async () => {
    const { outbox, worker, sent, world } = setup()
    const { held, release } = gate()
    world.hold = held
    await put(outbox, 1)
    worker.start()
    await settle()
    await outbox.enqueue('later', A, Uint8Array.of(99))
    worker.wake()
    await settle()
    expect(sent.map(({ first }) => first)).toEqual([0])
    release()
    await settle()
    expect(sent.map(({ first }) => first)).toEqual([0, 99])
  })

  it('pauses after failures, up to twice as long each time, and not longer than its limit', async () => {
    const { outbox, worker, sent, world, pass, events } = setup()
    world.fails = () => 'ERR_TRANSPORT_UNREACHABLE'
    await put(outbox, 1)
    worker.start()
    await settle()
    await pass(20_000, 100)
    // Half of 1, 2, 4, 8, 8 … s: `random` is 0.5.
    expect(sent.map(({ at }) => at)).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500])
    expect(events[2]).toMatchObject({ kind: 'postponed', destination: A, untilMs: 3500 })
    world.fails = () => undefined
    await pass(4000, 100)
    expect(sent).toHaveLength(9)
    expect((await outbox.depth()).waiting).toBe(0)
  })

  it('begins with short pauses again after an outage', async () => {
    const { outbox, worker, sent, world, pass } = setup()
    world.fails = () => 'ERR_TRANSPORT_UNREACHABLE'
    await put(outbox, 1)
    worker.start()
    await pass(3500, 100)
    world.fails = () => undefined
    await pass(4000, 100)
    expect((await outbox.depth()).waiting).toBe(0)
    world.fails = () => 'ERR_TRANSPORT_UNREACHABLE'
    await outbox.enqueue('next', A, Uint8Array.of(7))
    worker.wake()
    const start = sent.length
    await pass(600, 100)
    expect(sent.slice(start).map(({ at }) => at - (sent[start]?.at ?? 0))).toEqual([0, 500])
  })

  it('sends one entry during an outage, and all the others soon after it got through', async () => {
    const { outbox, worker, sent, world, pass, kinds } = setup({ concurrency: 4 })
    world.fails = () => 'ERR_TRANSPORT_UNREACHABLE'
    await put(outbox, 100)
    worker.start()
    await settle()
    // The first round has found out; the 96 others were not tried.
    expect(sent).toHaveLength(4)
    await pass(10_000, 50)
    const probes = sent.slice(4).map(({ at }) => at)
    expect(probes).toHaveLength(4)
    expect(new Set(probes).size).toBe(4)
    expect(kinds().filter((kind) => kind === 'postponed')).toHaveLength(5)
    world.fails = () => undefined
    await pass(2000, 100)
    expect((await outbox.depth()).waiting).toBe(0)
    expect(kinds().filter((kind) => kind === 'delivered')).toHaveLength(100)
  })

  it.each(['ERR_TRANSPORT_REJECTED', 'ERR_TOO_LARGE'] as const)(
    'sets aside what fails with %s, and goes on',
    async (code) => {
      const { outbox, worker, world, events } = setup()
      world.fails = (_, first) => (first === 1 ? code : undefined)
      await put(outbox, 3)
      worker.start()
      await settle()
      expect(await outbox.depth()).toMatchObject({ waiting: 0, discarded: 1 })
      expect(events.filter(({ kind }) => kind === 'discarded')).toMatchObject([
        { kind: 'discarded', key: `${A} 1`, cause: { code } },
      ])
    },
  )

  it.each(['ERR_TRANSPORT_REJECTED', 'ERR_TOO_LARGE'] as const)(
    'goes on after an outage where the entry that tried the way fails with %s',
    async (code) => {
      const { outbox, worker, world, pass } = setup()
      world.fails = () => 'ERR_TRANSPORT_UNREACHABLE'
      await put(outbox, 3)
      worker.start()
      await settle()
      world.fails = (_, first) => (first === 0 ? code : undefined)
      await pass(2000, 50)
      expect(await outbox.depth()).toMatchObject({ waiting: 0, discarded: 1 })
    },
  )

  it('keeps for later what fails in a way that nobody foresaw', async () => {
    const { outbox, worker, world, pass, events } = setup()
    world.fails = () => new TypeError('a bug')
    await put(outbox, 1)
    worker.start()
    await settle()
    expect(events).toMatchObject([{ kind: 'postponed', cause: { message: 'a bug' } }])
    world.fails = () => undefined
    await pass(1000, 50)
    expect((await outbox.depth()).waiting).toBe(0)
  })

  it('does not let one destination wait for another', async () => {
    const { outbox, worker, world, sent, pass } = setup({ concurrency: 4 })
    world.fails = (to) => (to === A ? 'ERR_TRANSPORT_UNREACHABLE' : undefined)
    await put(outbox, 50, A)
    await put(outbox, 50, B)
    worker.start()
    await settle()
    expect(sent.filter(({ to }) => to === B)).toHaveLength(50)
    expect((await outbox.depth()).waiting).toBe(50)
    world.fails = () => undefined
    await pass(1000, 50)
    expect((await outbox.depth()).waiting).toBe(0)
  })

  it('does not spin where the pause comes out as nothing', async () => {
    const { outbox, worker, world, sent, pass } = setup({ random: () => 0 })
    world.fails = () => 'ERR_TRANSPORT_UNREACHABLE'
    await put(outbox, 1)
    worker.start()
    await settle()
    expect(sent).toHaveLength(1)
    await pass(10, 1)
    expect(sent.length).toBeLessThanOrEqual(11)
  })

  it('lets what is under way end when it is closed, begins nothing more, and goes on when it is started again', async () => {
    const { outbox, worker, sent, world, clock } = setup({ concurrency: 1 })
    const { held, release } = gate()
    world.hold = held
    await put(outbox, 3)
    worker.start()
    await settle()
    let closed = false
    const closing = worker.close().then(() => {
      closed = true
    })
    worker.wake()
    await settle()
    expect(closed).toBe(false)
    release()
    await closing
    expect(sent).toHaveLength(1)
    expect(await outbox.depth()).toMatchObject({ waiting: 2 })
    expect(clock.pending).toBe(0)
    worker.start()
    await settle()
    expect(await outbox.depth()).toMatchObject({ waiting: 0 })
  })

  it('does not wait any more when it is closed in a pause', async () => {
    const { outbox, worker, world, sent, clock, pass } = setup()
    world.fails = () => 'ERR_TRANSPORT_UNREACHABLE'
    await put(outbox, 1)
    worker.start()
    await settle()
    expect(clock.pending).toBe(1)
    await worker.close()
    expect(clock.pending).toBe(0)
    await pass(10_000, 1000)
    expect(sent).toHaveLength(1)
  })

  it('takes transports that were closed with it for no outage', async () => {
    const { outbox, worker, world, kinds } = setup()
    const { held, release } = gate()
    world.hold = held
    world.fails = () => 'ERR_CLOSED'
    await put(outbox, 1)
    worker.start()
    await settle()
    const closing = worker.close()
    release()
    await closing
    expect(kinds()).toEqual([])
    world.fails = () => undefined
    worker.start()
    await settle()
    expect(kinds()).toEqual(['delivered'])
  })
})

/** A store of which single operations fail while `broken` names them. */
function fragile() {
  const outbox = memoryOutbox()
  const broken = new Set<string>()
  const guarded = Object.fromEntries(
    Object.entries(outbox).map(([name, run]) => [
      name,
      async (...args: unknown[]) => {
        if (broken.has(name)) throw new Error(`${name}: no space left on device`)
        return (run as (...args: unknown[]) => unknown)(...args)
      },
    ]),
  )
  return { outbox: guarded as unknown as Outbox, broken }
}

describe('an outbox worker on a store that fails', () => {
  it.each(['due', 'nextDueMs', 'ack', 'discard', 'retryAt'])('reports that %s fails, and tries again', async (name) => {
    const { outbox, broken } = fragile()
    const { worker, world, events, pass, clock } = setup({ outbox })
    if (name === 'retryAt') world.fails = () => 'ERR_TRANSPORT_UNREACHABLE'
    if (name === 'discard') world.fails = (_, first) => (first === 0 ? 'ERR_TOO_LARGE' : undefined)
    await put(outbox, 2)
    broken.add(name)
    worker.start()
    await settle()
    expect(events.filter(({ kind }) => kind === 'failed')).toMatchObject([
      { kind: 'failed', cause: { message: `${name}: no space left on device` } },
    ])
    expect(clock.pending).toBe(1)
    broken.clear()
    if (name === 'retryAt') world.fails = () => undefined
    await pass(20_000, 500)
    expect((await outbox.depth()).waiting).toBe(0)
  })

  it('goes on after an outage where the store failed for the entry that tried the way', async () => {
    const { outbox, broken } = fragile()
    const { worker, world, pass } = setup({ outbox })
    world.fails = () => 'ERR_TRANSPORT_UNREACHABLE'
    await put(outbox, 3)
    worker.start()
    await settle()
    broken.add('discard')
    world.fails = (_, first) => (first === 0 ? 'ERR_TOO_LARGE' : undefined)
    await pass(600, 50)
    broken.clear()
    await pass(20_000, 500)
    expect(await outbox.depth()).toMatchObject({ waiting: 0, discarded: 1 })
  })

  it('waits for what is under way, also where the store has failed for another entry', async () => {
    const { outbox, broken } = fragile()
    const { worker, world, sent } = setup({ outbox, concurrency: 2 })
    const { held, release } = gate()
    world.fails = () => undefined
    const slow = outboxWorker({
      outbox,
      now: () => 0,
      timer: () => () => undefined,
      random: () => 0,
      send: async (_, bytes) => {
        sent.push({ at: 0, to: A, first: bytes[0] })
        if (bytes[0] === 1) await held
      },
    })
    await put(outbox, 2)
    broken.add('ack')
    slow.start()
    await settle()
    slow.wake()
    await settle()
    expect(sent.map(({ first }) => first)).toEqual([0, 1])
    let closed = false
    const closing = slow.close().then(() => {
      closed = true
    })
    await settle()
    expect(closed).toBe(false)
    release()
    await closing
    await worker.close()
  })
})
