/** What a party asks of its host: time, entropy and timers. Passed in, so that a test can move the clock. */
export interface World {
  /** The time in milliseconds since 1970. */
  now(): number
  /** Returns that many fresh random bytes. */
  randomBytes(lengthBytes: number): Uint8Array
  /** Makes a message id that was never made before, of 1 to 32 unreserved characters. */
  newId(): string
  timer: Timer
}

/** Calls `run` after `delayMs`; returns what cancels it. */
export type Timer = (delayMs: number, run: () => void) => () => void
