import { retryDelayMs } from 'didcomm-mote/gateway'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const below1 = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const limits = fc.record({
  baseMs: fc.integer({ min: 1, max: 100_000 }),
  maxMs: fc.integer({ min: 1, max: 10_000_000 }),
})

describe('the pause before a retry', () => {
  it('is a random part of a limit that doubles, up to the longest', () => {
    const pauses = (random: number) =>
      [1, 2, 3, 4, 5, 1000].map((n) => retryDelayMs(n, random, { baseMs: 500, maxMs: 3000 }))
    expect(pauses(0)).toEqual([0, 0, 0, 0, 0, 0])
    expect(pauses(0.5)).toEqual([250, 500, 1000, 1500, 1500, 1500])
    expect(pauses(0.9999)).toEqual([500, 1000, 2000, 3000, 3000, 3000])
  })

  it('is a whole number of milliseconds within its limits, whatever comes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), below1, limits, (attempts, random, { baseMs, maxMs }) => {
        const delayMs = retryDelayMs(attempts, random, { baseMs, maxMs })
        expect(Number.isSafeInteger(delayMs)).toBe(true)
        expect(delayMs).toBeGreaterThanOrEqual(0)
        expect(delayMs).toBeLessThanOrEqual(maxMs)
        if (attempts === 1) expect(delayMs).toBeLessThanOrEqual(baseMs)
      }),
    )
  })

  it('grows with the number of failures, and with the random number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), below1, below1, limits, (attempts, one, other, bounds) => {
        expect(retryDelayMs(attempts + 1, one, bounds)).toBeGreaterThanOrEqual(retryDelayMs(attempts, one, bounds))
        const [low, high] = [Math.min(one, other), Math.max(one, other)]
        expect(retryDelayMs(attempts, high, bounds)).toBeGreaterThanOrEqual(retryDelayMs(attempts, low, bounds))
      }),
    )
  })
})
