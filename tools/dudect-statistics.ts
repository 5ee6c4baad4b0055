// Whether two samples of times come from one distribution, as dudect asks (Reparaz, Balasch, Verbauwhede, "Dude, is my code
// constant time?", DATE 2017): Welch's t, over all times and over those below many percentiles.

/** Times of calls, with the class of the input of each: false is the fixed one, true the random one. */
export interface Sample {
  readonly nanoseconds: Float64Array
  readonly classes: readonly boolean[]
}

/** Above this |t| two means differ, as far as one test can say: a chance of about 1 in 150,000 where they do not. */
export const SUSPICIOUS_T = 4.5
/** What fails, if it comes twice: this machine has other work, and each sample is looked at about a hundred times. */
export const LEAKING_T = 10

const CROPS = 100
/** Fewer times than these of one class say nothing. */
const LEAST = 200

interface Moments {
  readonly count: number
  readonly mean: number
  /** Of the mean: the variance of the sample by its count. */
  readonly variance: number
}

function moments({ nanoseconds, classes }: Sample, of: boolean, below: number): Moments {
  let count = 0
  let mean = 0
  let squares = 0
  for (let i = 0; i < nanoseconds.length; i++) {
    const value = nanoseconds[i] ?? 0
    if (classes[i] !== of || value > below) continue
    count++
    const delta = value - mean
    mean += delta / count
    squares += delta * (value - mean)
  }
  return { count, mean, variance: squares / Math.max(1, count - 1) / Math.max(1, count) }
}

/** Welch's t of the two classes, of times of at most `below`. Undefined where one class has too few. */
export function welch(sample: Sample, below: number = Number.POSITIVE_INFINITY): number | undefined {
  const [fixed, random] = [moments(sample, false, below), moments(sample, true, below)]
  if (fixed.count < LEAST || random.count < LEAST) return undefined
  const deviation = Math.sqrt(fixed.variance + random.variance)
  const difference = fixed.mean - random.mean
  if (deviation === 0) return difference === 0 ? 0 : Math.sign(difference) * Number.POSITIVE_INFINITY
  return difference / deviation
}

/**
 * The t that is furthest from zero, of all times and of those below each of a hundred percentiles: a long tail, of interrupts
 * and collections, is cropped at some of them, and what happens only there is seen at others.
 */
export function largestT(sample: Sample): number {
  const sorted = Float64Array.from(sample.nanoseconds).sort()
  const percentiles = Array.from({ length: CROPS }, (_, i) => 1 - 0.5 ** ((10 * (i + 1)) / CROPS))
  const crops = percentiles.map((part) => sorted[Math.floor(part * (sorted.length - 1))] ?? 0)
  const all = [Number.POSITIVE_INFINITY, ...new Set(crops)].map((below) => welch(sample, below) ?? 0)
  return all.reduce((largest, t) => (Math.abs(t) > Math.abs(largest) ? t : largest), 0)
}
