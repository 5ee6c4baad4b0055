import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import { DidCommError } from '../runtime/errors.ts'
import type { Packet, Receive, Transport } from '../runtime/transport.ts'
import type { Timer } from '../runtime/world.ts'
import { checkSize } from './reply.ts'
import { world } from './world.ts'
import { WsDialer } from './ws-client.ts'
import { receiverOptions, WsLink } from './ws-link.ts'

export interface WsOptions {
  /**
   * Where to listen. The host is `127.0.0.1` where absent, for a reverse proxy that does TLS; port 0 takes any free one.
   * Without `listen` the transport connects only, or receives through `upgrade`.
   */
  readonly listen?: { readonly port: number; readonly host?: string }
  /** Applies to both directions; 1 MiB where absent. */
  readonly maxPacketBytes?: number
  /** Connections over this number, in either role, are not opened; 1,000 where absent. */
  readonly maxConnections?: number
  /** How many packets of one connection wait to be received before no more is read; 64 where absent. */
  readonly maxQueued?: number
  /** How long a connection may take to open, and a packet to be confirmed; 30 s where absent. */
  readonly timeoutMs?: number
  /** How often a ping goes out; a connection that is silent from one to the next is ended. 30 s where absent. */
  readonly pingIntervalMs?: number
  /** Connects to addresses that are not of the public internet as well: loopback, private and link-local ones. */
  readonly allowPrivateAddresses?: boolean
  /** For connecting: own certificate authorities, and a client certificate. */
  readonly tls?: SecureContextOptions
  /** Learns that a connection of ours has ended, to open it again where messages are waited for. Must not throw. */
  readonly onDisconnect?: (uri: string) => void
  readonly timer?: Timer
}

/** The WebSocket transport, and what only it has. */
export interface WsTransport extends Transport {
  /** Where it listens, with the real port; `undefined` before `start`, and without `listen`. */
  readonly url: string | undefined
  /** Returns a listener for `upgrade` events, to receive through a server of the caller's. It looks at no path. */
  upgrade(): (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/**
 * Moves packets over WebSockets (DIDComm v2.1, "WebSockets"; `docs/transports.md`), one packet in one message. `send` opens a
 * connection or uses the one that is open, and resolves when the other side has read the packet. What comes in has a `reply` that works
 * until the connection ends. Nothing is taken for authentic because of the connection over which it came.
 *
 * @example
 * import { ws } from 'didcomm-mote/transports/ws'
 *
 * const transport = ws({ listen: { port: 8081 } })
 */
export function ws(options: WsOptions = {}): WsTransport {
  return new NodeWsTransport(options)
}

class NodeWsTransport implements WsTransport {
  readonly schemes = ['ws', 'wss'] as const
  readonly maxPacketBytes: number
  readonly #options: WsOptions
  readonly #timeoutMs: number
  readonly #timer: Timer
  readonly #door: WebSocketServer
  readonly #dialer: WsDialer
  readonly #links = new Set<WsLink>()
  readonly #sends = new Set<Promise<void>>()
  #server: Server | undefined
  #receive: Receive | undefined
  #closing: Promise<void> | undefined
  #url: string | undefined

  constructor(options: WsOptions) {
    const { maxPacketBytes = 1_048_576, timeoutMs = 30_000, timer = world().timer, tls = {} } = options
    this.maxPacketBytes = maxPacketBytes
    this.#options = options
    this.#timeoutMs = timeoutMs
    this.#timer = timer
    this.#door = new WebSocketServer({ noServer: true, ...receiverOptions(maxPacketBytes) })
    const { allowPrivateAddresses = false, onDisconnect } = options
    this.#dialer = new WsDialer({
      maxPacketBytes,
      timeoutMs,
      timer,
      tls,
      allowPrivateAddresses,
      link: (socket, onClose) => this.#link(socket, onClose),
      onDisconnect: (uri) => onDisconnect?.(uri),
    })
  }

  get url(): string | undefined {
    return this.#url
  }

  upgrade(): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
    return (request, socket, head) => {
      // A connection that breaks is no error of ours.
      socket.on('error', () => undefined)
      if (this.#closing || !this.#receive || this.#isFull) {
        socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        return
      }
      this.#door.handleUpgrade(request, socket, head, (opened) => this.#link(opened, () => undefined))
    }
  }

  async start(receive: Receive): Promise<void> {
    if (this.#closing) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    if (this.#receive) throw new TypeError('"start" was called before')
    this.#receive = receive
    const { listen } = this.#options
    if (listen) await this.#listen(listen.port, listen.host ?? '127.0.0.1')
  }

  async send(uri: string, packet: Packet): Promise<void> {
    if (this.#closing) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    if (!this.#receive) throw new TypeError('"send" was called before "start"')
    checkSize(packet.bytes, this.maxPacketBytes)
    const sent = this.#exchange(uri, packet)
    this.#sends.add(sent)
    await sent.finally(() => this.#sends.delete(sent))
  }

  async #exchange(uri: string, packet: Packet): Promise<void> {
    const link = this.#dialer.openLink(uri)
    if (link) return link.send(packet)
    if (this.#isFull && !this.#makeRoom()) {
      throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'as many connections as may be are open')
    }
    await (await this.#dialer.dial(uri)).send(packet)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const server = this.#server
    const stopped = server?.listening ? new Promise((resolve) => server.close(resolve)) : undefined
    await Promise.allSettled([...this.#sends])
    await Promise.all([...this.#links].map((link) => Promise.all([link.close(), link.ended])))
    server?.closeAllConnections()
    await stopped
  }

  get #isFull(): boolean {
    return this.#links.size + this.#dialer.dialing >= (this.#options.maxConnections ?? 1_000)
  }

  /** Ends the connection of ours that was opened first and has nothing to do. */
  #makeRoom(): boolean {
    const idle = this.#dialer.links().find((link) => !link.busy)
    if (!idle) return false
    this.#links.delete(idle)
    void idle.close()
    return true
  }

  #link(socket: WebSocket, onClose: () => void): WsLink {
    const { maxQueued = 64, pingIntervalMs = 30_000 } = this.#options
    const link = new WsLink(socket, {
      receive: async (packet) => (await this.#receive?.(packet)) ?? 'refused',
      maxPacketBytes: this.maxPacketBytes,
      maxQueued,
      pingIntervalMs,
      timeoutMs: this.#timeoutMs,
      timer: this.#timer,
      onClose,
    })
    this.#links.add(link)
    void link.ended.then(() => this.#links.delete(link))
    return link
  }

  async #listen(port: number, host: string): Promise<void> {
    const timeouts = { headersTimeout: this.#timeoutMs, requestTimeout: this.#timeoutMs }
    const server = createServer(timeouts, (_, response) => response.writeHead(426, { upgrade: 'websocket' }).end())
    server.on('upgrade', this.upgrade())
    server.listen(port, host)
    await once(server, 'listening')
    // What fails in accepting a connection, such as a lack of file descriptors, must not end the program.
    server.on('error', () => undefined)
    this.#server = server
    const address = server.address()
    const actualPort = typeof address === 'object' && address ? address.port : port
    this.#url = `ws://${host.includes(':') ? `[${host}]` : host}:${actualPort}`
    // It was closed while it began to listen.
    if (this.#closing) server.close()
  }
}
