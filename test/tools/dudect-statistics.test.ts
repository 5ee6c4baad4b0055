import { describe, expect, it } from 'vitest'
import { LEAKING_T, largestT, type Sample, SUSPICIOUS_T, welch } from '../../tools/dudect-statistics.ts'
import { randomFrom } from '../oracle/random.ts'

/** Times that a function of the class and of a number below 100 gives, with a tail as interrupts make it. */
function sample(count: number, time: (isRandom: boolean, noise: number) => number): Sample {
  const { below } = randomFrom(7)
  const classes = Array.from({ length: count }, () => below(2) === 1)
  const nanoseconds = Float64Array.from(classes, (isRandom) => {
    const interrupted = below(200) === 0
    return time(isRandom, below(100)) + (interrupted ? below(100_000) : 0)
  })
  return { nanoseconds, classes }
}

describe("Welch's t", () => {
  it('is that of the textbook', () => {
    // Means 2 and 4, variances of the sample 1 and 4 over the same count, so that t = -2 / sqrt(5 / n).
    const fixed = Array.from({ length: 999 }, (_, i) => 1 + (i % 3))
    const random = Array.from({ length: 999 }, (_, i) => 2 + 2 * (i % 3))
    const nanoseconds = Float64Array.from([...fixed, ...random])
    const classes = [...fixed.map(() => false), ...random.map(() => true)]
    const variance = (each: number) => (each * 999) / 998 / 999
    expect(welch({ nanoseconds, classes })).toBeCloseTo(-2 / Math.sqrt(variance(2 / 3) + variance(8 / 3)), 9)
    expect(welch({ nanoseconds: nanoseconds.map((_, i) => nanoseconds[1997 - i] ?? 0), classes })).toBeGreaterThan(10)
  })

  it('is not said of a few times', () => {
    expect(welch(sample(100, () => 5))).toBeUndefined()
  })

  it('is zero, or without bound, where times do not vary', () => {
    const classes = Array.from({ length: 1000 }, (_, i) => i % 2 === 1)
    expect(welch({ classes, nanoseconds: new Float64Array(1000).fill(3) })).toBe(0)
    expect(welch({ classes, nanoseconds: Float64Array.from(classes, Number) })).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe('the largest t over all percentiles', () => {
  it('stays small where the classes do not differ', () => {
    expect(Math.abs(largestT(sample(20_000, (_, noise) => 1000 + noise)))).toBeLessThan(SUSPICIOUS_T)
  })

  it('is large where one class is slower by a tenth of the noise', () => {
    const t = largestT(sample(50_000, (isRandom, noise) => 1000 + noise + (isRandom ? 5 : 0)))
    expect(t).toBeLessThan(-LEAKING_T)
  })

  it('sees under a tail of interrupts what the mean of all times does not', () => {
    const hidden = sample(20_000, (isRandom, noise) => 1000 + noise + (isRandom ? 10 : 0))
    expect(Math.abs(welch(hidden) ?? 0)).toBeLessThan(LEAKING_T)
    expect(Math.abs(largestT(hidden))).toBeGreaterThan(LEAKING_T)
  })
})
