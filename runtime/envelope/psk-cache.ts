/**
 * Remembers the pre-shared keys of compact authcrypt, which depend on the two parties' keys alone: a hit saves one
 * scalar multiplication a message on either end.
 */
export interface PskCache {
  get(pair: string): Uint8Array | undefined
  set(pair: string, psk: Uint8Array): void
  /** Wipes all of them. */
  clear(): void
}

/**
 * Makes a cache in memory that keeps the `maxEntries` pairs used last. It holds secrets: whoever reads them can forge
 * messages between the two parties of a pair, though not read past or future ones.
 */
export function pskCache(maxEntries: number): PskCache {
  if (!Number.isInteger(maxEntries) || maxEntries < 1) {
    throw new RangeError(`"maxEntries" expected a positive integer, got ${maxEntries}`)
  }
  // A Map iterates in the order of insertion, and an entry that is used is inserted anew: the first is the oldest.
  const entries = new Map<string, Uint8Array>()
  const forget = (pair: string): void => {
    entries.get(pair)?.fill(0)
    entries.delete(pair)
  }
  return {
    get(pair) {
      const psk = entries.get(pair)
      if (!psk) return undefined
      entries.delete(pair)
      entries.set(pair, psk)
      // A copy, since the entry may be wiped while the caller still waits for another key.
      return psk.slice()
    },
    set(pair, psk) {
      forget(pair)
      entries.set(pair, psk.slice())
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries) break
        forget(oldest)
      }
    },
    clear() {
      for (const pair of [...entries.keys()]) forget(pair)
    },
  }
}
