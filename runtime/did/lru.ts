/** A map of bounded size that forgets what was not used for the longest time. */
export class LruMap<Value> {
  /** The youngest last. */
  protected readonly entries: Map<string, Value> = new Map()
  readonly #maxEntries: number

  constructor(maxEntries: number) {
    if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) {
      throw new RangeError(`"maxEntries" expected a positive integer, got ${maxEntries}`)
    }
    this.#maxEntries = maxEntries
  }

  get(key: string): Value | undefined {
    const value = this.entries.get(key)
    // A Map keeps the order of insertion: what is inserted again is the youngest.
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: string, value: Value): void {
    this.entries.delete(key)
    this.entries.set(key, value)
    if (this.entries.size <= this.#maxEntries) return
    const [oldest] = this.entries.keys()
    if (oldest !== undefined) this.entries.delete(oldest)
  }

  delete(key: string): void {
    this.entries.delete(key)
  }
}
