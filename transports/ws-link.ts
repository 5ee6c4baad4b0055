import { Buffer, isUtf8 } from 'node:buffer'
import type { RawData, WebSocket } from 'ws'
import { DidCommError } from '../runtime/errors.ts'
import type { Packet, Receive } from '../runtime/transport.ts'
import type { Timer } from '../runtime/world.ts'
import { mediaTypeOf } from './http-media.ts'
import { checkSize } from './reply.ts'
import { WsInbox } from './ws-inbox.ts'

export interface WsLinkOptions {
  readonly receive: Receive
  readonly maxPacketBytes: number
  readonly maxQueued: number
  readonly timeoutMs: number
  readonly pingIntervalMs: number
  readonly timer: Timer
  readonly onClose: () => void
}

interface Waiting {
  readonly number: number
  settle(error?: DidCommError): void
}

/** How many packets may wait here while one of ours is not confirmed: the pong stands behind them. */
const surplus = 8
const openState = 1
const closeTimeoutMs = 1_000
const goingAway = 1001
const tooBig = 1009

/** What every WebSocket is opened with, in either role: `WsLink` answers pings itself. */
export const receiverOptions = (maxPacketBytes: number) => ({
  maxPayload: maxPacketBytes,
  perMessageDeflate: false,
  autoPong: false,
})

/**
 * One open WebSocket, in either role. A ping goes out behind what was sent: its pong tells that the other side has read all before it,
 * since frames are read in their order (RFC 6455 §5.5.2). One ping at a time, for others take many for an attack.
 */
export class WsLink {
  readonly #socket: WebSocket
  readonly #options: WsLinkOptions
  readonly #inbox: WsInbox
  /** In the order of their numbers. */
  #waiting: Waiting[] = []
  #sent = 0
  /** Up to which packet a ping has gone out whose pong is not here. */
  #asked: number | undefined
  #heard = true
  #isAnswering = false
  /** The ping that came last while a pong could not leave. */
  #unanswered: Buffer | undefined
  #cancelPing: () => void = () => undefined
  readonly #gone: Promise<void>
  #closing: Promise<void> | undefined
  /** Resolves when the connection is closed and all that came over it is settled. */
  readonly ended: Promise<void>

