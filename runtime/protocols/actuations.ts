import type { SenmlRecord } from '../message/index.ts'

/** How a command ended. */
export type ActuationResult =
  | { readonly kind: 'done'; readonly records?: readonly SenmlRecord[] }
  | { readonly kind: 'failed'; readonly code: string; readonly comment: string }

/**
 * Remembers commands until their deadline, so that none is executed twice. Each operation resolves once its effect would outlive a crash
 * of the process (a memory store: for as long as the process lives).
 */
export interface ActuationStore {
  /**
   * Notes that a command begins, where it is `new`. Else tells how it ended, or that it has `begun` and nobody has said how it ended. `full`:
   * nothing was noted. Atomic: of two calls with one key, one gets `new`.
   *
   * @param expiresMs the deadline; from then on the command may be forgotten
   */
  begin(key: string, expiresMs: number, nowMs: number): Promise<'new' | 'begun' | 'full' | ActuationResult>
  finish(key: string, result: ActuationResult): Promise<void>
}

/**
 * Makes an `ActuationStore` in memory: for devices whose restart ends the effect of every command, and for tests.
 *
 * @param options.maxCommands Default: 256.
 */
export function memoryActuations({ maxCommands = 256 }: { maxCommands?: number } = {}): ActuationStore {
  const known = new Map<string, { expiresMs: number; result: 'begun' | ActuationResult }>()
  return {
    async begin(key, expiresMs, nowMs) {
      for (const [other, command] of known) {
        if (command.expiresMs <= nowMs) known.delete(other)
      }
      const command = known.get(key)
      if (command) return command.result
      if (known.size >= maxCommands) return 'full'
      known.set(key, { expiresMs, result: 'begun' })
      return 'new'
    },
    async finish(key, result) {
      const command = known.get(key)
      if (command) command.result = result
    },
  }
}
