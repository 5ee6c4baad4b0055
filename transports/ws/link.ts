import { Buffer, isUtf8 } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { DidCommError, isDidCommError } from '../../runtime/errors.ts'
import type { Packet, Receive } from '../../runtime/transport.ts'
import type { Timer } from '../../runtime/world.ts'
import { mediaTypeOf } from '../http/media.ts'
import { LinkInbox } from '../link-inbox.ts'
import { checkSize } from '../reply.ts'
import { WsPartial } from './partial.ts'
import { WsPongs } from './pongs.ts'

export interface WsLinkOptions {
  readonly receive: Receive
  readonly maxPacketBytes: number
  readonly maxQueued: number
  /** What waits in all connections together, and what it may come to. */
  readonly buffered: { bytes: number }
  readonly maxBufferedBytes: number
  readonly timeoutMs: number
  readonly pingIntervalMs: number
  /** Where somebody has opened it to us: what they came over. They have to bring packets, and in time. */
  readonly from?: Duplex
  readonly timer: Timer
  readonly onClose: () => void
}

/** How many packets may wait here while one of ours is not confirmed: the pong stands behind them. */
const surplus = 8
const openState = 1
const closeTimeoutMs = 1_000
const goingAway = 1001
const tooBig = 1009
const ignored = () => undefined

/** What is told to `ws` of either role. Pongs are ours: what is dropped gets none. */
export function wsOptions(maxPacketBytes: number): { maxPayload: number; perMessageDeflate: false; autoPong: false } {
  return { maxPayload: maxPacketBytes, perMessageDeflate: false, autoPong: false }
}

/**
 * One open WebSocket, in either role. What is sent over it is confirmed by a pong; where that does not come the connection is given up, so that who
 * sits on the other side learns of it as well, and opens another one.
 */
export class WsLink {
  readonly #socket: WebSocket
  readonly #options: WsLinkOptions
  readonly #inbox: LinkInbox
  readonly #pongs: WsPongs
  readonly #partial: WsPartial
  #heard = true
  #dropped = false
  /** Bytes of replies that the host has not taken over from us. */
  #unwrittenBytes = 0
  #isAnswering = false
  /** The ping that came last while a pong could not leave. */
  #unanswered: Uint8Array | undefined
  #cancelPing: () => void = ignored
  #cancelSilence: () => void = ignored
  readonly #gone: Promise<void>
  #isClosing = false
  #closing: Promise<void> | undefined
  /** Resolves when the connection is closed and all that came over it is settled. */
  readonly ended: Promise<void>

