import type { Timer } from '../../runtime/world.ts'

export interface WsPartialOptions {
  /** Tells whether nothing is read, so that nothing can be late. */
  readonly isDeaf: () => boolean
  readonly onLate: () => void
  readonly timeoutMs: number
  readonly timer: Timer
}

/** What a control frame of a client has besides its payload: its head and its mask (RFC 6455 §5.2). */
const controlHeadBytes = 6

/**
 * Sees to it that a message that has begun to arrive does so in time, as the body of a request has to: pongs between its fragments do not keep
 * half of it in memory for ever.
 */
export class WsPartial {
  readonly #options: WsPartialOptions
  /** What has come of a message that is not complete. What came in one piece with the end of the message before is not counted. */
  #bytes = 0
  #isComplete = false
  #controlBytes = 0
  #cancel: (() => void) | undefined

  constructor(options: WsPartialOptions) {
    this.#options = options
  }

  /** A message has come to its end. */
  message(): void {
    this.#isComplete = true
  }

  control(payloadBytes: number): void {
    this.#controlBytes += controlHeadBytes + payloadBytes
  }

  /** Bytes were read; the messages and control frames in them were told before. */
  read(lengthBytes: number): void {
    const wasComplete = this.#isComplete
    this.#bytes = wasComplete ? 0 : this.#bytes + lengthBytes - this.#controlBytes
    this.#isComplete = false
    this.#controlBytes = 0
    if (wasComplete || this.#bytes <= 0) this.end()
    else this.#cancel ??= this.#watch()
  }

  end(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #watch(): () => void {
    return this.#options.timer(this.#options.timeoutMs, () => {
      if (this.#options.isDeaf()) this.#cancel = this.#watch()
      else this.#options.onLate()
    })
  }
}
