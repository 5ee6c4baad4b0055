import { describe, expect, it } from 'vitest'
import { isDidCommError } from '../../runtime/errors.ts'
import type { Transport } from '../../runtime/transport.ts'
import { memoryNetwork } from '../../transports/memory.ts'
import { Clock, eventually, turn } from './clock.ts'
import { codeOf } from './codes.ts'
import { seeded } from './seeded.ts'

describe('a network in memory', () => {
  const sendAll = async (options: Parameters<typeof memoryNetwork>[0], count: number) => {
    const clock = new Clock()
    const network = memoryNetwork({ random: seeded(1), timer: clock.timer, ...options })
    const [a, b] = [network.transport('a'), network.transport('b')]
    const got: number[] = []
    await a.start(async () => 'refused')
    await b.start(async ({ bytes }) => {
      got.push(bytes[0] ?? -1)
      return 'accepted'
    })
    const outcomes = Promise.allSettled(
      Array.from({ length: count }, (_, index) => a.send('memory:b', { bytes: new Uint8Array([index]) })),
    )
    let done = false
    outcomes.then(
      () => {
        done = true
      },
      () => undefined,
    )
    await eventually(
      () => done,
      () => clock.advance(1),
    )
    const lost = (await outcomes).filter(
      (outcome) => outcome.status === 'rejected' && isDidCommError(outcome.reason, 'ERR_TRANSPORT_UNREACHABLE'),
    ).length
    await Promise.all([a.close(), b.close()])
    return { got, lost, elapsedMs: clock.now(), pending: clock.pending }
  }

  it('takes its latency for the packet and for the acknowledgement', async () => {
    const { elapsedMs, got, pending } = await sendAll({ latencyMs: 50 }, 3)
    expect(got).toEqual([0, 1, 2])
    expect(elapsedMs).toBeGreaterThanOrEqual(100)
    expect(elapsedMs).toBeLessThan(110)
    expect(pending).toBe(0)
  })

  it('loses packets and acknowledgements, and tells the sender', async () => {
    const { got, lost } = await sendAll({ lossRate: 0.25 }, 200)
    expect(got.length).toBeGreaterThan(120)
    expect(got.length).toBeLessThan(180)
    // An acknowledgement that was lost looks to the sender like a packet that was lost.
    expect(lost).toBeGreaterThan(200 - got.length)
  })

  it('reorders packets', async () => {
    const { got } = await sendAll({ latencyMs: 10, reorderRate: 0.2 }, 50)
    const sorted = [...got].sort((one, other) => one - other)
    expect(sorted).toEqual(Array.from({ length: 50 }, (_, index) => index))
    expect(got).not.toEqual(sorted)
  })

  it('delivers packets twice', async () => {
    const { got, lost } = await sendAll({ duplicateRate: 0.5 }, 100)
    expect(new Set(got).size).toBe(100)
    expect(got.length).toBeGreaterThan(130)
    expect(lost).toBe(0)
  })

  it('refuses options that do not fit together', () => {
    expect(() => memoryNetwork({ latencyMs: 1 })).toThrow(TypeError)
    expect(() => memoryNetwork({ lossRate: 0.5 })).toThrow(TypeError)
    expect(() => memoryNetwork({ lossRate: 2, random: Math.random })).toThrow(RangeError)
    expect(() => memoryNetwork().transport('a b')).toThrow(TypeError)
  })

  it('refuses an address that is taken', async () => {
    const network = memoryNetwork()
    await network.transport('a').start(async () => 'accepted')
    await expect(network.transport('a').start(async () => 'accepted')).rejects.toThrow(TypeError)
  })

  describe('that is split', () => {
    const network = (options: Parameters<typeof memoryNetwork>[0] = {}) => {
      const made = memoryNetwork(options)
      const got: string[] = []
      const ends = Object.fromEntries(
        ['a', 'b', 'c', 'd'].map((address) => [address, made.transport(address)]),
      ) as Record<'a' | 'b' | 'c' | 'd', Transport>
      const start = async () => {
        for (const [address, end] of Object.entries(ends)) {
          await end.start(async ({ bytes }) => {
            got.push(`${address} ${bytes[0]}`)
            return 'accepted'
          })
        }
      }
      const send = (from: keyof typeof ends, to: string, value = 0) =>
        codeOf(ends[from].send(`memory:${to}`, { bytes: new Uint8Array([value]) }))
      return { made, got, send, start }
    }

    it('lets only those of one group reach each other, until it is healed', async () => {
      const { made, got, send, start } = network()
      await start()
      made.partition(['a', 'b'], ['c'])
      expect(await send('a', 'b')).toBe('no error')
      expect(await send('a', 'c')).toBe('ERR_TRANSPORT_UNREACHABLE')
      expect(await send('c', 'b')).toBe('ERR_TRANSPORT_UNREACHABLE')
      expect(await send('d', 'a')).toBe('ERR_TRANSPORT_UNREACHABLE')
      expect(got).toEqual(['b 0'])
      made.partition(['a'])
      expect(await send('a', 'b')).toBe('ERR_TRANSPORT_UNREACHABLE')
      expect(await send('c', 'd')).toBe('no error')
      made.heal()
      expect(await send('a', 'c')).toBe('no error')
      expect(await send('d', 'a')).toBe('no error')
      expect(got).toEqual(['b 0', 'd 0', 'c 0', 'a 0'])
    })

    it('loses what would arrive meanwhile, and the acknowledgement of what has arrived', async () => {
      const clock = new Clock()
      const { made, got, send, start } = network({ timer: clock.timer, latencyMs: 10 })
      await start()
      const early = send('a', 'b', 1)
      clock.advance(6)
      const late = send('a', 'b', 2)
      clock.advance(4)
      await eventually(() => got.length === 1)
      made.partition(['a'])
      clock.advance(6)
      await turn()
      made.heal()
      clock.advance(20)
      expect([await early, await late]).toEqual(['no error', 'ERR_TRANSPORT_UNREACHABLE'])
      expect(got).toEqual(['b 1'])
      const cut = send('a', 'b', 3)
      clock.advance(10)
      await eventually(() => got.length === 2)
      made.partition(['a'])
      clock.advance(10)
      expect(await cut).toBe('ERR_TRANSPORT_UNREACHABLE')
      expect(got).toEqual(['b 1', 'b 3'])
    })

    it('refuses an address in two groups', () => {
      expect(() => memoryNetwork().partition(['a', 'b'], ['b'])).toThrow(TypeError)
    })
  })
})
