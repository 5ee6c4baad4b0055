import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Packet, Receipt, Receive } from '../runtime/transport.ts'
import type { Timer } from '../runtime/world.ts'
import { isEnvelopeType, mediaTypeOf } from './http-media.ts'
import { ReplySlot } from './reply.ts'

export interface HttpDoorOptions {
  readonly maxPacketBytes: number
  readonly maxInFlight: number
  readonly requestTimeoutMs: number
  readonly timer: Timer
}

/** What to answer, without a body, where the body of a request could not be read; 503 where we close before it has come. */
type BodyProblem = 408 | 413 | 503

const retryAfterSeconds = '5'
const statuses: Readonly<Record<Receipt, number>> = { accepted: 202, refused: 400, 'too-large': 413 }

/** The receiving half of the HTTP transport: one exchange for each request, and nothing said about why it failed. */
export class HttpDoor {
  readonly #options: HttpDoorOptions
  #receive: Receive | undefined
  #inFlight = 0
  /** What gives up each body that is being read. */
  readonly #reading = new Set<() => void>()
  #closed = false
  #onIdle: (() => void) | undefined

  constructor(options: HttpDoorOptions) {
    this.#options = options
  }

  open(receive: Receive): void {
    this.#receive = receive
  }

  /** Refuses new requests and those whose body has not come, and waits for the others. */
  async close(): Promise<void> {
    this.#closed = true
    for (const giveUp of [...this.#reading]) giveUp()
    if (this.#inFlight === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** Answers one request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A connection that breaks is no error of ours; the sender will see to it.
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      await this.#refuse(request, response, refusal)
      return
    }
    this.#inFlight += 1
    let rest: Promise<void> | undefined
    try {
      const problem = await this.#exchange(request, response)
      // It has answered at once; what it reads on is not waited for when we close.
      if (problem !== undefined) rest = this.#refuse(request, response, problem)
    } finally {
      this.#inFlight -= 1
      if (this.#inFlight === 0) this.#onIdle?.()
    }
    await rest
  }

  #refusal(request: IncomingMessage): number | undefined {
    const { maxInFlight, maxPacketBytes } = this.#options
    if (request.method !== 'POST') return 405
    if (!isEnvelopeType(request.headers['content-type'])) return 415
    if (Number(request.headers['content-length'] ?? 0) > maxPacketBytes) return 413
    if (this.#closed || !this.#receive || this.#inFlight >= maxInFlight) return 503
    return undefined
  }

  /** Receives one packet and answers; returns what to answer instead where there was none. */
  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<BodyProblem | undefined> {
    const bytes = await this.#read(request)
    if (bytes === undefined || typeof bytes === 'number') return bytes
    const slot = new ReplySlot(this.#options.maxPacketBytes)
    const status = await this.#settle({
      bytes,
      mediaType: request.headers['content-type'] ?? '',
      reply: slot.reply,
    })
    const answer = slot.end()
    if (answer && status !== 503) await this.#respond(response, 200, answer)
    else await this.#respond(response, status)
    return undefined
  }

  async #settle(packet: Packet): Promise<number> {
    try {
      const receipt = await this.#receive?.(packet)
      return receipt === undefined ? 400 : statuses[receipt]
    } catch {
      return 503
    }
  }

  /** Reads the body; `undefined` where the connection broke. */
  #read(request: IncomingMessage): Promise<Uint8Array | BodyProblem | undefined> {
    const { maxPacketBytes, requestTimeoutMs, timer } = this.#options
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      let length = 0
      const finish = (outcome: Uint8Array | BodyProblem | undefined) => {
        cancelTimeout()
        this.#reading.delete(giveUp)
        request.off('data', onData)
        request.off('end', onEnd)
        request.off('close', onClose)
        resolve(outcome)
      }
      const giveUp = () => finish(503)
      const cancelTimeout = timer(requestTimeoutMs, () => finish(408))
      const onData = (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length > maxPacketBytes) finish(413)
      }
      const onEnd = () => finish(new Uint8Array(Buffer.concat(chunks)))
      const onClose = () => finish(undefined)
      this.#reading.add(giveUp)
      request.on('data', onData)
      request.on('end', onEnd)
      request.on('close', onClose)
    })
  }

  /** Answers before the body was read, and then closes the connection. */
  async #refuse(request: IncomingMessage, response: ServerResponse, status: number): Promise<void> {
    const { maxPacketBytes, requestTimeoutMs, timer } = this.#options
    response.writeHead(status, { ...headersOf(status), 'content-length': '0', connection: 'close' })
    response.flushHeaders()
    // Closing while the other side still sends makes its system throw away our answer, so some more is read.
    let left = 2 * maxPacketBytes
    await new Promise<void>((resolve) => {
      const cancelTimeout = timer(requestTimeoutMs, resolve)
      request.on('data', (chunk: Buffer) => {
        left -= chunk.length
        if (left < 0) resolve()
      })
      for (const event of ['end', 'close']) request.once(event, () => resolve())
      if (request.readableEnded || request.destroyed) resolve()
      response.once('close', () => {
        cancelTimeout()
        resolve()
      })
    })
    response.end()
    if (!request.readableEnded) request.destroy()
  }

  async #respond(response: ServerResponse, status: number, packet?: Packet): Promise<void> {
    if (response.destroyed || response.socket === null) return
    const { requestTimeoutMs, timer } = this.#options
    const body = packet?.bytes ?? new Uint8Array(0)
    const type = packet ? { 'content-type': packet.mediaType ?? mediaTypeOf(body) } : {}
    const connection = this.#closed ? { connection: 'close' } : {}
    response.writeHead(status, { ...headersOf(status), ...type, ...connection, 'content-length': String(body.length) })
    const cancelTimeout = timer(requestTimeoutMs, () => response.destroy())
    response.end(body)
    await once(response, 'close')
    cancelTimeout()
  }
}

function headersOf(status: number): Record<string, string> {
  if (status === 405) return { allow: 'POST' }
  if (status === 503) return { 'retry-after': retryAfterSeconds }
  return {}
}
