import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { SecureContextOptions } from 'node:tls'
import { DidCommError } from '../runtime/errors.ts'
import type { Packet, Receive, Transport } from '../runtime/transport.ts'
import type { Timer } from '../runtime/world.ts'
import { HttpPoster } from './http-client.ts'
import { HttpDoor } from './http-server.ts'
import { checkSize } from './reply.ts'
import { world } from './world.ts'

export interface HttpOptions {
  /**
   * Where to listen. The host is `127.0.0.1` where absent, for a reverse proxy that does TLS; port 0 takes any free one.
   * Without `listen` the transport only sends, or receives through `handler`.
   */
  readonly listen?: { readonly port: number; readonly host?: string }
  /** Applies to both directions, and to responses; 1 MiB where absent. */
  readonly maxPacketBytes?: number
  /** Connections over this number are closed at once; 1,000 where absent. */
  readonly maxConnections?: number
  /** Requests over this number are answered with 503; 256 where absent. */
  readonly maxInFlight?: number
  /** How long a request may take to arrive, and one of ours to be answered; 30 s where absent. */
  readonly requestTimeoutMs?: number
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
  /** Returns a request listener, to receive through a server of the caller's. It looks at no path. */
  handler(): (request: IncomingMessage, response: ServerResponse) => void
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
  readonly #door: HttpDoor
  readonly #poster: HttpPoster
  readonly #sends = new Set<Promise<void>>()
  #server: Server | undefined
  #receive: Receive | undefined
  #closing: Promise<void> | undefined
  #url: string | undefined

  constructor(options: HttpOptions) {
    const { maxPacketBytes = 1_048_576, requestTimeoutMs = 30_000, timer = world().timer, maxInFlight = 256 } = options
    this.maxPacketBytes = maxPacketBytes
    this.#options = options
    this.#requestTimeoutMs = requestTimeoutMs
    this.#door = new HttpDoor({ maxPacketBytes, maxInFlight, requestTimeoutMs, timer })
    const { maxPerOrigin = 32, tls = {}, allowPrivateAddresses = false } = options
    const limits = { maxPacketBytes, requestTimeoutMs, maxPerOrigin }
    this.#poster = new HttpPoster({ ...limits, allowPrivateAddresses, tls, timer })
  }

  get url(): string | undefined {
    return this.#url
  }

  handler(): (request: IncomingMessage, response: ServerResponse) => void {
    return (request, response) => {
      this.#door.handle(request, response).catch(() => response.destroy())
    }
  }

  async start(receive: Receive): Promise<void> {
    if (this.#closing) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    if (this.#receive) throw new TypeError('"start" was called before')
    this.#receive = receive
    this.#door.open(receive)
    const { listen } = this.#options
    if (listen) await this.#listen(listen.port, listen.host ?? '127.0.0.1')
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
    const server = this.#server
    const stopped = server?.listening ? new Promise((resolve) => server.close(resolve)) : undefined
    await Promise.allSettled([this.#door.close(), ...this.#sends])
    this.#poster.close()
    server?.closeAllConnections()
    await stopped
  }

  async #listen(port: number, host: string): Promise<void> {
    const timeouts = { headersTimeout: this.#requestTimeoutMs, requestTimeout: this.#requestTimeoutMs }
    const server = createServer({ ...timeouts, keepAliveTimeout: 5_000 }, this.handler())
    server.maxConnections = this.#options.maxConnections ?? 1_000
    server.listen(port, host)
    await once(server, 'listening')
    // What fails in accepting a connection, such as a lack of file descriptors, must not end the program.
    server.on('error', () => undefined)
    this.#server = server
    const address = server.address()
    const actualPort = typeof address === 'object' && address ? address.port : port
    this.#url = `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`
    // It was closed while it began to listen.
    if (this.#closing) server.close()
  }
}
