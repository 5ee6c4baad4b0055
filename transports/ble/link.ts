import { DidCommError } from '../../runtime/errors.ts'
import type { Packet, Receipt, Receive } from '../../runtime/transport.ts'
import type { World } from '../../runtime/world.ts'
import { checkSize } from '../reply.ts'
import { decodeInfo, decodeValue, encodeReceipt, type LinkInfo, type ReceiptKind } from './framing.ts'
import type { BlePort } from './port.ts'
import { type Reassembled, Reassembly } from './reassembly.ts'
import { type Outcome, SendWindow } from './window.ts'

export interface BleLinkOptions {
  readonly receive: Receive
  /** What this side has said of itself. */
  readonly window: number
  readonly maxPacketBytes: number
  /** How long a receipt, a write and the rest of a message may take. */
  readonly timeoutMs: number
  readonly world: Pick<World, 'now' | 'timer'>
}

/** One open connection to one other party. */
export interface BleConnection {
  /** Under which name the other side says it is reached. */
  readonly name: string
  readonly isOpen: boolean
  /** Tells whether messages of ours have no receipt, or messages of the other side are not settled. */
  readonly isBusy: boolean
  readonly reply: (packet: Packet) => Promise<void>
  send(packet: Packet): Promise<void>
  close(): Promise<void>
  /** Resolves when the connection has ended and all that came over it is settled. */
  readonly ended: Promise<void>
  /** Why it was given up from here. */
  readonly fault?: Error | undefined
}

const maxConcurrent = 16
/** How often it is looked whether something takes too long, in a timeout. */
const looks = 4

/**
 * A link in the framing of docs/ble.md. Receipts go back when messages are settled, so that `send` knows. A link on which something is
 * missing, malformed or late is given up as a whole, port and all: nobody could say what the other side has.
 */
export class BleLink implements BleConnection {
  readonly name: string
  readonly ended: Promise<void>
  fault: Error | undefined
  readonly #port: BlePort
  readonly #options: BleLinkOptions
  readonly #peer: LinkInfo
  readonly #outgoing: SendWindow
  readonly #reassembly: Reassembly
  readonly #receipts: Uint8Array[] = []
  readonly #queue: Reassembled[] = []
  #receiving = 0
  #isWriting = false
  #writingSinceMs: number | undefined
  #heardMs = 0
  #cancelWatch: (() => void) | undefined
  #closing: Promise<void> | undefined
  #isOver = false
  #onIdle: (() => void)[] = []
  readonly #gone: Promise<void>
  #end: () => void = () => undefined

