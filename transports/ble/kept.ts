import type { Timer } from '../../runtime/world.ts'

const firstPauseMs = 1_000
const lastPauseMs = 60_000

interface Kept {
  readonly name: string
  endPause?: () => void
}

/** Connects again and again to those to whom there is to be a link. */
export class KeptLinks {
  readonly #timer: Timer
  /** Resolves when a link was there and has ended; rejects where none could be opened. */
  readonly #link: (name: string) => Promise<void>
  readonly #kept = new Map<string, Kept>()
  #isStarted = false

  constructor(timer: Timer, link: (name: string) => Promise<void>) {
    this.#timer = timer
    this.#link = link
  }

  has(name: string): boolean {
    return this.#kept.has(name)
  }

  /** Adds a name; returns what takes it away. */
  add(name: string): () => void {
    const kept = this.#kept.get(name) ?? { name }
    if (!this.has(name)) {
      this.#kept.set(name, kept)
      if (this.#isStarted) void this.#keep(kept)
    }
    return () => this.#remove(kept)
  }

  start(): void {
    this.#isStarted = true
    for (const kept of this.#kept.values()) void this.#keep(kept)
  }

  close(): void {
    for (const kept of [...this.#kept.values()]) this.#remove(kept)
  }

  #remove(kept: Kept): void {
    if (this.#isKept(kept)) this.#kept.delete(kept.name)
    kept.endPause?.()
  }

  /** Not by the name alone: it may have been taken away and added again. */
  #isKept(kept: Kept): boolean {
    return this.#kept.get(kept.name) === kept
  }

  async #keep(kept: Kept): Promise<void> {
    let pauseMs = firstPauseMs
    while (this.#isKept(kept)) {
      try {
        await this.#link(kept.name)
        pauseMs = firstPauseMs
      } catch {
        pauseMs = Math.min(2 * pauseMs, lastPauseMs)
      }
      if (this.#isKept(kept)) await this.#pause(kept, pauseMs)
    }
  }

  #pause(kept: Kept, pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        resolve()
      }
      const cancel = this.#timer(pauseMs, end)
      kept.endPause = end
    })
  }
}
