import { describe, expect, it } from 'vitest'
import { median, percentiles, quantile, summarize } from '../../bench/statistics.ts'

describe('quantile', () => {
  it('lies between neighbours by proportion', () => {
    expect(quantile([1, 2, 3, 4], 0)).toBe(1)
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5)
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75)
    expect(quantile([1, 2, 3, 4], 1)).toBe(4)
    expect(quantile([7], 0.3)).toBe(7)
  })

  it('leaves the samples of median() in their order', () => {
    const samples = [3, 1, 2]
    expect(median(samples)).toBe(2)
    expect(samples).toEqual([3, 1, 2])
  })
})

describe('percentiles', () => {
  it('are those of all samples, whatever their order', () => {
    const samples = Array.from({ length: 101 }, (_, index) => 100 - index)
    expect(percentiles(samples)).toEqual({ p50Ns: 50, p99Ns: 99 })
    expect(samples[0]).toBe(100)
  })
})

describe('summarize', () => {
  const quiet = [100, 101, 102, 103, 104]

  it('gives minimum, median and spread', () => {
    expect(summarize([104, 100, 103, 101, 102])).toEqual({
      minNs: 100,
      medianNs: 102,
      spread: 2 / 102,
      aboveMinimum: 102 / 100 - 1,
      aboveLowest: 101 / 100 - 1,
      noisy: false,
      rounds: 5,
    })
  })

  it.each([
    ['the rounds are far apart', [100, 100, 140, 190, 200]],
    ['the median is far above the minimum', [100, 105, 160, 161, 162]],
    ['the minimum came once only', [80, 100, 101, 102, 103]],
    ['there are fewer than three rounds', [100, 100]],
  ])('is noisy where %s', (_, samples) => {
    expect(summarize(samples).noisy).toBe(true)
  })

  it('stays quiet with one slow round among many', () => {
    expect(summarize([...quiet, ...quiet, 5000]).noisy).toBe(false)
  })

  it('refuses to summarise nothing', () => {
    expect(() => summarize([])).toThrow(RangeError)
  })
})
