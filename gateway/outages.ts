import { type RetryLimits, retryDelayMs } from './retry.ts'

interface Outage {
  failures: number
  untilMs: number
  /** An entry is on its way, to see whether it gets through. */
  probing: boolean
}

/**
 * Remembers which destinations could not be reached. While one is out, a single entry at a time tries the way, with
 * growing pauses, so that an outage does not end in a storm.
 */
export class Outages {
  readonly #limits: RetryLimits
  readonly #random: () => number
  readonly #outages = new Map<string, Outage>()

  constructor(limits: RetryLimits, random: () => number) {
    this.#limits = limits
    this.#random = random
  }

  /** The destinations to which nothing may be sent now. */
  closed(nowMs: number): Set<string> {
    const closed = new Set<string>()
    for (const [destination, { probing, untilMs }] of this.#outages) {
      if (probing || untilMs > nowMs) closed.add(destination)
      // Nothing was left to try it with.
      else if (untilMs + this.#limits.maxMs < nowMs) this.#outages.delete(destination)
    }
    return closed
  }

  /** Asks to send to `destination`. */
  mayTry(destination: string, nowMs: number): 'yes' | 'as-probe' | 'no' {
    const outage = this.#outages.get(destination)
    if (!outage) return 'yes'
    if (outage.probing || outage.untilMs > nowMs) return 'no'
    outage.probing = true
    return 'as-probe'
  }

  /** Notes that `destination` can be reached. */
  reached(destination: string): void {
    this.#outages.delete(destination)
  }

  /** Notes a failure, and returns until when the destination is left alone. Of many at the same time, the first counts. */
  failed(destination: string, asProbe: boolean, nowMs: number): number {
    const known = this.#outages.get(destination)
    if (known && !asProbe) return known.untilMs
    const failures = (known?.failures ?? 0) + 1
    const untilMs = nowMs + retryDelayMs(failures, this.#random(), this.#limits)
    this.#outages.set(destination, { failures, untilMs, probing: false })
    return untilMs
  }

  /** When the next destination opens that is closed now, or `undefined`. */
  nextMs(nowMs: number): number | undefined {
    let next: number | undefined
    for (const { probing, untilMs } of this.#outages.values()) {
      if (!probing && untilMs > nowMs) next = Math.min(next ?? untilMs, untilMs)
    }
    return next
  }
}