  /** @throws DidCommError `ERR_BYTES_MALFORMED` where the other side has introduced itself badly */
  constructor(port: BlePort, options: BleLinkOptions) {
    this.#port = port
    this.#options = options
    this.#peer = decodeInfo(port.info ?? new Uint8Array(0))
    this.name = this.#peer.name
    const { maxPacketBytes, timeoutMs, window } = options
    this.#outgoing = new SendWindow(this.#peer, Math.min(port.maxValueBytes, this.#peer.maxValueBytes))
    this.#reassembly = new Reassembly({ window, maxMessageBytes: maxPacketBytes, timeoutMs })
    this.#gone = new Promise((resolve) => {
      this.#end = resolve
    })
    this.ended = this.#gone.then(() => this.#idle())
    port.open({ value: (value) => this.#take(value), end: () => this.#over() })
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#closing === undefined
  }

  get isBusy(): boolean {
    return this.#outgoing.size > 0 || this.#unsettled > 0
  }

  /** Sends one packet and waits for its receipt. */
  async send({ bytes }: Packet): Promise<void> {
    checkSize(bytes, this.#peer.maxMessageBytes)
    if (!this.isOpen) throw broken()
    const outcome = await new Promise<Outcome>((resolve) => {
      if (this.#outgoing.size === 0) this.#heardMs = this.#options.world.now()
      this.#outgoing.add(new Uint8Array(bytes), resolve)
      this.#work()
    })
    if (outcome === 'lost') throw broken()
    if (outcome === 'refused') throw new DidCommError('ERR_TRANSPORT_REJECTED', 'the other side refused the packet')
    if (outcome === 'later') throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'the other side asks to try later')
  }

  /** The `reply` of all packets that come over this link. */
  readonly reply = async (packet: Packet): Promise<void> => {
    if (!this.isOpen) throw new DidCommError('ERR_CLOSED', 'the BLE link is closed')
    await this.send(packet)
  }

  /** Lets what was taken in settle and gives its receipts, then ends the connection. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const { sequence } of this.#queue.splice(0)) this.#give('later', sequence)
    this.#work()
    await this.#idle()
    while (this.#isWriting && !this.#isOver) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
    this.#over()
    await this.#port.close()
  }

  get #unsettled(): number {
    return this.#queue.length + this.#receiving
  }

  /** Waits until nothing is being received. */
  async #idle(): Promise<void> {
    while (this.#receiving > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  #take(value: Uint8Array): void {
    if (this.#isOver) return
    try {
      const decoded = decodeValue(value)
      if ('kind' in decoded) {
        this.#heardMs = this.#options.world.now()
        this.#outgoing.take(decoded)
      } else {
        this.#queue.push(...this.#reassembly.take(decoded, this.#options.world.now()))
        const receipt = this.#reassembly.receipt()
        if (receipt) this.#receipts.push(encodeReceipt(receipt))
      }
    } catch (error) {
      this.#giveUp(error)
      return
    }
    this.#work()
  }

  /** Begins what may begin: to receive, to write, to look whether something takes too long. */
  #work(): void {
    if (this.#closing) for (const { sequence } of this.#queue.splice(0)) this.#give('later', sequence)
    while (this.#receiving < maxConcurrent) {
      const message = this.#queue.shift()
      if (!message) break
      this.#receiving += 1
      void this.#settle(message)
    }
    if (!this.#isWriting && !this.#isOver) void this.#write()
    this.#watch()
  }

  async #settle({ bytes, sequence }: Reassembled): Promise<void> {
    this.#give(await this.#receive(bytes), sequence)
    this.#receiving -= 1
    this.#work()
    this.#wake()
  }

  async #receive(bytes: Uint8Array): Promise<ReceiptKind> {
    try {
      const packet = { bytes, reply: this.reply, persistent: true, ended: this.#gone } as const
      const receipt: Receipt = await this.#options.receive(packet)
      return receipt === 'accepted' ? 'accepted' : 'refused'
    } catch {
      return 'later'
    }
  }

  #give(kind: ReceiptKind, sequence: number): void {
    this.#receipts.push(encodeReceipt({ kind, sequence }))
  }

  /** Writes while there is something to write, receipts first: the other side waits for them. */
  async #write(): Promise<void> {
    this.#isWriting = true
    const { now } = this.#options.world
    try {
      while (!this.#isOver) {
        const value = this.#receipts.shift() ?? this.#outgoing.next()
        if (!value) break
        this.#writingSinceMs = now()
        await this.#port.write(value)
      }
    } catch (error) {
      this.#giveUp(error)
    } finally {
      this.#isWriting = false
      this.#writingSinceMs = undefined
      this.#wake()
    }
  }

  #watch(): void {
    const waits = this.#outgoing.size > 0 || this.#isWriting || this.#reassembly.isWaiting
    if (!waits || this.#isOver) {
      this.#cancelWatch?.()
      this.#cancelWatch = undefined
    } else if (!this.#cancelWatch) {
      this.#cancelWatch = this.#options.world.timer(this.#options.timeoutMs / looks, () => {
        this.#cancelWatch = undefined
        const late = this.#late()
        if (late) this.#giveUp(new Error(`${late} takes too long`))
        else this.#watch()
      })
    }
  }

  #late(): string | undefined {
    const { timeoutMs, world } = this.#options
    const nowMs = world.now()
    const isLate = (sinceMs: number | undefined) => sinceMs !== undefined && nowMs - sinceMs >= timeoutMs
    if (isLate(this.#writingSinceMs)) return 'a write'
    if (this.#outgoing.size > 0 && isLate(this.#heardMs)) return 'a receipt'
    return this.#reassembly.isOverdue(nowMs, this.#unsettled > 0) ? 'the rest of a message' : undefined
  }

  /** Ends the connection from here, for good. */
  #giveUp(error: unknown): void {
    if (this.#isOver) return
    this.fault = error instanceof Error ? error : new Error(String(error))
    this.#over()
    this.#port.close().catch(() => undefined)
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelWatch?.()
    this.#queue.length = 0
    this.#receipts.length = 0
    this.#outgoing.end()
    this.#end()
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}

function broken(): DidCommError {
  return new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'the BLE link has ended')
}
