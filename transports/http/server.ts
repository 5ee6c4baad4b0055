import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Packet, Receipt, Receive } from '../../runtime/transport.ts'
import { ReplySlot } from '../reply.ts'
import { type Body, type BodyProblem, HttpBodies, type HttpBodiesOptions } from './body.ts'
import { type AllowOrigin, allowPage } from './cors.ts'
import { isEnvelopeType, mediaTypeOf } from './media.ts'
import { parsedBody } from './parsed.ts'

export interface HttpDoorOptions extends HttpBodiesOptions {
  readonly maxInFlight: number
  readonly allowOrigin: AllowOrigin
}

/** Takes what went wrong in the program that we are part of, as in Express. */
export type Next = (error: unknown) => void

const retryAfterSeconds = '5'
const statuses: Readonly<Record<Receipt, number>> = { accepted: 202, refused: 400, 'too-large': 413 }

/** The receiving half of the HTTP transport: one exchange for each request, and nothing said about why it failed. */
export class HttpDoor {
  readonly #options: HttpDoorOptions
  readonly #bodies: HttpBodies
  #receive: Receive | undefined
  /** How many packets are being handled. */
  #inFlight = 0
  /** What is being read, handled or answered; not what is refused. */
  readonly #open = new Set<ServerResponse>()
  #closed = false
  #onIdle: (() => void) | undefined

  constructor(options: HttpDoorOptions) {
    this.#options = options
    this.#bodies = new HttpBodies(options)
  }

  open(receive: Receive): void {
    this.#receive = receive
  }

  /** Refuses new requests and those whose body has not come, and waits for the others. */
  async close(): Promise<void> {
    this.#closed = true
    this.#bodies.close()
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** Ends the connections of the requests that are still under way. */
  cut(): void {
    for (const response of this.#open) response.destroy()
  }

  /** Answers one request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse, next?: Next): Promise<void> {
    // A connection that breaks is no error of ours; the sender will see to it.
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    const { allowOrigin } = this.#options
    if (allowOrigin.length > 0 && allowPage(request, response, allowOrigin)) {
      response.writeHead(204).end()
      return
    }
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      await this.#refuse(request, response, refusal)
      return
    }
    this.#open.add(response)
    const problem = await this.#exchange(request, response, next).finally(() => {
      this.#open.delete(response)
      if (this.#open.size === 0) this.#onIdle?.()
    })
    if (problem !== undefined) await this.#refuse(request, response, problem)
  }

  #refusal(request: IncomingMessage): number | undefined {
    const { maxPacketBytes } = this.#options
    if (request.method !== 'POST') return 405
    if (!isEnvelopeType(request.headers['content-type'])) return 415
    if (Number(request.headers['content-length'] ?? 0) > maxPacketBytes) return 413
    if (this.#closed || !this.#receive || this.#isBusy || this.#bodies.isFull) return 503
    return undefined
  }

  get #isBusy(): boolean {
    return this.#inFlight >= this.#options.maxInFlight
  }

  /** Receives one packet and answers; returns what to answer instead where there was none. */
  async #exchange(
    request: IncomingMessage,
    response: ServerResponse,
    next: Next | undefined,
  ): Promise<BodyProblem | undefined> {
    let parsed: Uint8Array | undefined
    try {
      parsed = parsedBody(request)
    } catch (error) {
      if (next) next(error)
      else response.writeHead(500).end(String(error))
      return undefined
    }
    const body = parsed ? this.#held(parsed) : await this.#bodies.read(request)
    if (typeof body !== 'object') return body
    try {
      // A slow body takes no place from those that are handled, so only now is it known whether there is one.
      if (this.#isBusy) return 503
      await this.#handled(body, request, response)
      return undefined
    } finally {
      body.release()
    }
  }

  /** A body whose memory is somebody else's. */
  #held(bytes: Uint8Array): Body | 413 {
    return bytes.length > this.#options.maxPacketBytes ? 413 : { bytes, release: () => undefined }
  }

  async #handled({ bytes }: Body, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const slot = new ReplySlot(this.#options.maxPacketBytes)
    const mediaType = request.headers['content-type'] ?? ''
    this.#inFlight += 1
    const status = await this.#settle({ bytes, mediaType, reply: slot.reply })
    this.#inFlight -= 1
    const answer = slot.end()
    if (answer && status !== 503) await this.#respond(response, 200, answer)
    else await this.#respond(response, status)
  }

  async #settle(packet: Packet): Promise<number> {
    try {
      const receipt = await this.#receive?.(packet)
      return receipt === undefined ? 400 : statuses[receipt]
    } catch {
      return 503
    }
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
