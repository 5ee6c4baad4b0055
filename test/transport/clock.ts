import type { Timer } from '../../runtime/world.ts'

/** A clock that stands still until it is moved. */
export class Clock {
  #nowMs = 0
  readonly #alarms = new Set<{ atMs: number; run: () => void }>()

  readonly now = (): number => this.#nowMs

  readonly timer: Timer = (delayMs, run) => {
    const alarm = { atMs: this.#nowMs + delayMs, run }
    this.#alarms.add(alarm)
    return () => {
      this.#alarms.delete(alarm)
    }
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#alarms.size
  }

  /** Moves on, and runs what is due on the way in its order. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs
    for (;;) {
      const [next] = [...this.#alarms].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)
      if (!next) break
      this.#alarms.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
    }
    this.#nowMs = untilMs
  }
}

/** Lets the sockets and promises work until `check` holds; fails after 10 s. `each` runs every time around. */
export async function eventually(check: () => boolean, each: () => void = () => undefined): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`never happened: ${check}`)
    each()
    await turn()
  }
}

/** Lets everything that is ready run once. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