  constructor(socket: WebSocket, options: WsLinkOptions) {
    this.#socket = socket
    this.#options = options
    const { buffered, from, receive, timeoutMs, timer } = options
    const mayBegin = () => !this.#isUnread
    this.#inbox = new LinkInbox({ receive, timer, mayBegin, buffered, onChange: () => this.#throttle() })
    const limits = { isDeaf: () => socket.isPaused, timeoutMs, timer }
    const giveUp = () => socket.terminate()
    this.#pongs = new WsPongs({ ...limits, ping: (data) => socket.ping(data, undefined, ignored), onSilence: giveUp })
    this.#partial = new WsPartial({ ...limits, onLate: giveUp })
    this.#gone = new Promise((resolve) => {
      socket.once('close', (code) => {
        this.#over(code)
        resolve()
      })
    })
    this.ended = this.#gone.then(() => this.#inbox.idle())
    // It is followed by "close".
    socket.on('error', ignored)
    socket.on('message', (data) => this.#take(data))
    socket.on('ping', (data) => this.#pong(data))
    socket.on('pong', (data) => this.#confirm(data))
    this.#watch()
    if (from) this.#cancelSilence = timer(timeoutMs, giveUp)
    // Behind the listener of `ws`, which has taken the bytes apart by then.
    from?.on('data', (chunk: Uint8Array) => this.#partial.read(chunk.length))
  }

  /** Tells whether packets of ours are not confirmed, or packets of the other side not settled. */
  get busy(): boolean {
    return this.#pongs.size > 0 || this.#inbox.size > 0
  }

  /** Tells whether packets can be sent. */
  get open(): boolean {
    return !this.#isClosing && this.#socket.readyState === openState
  }

  /** Sends one packet and waits until the other side has read it. */
  async send(packet: Packet): Promise<void> {
    if (!this.open) throw broken()
    const read = this.#pongs.confirmed(() => this.#write(packet, ignored))
    // There is more room now: the pong stands behind what comes in.
    this.#throttle()
    await read
  }

  /**
   * The `reply` of all packets that come over this socket. It is possible while what was taken in settles, and resolves at the pong as `send`
   * does: what is written into a connection whose other end has vanished is no delivery.
   */
  readonly reply = async (packet: Packet): Promise<void> => {
    const { length } = packet.bytes
    checkSize(packet.bytes, this.#options.maxPacketBytes)
    if (this.#socket.readyState !== openState) throw new DidCommError('ERR_CLOSED', 'the WebSocket is closed')
    try {
      const read = this.#pongs.confirmed(() => {
        this.#unwrittenBytes += length
        this.#write(packet, () => this.#written(length))
      })
      this.#throttle()
      await read
    } catch (error) {
      if (isDidCommError(error, 'ERR_TOO_LARGE')) throw error
      throw new DidCommError('ERR_CLOSED', 'the WebSocket has broken', { cause: error })
    }
  }

  /** Lets what was taken in settle and its replies be read, then closes. What comes meanwhile is neither taken nor confirmed. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#isClosing = true
    this.#inbox.goOn()
    await this.#inbox.close()
    if (this.#socket.isPaused) this.#socket.resume()
    // The other side answers this after all that it has confirmed.
    this.#socket.close(goingAway)
    const cancel = this.#options.timer(closeTimeoutMs, () => this.#socket.terminate())
    await this.#gone
    cancel()
  }

  /** Ends the connection at once, whatever is under way. */
  cut(): void {
    this.#socket.terminate()
  }

  /** JSON goes as text, as agents in browsers expect it, and everything else as binary. */
  #write({ bytes }: Packet, done: () => void): void {
    // Not `from`: what is sent may not change with the caller's bytes.
    const copy = Buffer.copyBytesFrom(bytes)
    this.#socket.send(copy, { binary: copy[0] !== 0x7b || !isUtf8(copy) }, done)
  }

  #written(replyBytes: number): void {
    this.#unwrittenBytes -= replyBytes
    this.#inbox.goOn()
    this.#throttle()
  }

  #take(data: RawData): void {
    this.#heard = true
    this.#cancelSilence()
    this.#partial.message()
    this.#dropped ||= this.#isClosing
    if (this.#dropped) return
    const bytes = bytesOf(data)
    const { reply } = this
    this.#inbox.add({ bytes, mediaType: mediaTypeOf(bytes), reply, persistent: true, ended: this.#gone })
  }

  /** Reads on while there is room; a pong of ours may stand behind what waits. */
  #throttle(): void {
    const { buffered, maxBufferedBytes, maxQueued } = this.#options
    const room = buffered.bytes > maxBufferedBytes ? 1 : maxQueued * (this.#pongs.size > 0 ? surplus : 1)
    const full = this.#inbox.size >= room
    if (full && !this.#socket.isPaused) this.#socket.pause()
    else if (!full && this.#socket.isPaused) {
      this.#heard = true
      this.#socket.resume()
      this.#pongs.resumed()
    }
  }

  /**
   * The other side does not read our replies, and gets no more of them. What we send of our own does not count: both sides would
   * wait for each other.
   */
  get #isUnread(): boolean {
    return this.open && this.#unwrittenBytes > 2 * this.#options.maxPacketBytes
  }

  /**
   * Confirms what was read before, unless some of it was dropped in closing. One pong at a time leaves, and where more pings came meanwhile
   * it is for the last of them (RFC 6455 §5.5.3): pongs to somebody who asks and does not read would take all memory.
   */
  #pong(data: Uint8Array): void {
    this.#heard = true
    this.#partial.control(data.length)
    // A copy: what comes is a view of all that was read at once.
    if (this.#isAnswering) this.#unanswered = Uint8Array.from(data)
    else this.#answer(data)
  }

  #answer(ping: Uint8Array): void {
    if (this.#dropped || this.#socket.readyState !== openState) return
    this.#isAnswering = true
    this.#socket.pong(ping, undefined, () => {
      this.#isAnswering = false
      const next = this.#unanswered
      this.#unanswered = undefined
      if (next) this.#answer(next)
    })
  }

  #confirm(data: Uint8Array): void {
    this.#heard = true
    this.#partial.control(data.length)
    this.#pongs.take(data)
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
      if (this.open) this.#socket.ping('', undefined, ignored)
      this.#watch()
    })
  }

  #over(code: number): void {
    this.#cancelPing()
    this.#cancelSilence()
    this.#partial.end()
    // Of several packets it is not known which one was too much; the others may be sent again.
    const isTooBig = code === tooBig && this.#pongs.size === 1
    const error = isTooBig
      ? new DidCommError('ERR_TOO_LARGE', 'the other side takes no packets of this size')
      : broken()
    this.#pongs.end(error)
    this.#inbox.goOn()
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
