import type { IncomingMessage } from 'node:http'
import type { Timer } from '../../runtime/world.ts'

export interface HttpBodiesOptions {
  readonly maxPacketBytes: number
  readonly maxBufferedBytes: number
  readonly maxReading: number
  readonly requestTimeoutMs: number
  readonly timer: Timer
}

/** What to answer, without a body, where the body of a request could not be read. */
export type BodyProblem = 408 | 413 | 503

/** A body that has arrived. Its bytes count until they are released. */
export interface Body {
  readonly bytes: Uint8Array
  release(): void
}

/**
 * The bodies of requests, while they arrive and until they are handled. Together they hold no more than `maxBufferedBytes`: what
 * arrives for the longest time gives way to others, so that slow senders keep nobody out.
 */
export class HttpBodies {
  readonly #options: HttpBodiesOptions
  /** How to give up each that is being read, the oldest first. */
  readonly #reading = new Set<() => void>()
  #bufferedBytes = 0

  constructor(options: HttpBodiesOptions) {
    this.#options = options
  }

  /** Tells whether as many are being read as may be. */
  get isFull(): boolean {
    return this.#reading.size >= this.#options.maxReading
  }

  /** Gives up what has not arrived. */
  close(): void {
    for (const giveUp of [...this.#reading]) giveUp()
  }

  /** Reads the body of a request; `undefined` where the connection broke. */
  read(request: IncomingMessage): Promise<Body | BodyProblem | undefined> {
    const { maxPacketBytes, requestTimeoutMs, timer } = this.#options
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      let length = 0
      const release = () => {
        this.#bufferedBytes -= length
      }
      const finish = (outcome: Body | BodyProblem | undefined) => {
        cancelTimeout()
        this.#reading.delete(giveUp)
        request.off('data', onData)
        request.off('end', onEnd)
        request.off('close', onClose)
        if (typeof outcome !== 'object') release()
        resolve(outcome)
      }
      const cancelTimeout = timer(requestTimeoutMs, () => finish(408))
      const giveUp = () => finish(503)
      const onData = (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        this.#bufferedBytes += chunk.length
        if (length > maxPacketBytes) finish(413)
        else this.#makeRoom()
      }
      const onEnd = () => finish({ bytes: new Uint8Array(Buffer.concat(chunks)), release })
      const onClose = () => finish(undefined)
      this.#reading.add(giveUp)
      request.on('data', onData)
      request.on('end', onEnd)
      request.on('close', onClose)
    })
  }

  #makeRoom(): void {
    for (const giveUp of this.#reading) {
      if (this.#bufferedBytes <= this.#options.maxBufferedBytes) return
      giveUp()
    }
  }
}