  constructor(socket: WebSocket, options: WsLinkOptions) {
    this.#socket = socket
    this.#options = options
    const { receive, timer } = options
    this.#inbox = new WsInbox({ receive, timer, onChange: () => this.#throttle() })
    this.#gone = new Promise((resolve) => {
      socket.once('close', (code) => {
        this.#over(code)
        resolve()
      })
    })
    this.ended = this.#gone.then(() => this.#inbox.idle())
    // It is followed by "close".
    socket.on('error', () => undefined)
    socket.on('message', (data) => this.#take(data))
    socket.on('ping', (data) => this.#answer(data))
    socket.on('pong', (data) => this.#confirm(data))
    this.#watch()
  }

  /** Tells whether packets of ours are not confirmed, or packets of the other side not settled. */
  get busy(): boolean {
    return this.#waiting.length > 0 || this.#inbox.size > 0
  }

  /** Tells whether packets can be sent. */
  get open(): boolean {
    return this.#closing === undefined && this.#socket.readyState === openState
  }

  /** Sends one packet and waits until the other side has read it. */
  async send(packet: Packet): Promise<void> {
    const { timeoutMs, timer } = this.#options
    if (!this.open) throw broken()
    await new Promise<void>((resolve, reject) => {
      this.#sent += 1
      const waiting: Waiting = {
        number: this.#sent,
        settle: (error) => {
          cancelTimeout()
          if (error) reject(error)
          else resolve()
        },
      }
      const cancelTimeout = timer(timeoutMs, () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting)
        this.#throttle()
        reject(new DidCommError('ERR_TRANSPORT_UNREACHABLE', `no pong within ${timeoutMs} ms`))
      })
      this.#waiting.push(waiting)
      this.#write(packet)
      if (this.#asked === undefined) this.#ask()
    })
  }

  /** The `reply` of all packets that come over this socket; it resolves once the packet is written. */
  readonly reply = async (packet: Packet): Promise<void> => {
    checkSize(packet.bytes, this.#options.maxPacketBytes)
    if (!this.open) throw new DidCommError('ERR_CLOSED', 'the WebSocket is closed')
    await new Promise<void>((resolve, reject) => {
      this.#write(packet, (error) => {
        if (error) reject(new DidCommError('ERR_CLOSED', 'the WebSocket has broken', { cause: error }))
        else resolve()
      })
    })
  }

  /** Lets what was taken in settle, then closes. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#socket.removeAllListeners('message')
    await this.#inbox.close()
    if (this.#socket.isPaused) this.#socket.resume()
    this.#socket.close(goingAway)
    const cancel = this.#options.timer(closeTimeoutMs, () => this.#socket.terminate())
    await this.#gone
    cancel()
  }

  /** JSON goes as text, as agents in browsers expect it, and everything else as binary. */
  #write({ bytes }: Packet, done: (error?: Error | null) => void = () => undefined): void {
    // Not `from`: what is sent may not change with the caller's bytes.
    const copy = Buffer.copyBytesFrom(bytes)
    this.#socket.send(copy, { binary: copy[0] !== 0x7b || !isUtf8(copy) }, done)
  }

  #take(data: RawData): void {
    this.#hear()
    const bytes = bytesOf(data)
    this.#inbox.add({ bytes, mediaType: mediaTypeOf(bytes), reply: this.reply, persistent: true })
  }

  /** Reads on while there is room; a pong of ours may stand behind what waits. */
  #throttle(): void {
    const room = this.#options.maxQueued * (this.#waiting.length > 0 ? surplus : 1)
    const full = this.#inbox.size >= room
    if (full && !this.#socket.isPaused) this.#socket.pause()
    else if (!full && this.#socket.isPaused) {
      this.#heard = true
      this.#socket.resume()
    }
  }

  #hear(): void {
    this.#heard = true
  }

  /**
   * One pong at a time leaves, and where more pings came meanwhile it is for the last of them (RFC 6455 §5.5.3): pongs to somebody who
   * asks and does not read would take all memory.
   */
  #answer(ping: Buffer): void {
    this.#hear()
    if (this.#isAnswering) {
      // A copy: what comes is a view of all that was read at once.
      this.#unanswered = Buffer.copyBytesFrom(ping)
      return
    }
    if (this.#socket.readyState !== openState) return
    this.#isAnswering = true
    this.#socket.pong(ping, undefined, () => {
      this.#isAnswering = false
      const next = this.#unanswered
      this.#unanswered = undefined
      if (next) this.#answer(next)
    })
  }

  #ask(): void {
    this.#asked = this.#sent
    this.#socket.ping(String(this.#asked), undefined, () => undefined)
  }

  #confirm(data: Uint8Array): void {
    this.#hear()
    const asked = this.#asked
    if (asked === undefined || Buffer.from(data).toString('latin1') !== String(asked)) return
    this.#asked = undefined
    while ((this.#waiting[0]?.number ?? Number.POSITIVE_INFINITY) <= asked) this.#waiting.shift()?.settle()
    if (this.#waiting.length > 0) this.#ask()
    this.#throttle()
  }

  /** Ends a connection on which nothing is heard, not even the pong to a ping. */
  #watch(): void {
    this.#cancelPing = this.#options.timer(this.#options.pingIntervalMs, () => {
      // Nothing can be heard while we do not listen.
      if (!this.#heard && !this.#socket.isPaused) {
        this.#socket.terminate()
        return
      }
      this.#heard = false
      if (this.open) this.#socket.ping('', undefined, () => undefined)
      this.#watch()
    })
  }

  #over(code: number): void {
    this.#cancelPing()
    const waiting = this.#waiting
    this.#waiting = []
    // Of several packets it is not known which one was too much; the others may be sent again.
    const isTooBig = code === tooBig && waiting.length === 1
    const error = isTooBig
      ? new DidCommError('ERR_TOO_LARGE', 'the other side takes no packets of this size')
      : broken()
    for (const one of waiting) one.settle(error)
    this.#options.onClose()
  }
}

function broken(): DidCommError {
  return new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'the WebSocket has broken')
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data))
  return new Uint8Array(data)
}
