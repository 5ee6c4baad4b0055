import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SecureContextOptions } from 'node:tls'
import { DidCommError } from '../../runtime/errors.ts'
import type { Packet, Receive, Transport } from '../../runtime/transport.ts'
import type { Timer } from '../../runtime/world.ts'
import { endsWithin } from '../deadline.ts'
import { type Listen, type Listener, type ServerTls, startListener } from '../listener.ts'
import { checkSize } from '../reply.ts'
import { world } from '../world.ts'
import { HttpPoster } from './client.ts'
import type { AllowOrigin } from './cors.ts'
import { HttpDoor, type Next } from './server.ts'

export type { Listen, ServerTls } from '../listener.ts'
export type { AllowOrigin } from './cors.ts'

export interface HttpOptions {
  /** Where to listen. Without it the transport only sends, or receives through `handler`. */
  readonly listen?: Listen
  /** Applies to both directions, and to responses; 1 MiB where absent. */
  readonly maxPacketBytes?: number
  /** Connections over this number are closed at once; 1,000 where absent. */
  readonly maxConnections?: number
  /** Packets that are handled at the same time; requests over this number are answered with 503. 256 where absent. */
  readonly maxInFlight?: number
  /**
   * What the bodies of all requests may hold together while they arrive and are handled; over it the request that arrives for the longest time is
   * answered with 503. 32 MiB where absent, or two packets where that is more.
   */
  readonly maxBufferedBytes?: number
  /** Origins of the pages that may post from a browser (CORS); none where absent. */
  readonly allowOrigin?: AllowOrigin
  /** How long a request may take to arrive, and one of ours to be answered; 30 s where absent. */
  readonly requestTimeoutMs?: number
  /** How long what is under way may take after `close`; then it is cut off. 10 s where absent. */
  readonly closeTimeoutMs?: number
  /** How many requests go to one origin at the same time; 32 where absent. The others wait. */
  readonly maxPerOrigin?: number
  /** Sends to addresses that are not of the public internet as well: loopback, private and link-local ones. */
  readonly allowPrivateAddresses?: boolean
  /** For sending: own certificate authorities, and a client certificate. */
  readonly tls?: SecureContextOptions
  readonly timer?: Timer
}

/** The HTTP transport, and what only it has. */
export interface HttpTransport extends Transport {
  /** Where it listens, with the real port; `undefined` before `start`, and without `listen`. */
  readonly url: string | undefined
  /**
   * Returns a request listener, to receive through a server of the caller's, or middleware for what passes a third argument. It looks at no path, and
   * has to come before what parses bodies; one that is there as bytes or text is taken, and anything else is an error for `next`, or 500.
   */
  handler(): (request: IncomingMessage, response: ServerResponse, next?: Next) => void
  /**
   * Shows another certificate to those who connect from now on.
   *
   * @throws TypeError without `listen.tls`
   */
  setTls(tls: ServerTls): void
}

/**
 * Moves packets by HTTP POST (DIDComm v2.1, "HTTPS"; `docs/transports.md`). It answers 202 to what was accepted, 200 with a
 * packet that `reply` was given, 400 to what was refused, and 503 where the same packet may succeed later.
 *
 * @example
 * import { http } from 'didcomm-mote/transports/http'
 *
 * const transport = http({ listen: { port: 8080 } })
 */
export function http(options: HttpOptions = {}): HttpTransport {
  return new NodeHttpTransport(options)
}

class NodeHttpTransport implements HttpTransport {
  readonly schemes = ['http', 'https'] as const
  readonly maxPacketBytes: number
  readonly #options: HttpOptions
  readonly #requestTimeoutMs: number
  readonly #timer: Timer
  readonly #door: HttpDoor
  readonly #poster: HttpPoster
  readonly #sends = new Set<Promise<void>>()
  #listener: Listener | undefined
  #receive: Receive | undefined
  #closing: Promise<void> | undefined

  constructor(options: HttpOptions) {
    const { maxPacketBytes = 1_048_576, requestTimeoutMs = 30_000, timer = world().timer } = options
    const { maxInFlight = 256, maxConnections = 1_000, allowOrigin = [] } = options
    const { maxBufferedBytes = Math.max(32 * 1_048_576, 2 * maxPacketBytes) } = options
    if (maxBufferedBytes < maxPacketBytes) {
      throw new RangeError(`"maxBufferedBytes" expected at least "maxPacketBytes", got ${maxBufferedBytes}`)
    }
    this.maxPacketBytes = maxPacketBytes
    this.#options = options
    this.#requestTimeoutMs = requestTimeoutMs
    this.#timer = timer
    const limits = { maxPacketBytes, requestTimeoutMs, timer }
    const maxReading = maxConnections
    this.#door = new HttpDoor({ ...limits, maxInFlight, maxBufferedBytes, maxReading, allowOrigin })
    const { maxPerOrigin = 32, tls = {}, allowPrivateAddresses = false } = options
    this.#poster = new HttpPoster({ ...limits, maxPerOrigin, allowPrivateAddresses, tls })
  }

  get url(): string | undefined {
    return this.#listener?.url
  }

  handler(): (request: IncomingMessage, response: ServerResponse, next?: Next) => void {
    return (request, response, next) => {
      this.#door.handle(request, response, next).catch(() => response.destroy())
    }
  }

  setTls(tls: ServerTls): void {
    if (!this.#listener) throw new TypeError('"setTls" was called on a transport that does not listen')
    this.#listener.setTls(tls)
  }

  async start(receive: Receive): Promise<void> {
    if (this.#closing) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    if (this.#receive) throw new TypeError('"start" was called before')
    this.#receive = receive
    this.#door.open(receive)
    const { listen } = this.#options
    if (listen) await this.#listen(listen)
  }

  async send(uri: string, packet: Packet): Promise<void> {
    if (this.#closing) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    const receive = this.#receive
    if (!receive) throw new TypeError('"send" was called before "start"')
    checkSize(packet.bytes, this.maxPacketBytes)
    const sent = this.#exchange(uri, packet, receive)
    this.#sends.add(sent)
    await sent.finally(() => this.#sends.delete(sent))
  }

  async #exchange(uri: string, packet: Packet, receive: Receive): Promise<void> {
    const answer = await this.#poster.post(uri, packet)
    // The packet was taken over, whatever becomes of what came back.
    if (answer) await receive(answer).catch(() => undefined)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const stopped = this.#listener?.stop()
    const settled = Promise.allSettled([this.#door.close(), ...this.#sends])
    if (!(await endsWithin(settled, this.#options.closeTimeoutMs ?? 10_000, this.#timer))) this.#door.cut()
    this.#poster.close()
    this.#listener?.server.closeAllConnections()
    await stopped
  }

  async #listen(listen: Listen): Promise<void> {
    const { maxConnections = 1_000 } = this.#options
    const limits = { maxConnections, timeoutMs: this.#requestTimeoutMs }
    const handle = this.handler()
    const onRequest = (request: IncomingMessage, response: ServerResponse) => handle(request, response)
    this.#listener = await startListener({ listen, ...limits, scheme: 'http' }, (server) =>
      server.on('request', onRequest),
    )
    // It was closed while it began to listen.
    if (this.#closing) await this.#listener.stop()
  }
}
