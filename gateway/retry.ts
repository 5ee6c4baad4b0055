export interface RetryLimits {
  /** The longest pause after the first failure. */
  baseMs: number
  /** The longest pause of all. */
  maxMs: number
}

/**
 * Returns how long to wait before the next attempt: a random part of a limit that doubles with each failure ("full
 * jitter"), so that many senders do not come back in step.
 *
 * @param attempts how many attempts have failed, at least 1
 * @param random a number from 0 to below 1
 */
export function retryDelayMs(attempts: number, random: number, { baseMs, maxMs }: RetryLimits): number {
  return Math.ceil(random * Math.min(maxMs, baseMs * 2 ** Math.min(attempts - 1, 30)))
}
