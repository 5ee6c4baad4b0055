import { Buffer } from 'node:buffer'
import { DidCommError } from '../../runtime/errors.ts'
import type { Timer } from '../../runtime/world.ts'

export interface WsPongsOptions {
  readonly ping: (data: string) => void
  /** Tells whether nothing can be heard, because we do not listen. */
  readonly isDeaf: () => boolean
  /** The pong does not come. */
  readonly onSilence: () => void
  readonly timeoutMs: number
  readonly timer: Timer
}

interface Waiting {
  readonly number: number
  settle(error?: DidCommError): void
}

/** How many packets may wait for a pong: those who ask and never say that they have read are to cost no more. */
const maxWaiting = 16_384

/**
 * The packets of ours that the other side of a WebSocket is not known to have read. A ping goes out behind what was sent: its pong tells
 * that all before it was read, since frames are read in their order (RFC 6455 §5.5.2). One ping at a time, for others take many for an attack.
 */
export class WsPongs {
  readonly #options: WsPongsOptions
  /** In the order of their numbers. */
  #waiting: Waiting[] = []
  #sent = 0
  /** Up to which packet a ping has gone out whose pong is not here. */
  #asked: number | undefined
  #cancelSilence: () => void = () => undefined

  constructor(options: WsPongsOptions) {
    this.#options = options
  }

  /** How many packets wait. */
  get size(): number {
    return this.#waiting.length
  }

  /** Lets `write` write one packet, and waits until it is known to be read. */
  async confirmed(write: () => void): Promise<void> {
    if (this.#waiting.length >= maxWaiting) {
      throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'too much was sent that the other side has not read')
    }
    await new Promise<void>((resolve, reject) => {
      this.#sent += 1
      this.#waiting.push({ number: this.#sent, settle: (error) => (error ? reject(error) : resolve()) })
      write()
      if (this.#asked === undefined) this.#ask()
    })
  }

  /** Takes the data of a pong. */
  take(data: Uint8Array): void {
    const asked = this.#asked
    if (asked === undefined || Buffer.from(data).toString('latin1') !== String(asked)) return
    this.#asked = undefined
    this.#cancelSilence()
    while ((this.#waiting[0]?.number ?? Number.POSITIVE_INFINITY) <= asked) this.#waiting.shift()?.settle()
    if (this.#waiting.length > 0) this.#ask()
  }

  /** We listen again: the pong has its time anew. */
  resumed(): void {
    if (this.#asked !== undefined) this.#await()
  }

  /** The connection is over: nothing more will be known. */
  end(error: DidCommError): void {
    this.#asked = undefined
    this.#cancelSilence()
    for (const { settle } of this.#waiting.splice(0)) settle(error)
  }

  #ask(): void {
    this.#asked = this.#sent
    this.#options.ping(String(this.#asked))
    this.#await()
  }

  #await(): void {
    this.#cancelSilence()
    this.#cancelSilence = this.#options.timer(this.#options.timeoutMs, () => {
      if (this.#options.isDeaf()) this.#await()
      else this.#options.onSilence()
    })
  }
}
