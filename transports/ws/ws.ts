import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import { DidCommError } from '../../runtime/errors.ts'
import type { Packet, Receive, Transport } from '../../runtime/transport.ts'
import type { Timer } from '../../runtime/world.ts'
import { endsWithin } from '../deadline.ts'
import { type Listen, type Listener, type ServerTls, startListener } from '../listener.ts'
import { checkSize } from '../reply.ts'
import { world } from '../world.ts'
import { WsDialer } from './client.ts'
import { WsLink, wsOptions } from './link.ts'

export type { Listen, ServerTls } from '../listener.ts'

export interface WsOptions {
  /** Where to listen. Without it the transport connects only, or receives through `upgrade`. */
  readonly listen?: Listen
  /** Applies to both directions; 1 MiB where absent. */
  readonly maxPacketBytes?: number
  /** Connections over this number, in either role, are not opened; 1,000 where absent. */
  readonly maxConnections?: number
  /** How many packets of one connection wait to be received before no more is read; 64 where absent. */
  readonly maxQueued?: number
  /** What waits to be received over all connections may have so many bytes before those that brought it are not read. 32 MiB where absent. */
  readonly maxBufferedBytes?: number
  /**
   * How long a connection may take to open, one that was opened to us to bring its first packet, any packet to arrive, and a packet of ours to be confirmed; else the connection is ended.
   * 30 s where absent.
   */
  readonly timeoutMs?: number
  /** How long what is under way may take after `close`; then it is cut off. 10 s where absent. */
  readonly closeTimeoutMs?: number
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
  /**
   * Shows another certificate to those who connect from now on.
   *
   * @throws TypeError without `listen.tls`
   */
  setTls(tls: ServerTls): void
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
  readonly #buffered = { bytes: 0 }
  readonly #sends = new Set<Promise<void>>()
  #listener: Listener | undefined
  #receive: Receive | undefined
  #closing: Promise<void> | undefined

  constructor(options: WsOptions) {
    const { maxPacketBytes = 1_048_576, timeoutMs = 30_000, timer = world().timer, tls = {} } = options
    this.maxPacketBytes = maxPacketBytes
    this.#options = options
    this.#timeoutMs = timeoutMs
    this.#timer = timer
    this.#door = new WebSocketServer({ noServer: true, ...wsOptions(maxPacketBytes) })
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
    return this.#listener?.url
  }

  setTls(tls: ServerTls): void {
    if (!this.#listener) throw new TypeError('"setTls" was called on a transport that does not listen')
    this.#listener.setTls(tls)
  }

  upgrade(): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
    return (request, socket, head) => {
      // A connection that breaks is no error of ours.
      socket.on('error', () => undefined)
      if (this.#closing || !this.#receive || this.#isFull) {
        socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        return
      }
      this.#door.handleUpgrade(request, socket, head, (opened) => this.#link(opened, () => undefined, socket))
    }
  }

  async start(receive: Receive): Promise<void> {
    if (this.#closing) throw new DidCommError('ERR_CLOSED', 'the transport is closed')
    if (this.#receive) throw new TypeError('"start" was called before')
    this.#receive = receive
    const { listen } = this.#options
    if (listen) await this.#listen(listen)
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
    const stopped = this.#listener?.stop()
    if (!(await endsWithin(this.#settled(), this.#options.closeTimeoutMs ?? 10_000, this.#timer))) {
      for (const link of this.#links) link.cut()
    }
    this.#listener?.server.closeAllConnections()
    await stopped
  }

  async #settled(): Promise<void> {
    await Promise.allSettled([...this.#sends])
    await Promise.all([...this.#links].map((link) => Promise.all([link.close(), link.ended])))
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

  #link(socket: WebSocket, onClose: () => void, from?: Duplex): WsLink {
    const { maxQueued = 64, maxBufferedBytes = 32 * 1_048_576, pingIntervalMs = 30_000 } = this.#options
    const link = new WsLink(socket, {
      receive: async (packet) => (await this.#receive?.(packet)) ?? 'refused',
      maxPacketBytes: this.maxPacketBytes,
      maxQueued,
      buffered: this.#buffered,
      maxBufferedBytes,
      pingIntervalMs,
      timeoutMs: this.#timeoutMs,
      ...(from && { from }),
      timer: this.#timer,
      onClose,
    })
    this.#links.add(link)
    void link.ended.then(() => this.#links.delete(link))
    return link
  }

  async #listen(listen: Listen): Promise<void> {
    // Connections that are not upgraded yet count here, and those that are get an answer where they are too many.
    const limits = { maxConnections: 2 * (this.#options.maxConnections ?? 1_000), timeoutMs: this.#timeoutMs }
    this.#listener = await startListener({ listen, ...limits, scheme: 'ws' }, (server) => {
      server.on('request', (_, response) => response.writeHead(426, { upgrade: 'websocket' }).end())
      server.on('upgrade', this.upgrade())
    })
    // It was closed while it began to listen.
    if (this.#closing) await this.#listener.stop()
  }
}
