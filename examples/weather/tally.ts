/** The summary of a run, as `--json` prints it. */
export interface Summary {
  sent: number
  delivered: number
  lost: number
  duplicated: number
  bytesPerReading: number
  jsonBytesPerReading: number
  readingsPerSecond: number
  p50LatencyMs: number
  p99LatencyMs: number
}

/** Of how many of the latest readings the latencies are kept: a run may go on for weeks. */
const KEPT_LATENCIES = 100_000

/** Keeps the books of a run: every reading by the id of its message, from the sensor to the cloud. */
export class Tally {
  #sent = 0
  #delivered = 0
  #duplicated = 0
  #bytes = 0
  #jsonBytes = 0
  #jsonReadings = 0
  #firstAtMs: number | undefined
  #lastAtMs = 0
  readonly #underWay = new Map<string, number>()
  readonly #latenciesMs: number[] = []

  sent(id: string, bytes: number, atMs: number): void {
    this.#sent += 1
    this.#bytes += bytes
    this.#firstAtMs ??= atMs
    this.#underWay.set(id, atMs)
  }

  /** Counts what a reading takes as DIDComm JSON. */
  asJson(bytes: number): void {
    this.#jsonReadings += 1
    this.#jsonBytes += bytes
  }

  /** Returns the latency in milliseconds, or `undefined` where the reading had arrived before. */
  delivered(id: string, atMs: number): number | undefined {
    const sentAtMs = this.#underWay.get(id)
    if (sentAtMs === undefined) {
      this.#duplicated += 1
      return undefined
    }
    this.#underWay.delete(id)
    this.#delivered += 1
    this.#lastAtMs = atMs
    const latencyMs = atMs - sentAtMs
    this.#latenciesMs[this.#delivered % KEPT_LATENCIES] = latencyMs
    return latencyMs
  }

  get missing(): number {
    return this.#underWay.size
  }

  summary(): Summary {
    const latencies = Object.values(this.#latenciesMs).sort((a, b) => a - b)
    const percentile = (p: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * p))] ?? 0
    const seconds = this.#firstAtMs === undefined ? 0 : (this.#lastAtMs - this.#firstAtMs) / 1000
    return {
      sent: this.#sent,
      delivered: this.#delivered,
      lost: this.#underWay.size,
      duplicated: this.#duplicated,
      bytesPerReading: ratio(this.#bytes, this.#sent),
      jsonBytesPerReading: ratio(this.#jsonBytes, this.#jsonReadings),
      readingsPerSecond: seconds > 0 ? ratio(this.#delivered, seconds) : 0,
      p50LatencyMs: round(percentile(0.5)),
      p99LatencyMs: round(percentile(0.99)),
    }
  }
}

function ratio(sum: number, count: number): number {
  return count === 0 ? 0 : round(sum / count)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
