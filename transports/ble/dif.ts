import { decodeUtf8, encodeUtf8, equalBytes } from '../../runtime/bytes/index.ts'
import { DidCommError } from '../../runtime/errors.ts'
import type { Packet, Receive } from '../../runtime/transport.ts'
import type { World } from '../../runtime/world.ts'
import { LinkInbox } from '../link-inbox.ts'
import { checkSize } from '../reply.ts'
import type { BleConnection } from './link.ts'
import type { BlePort } from './port.ts'

export interface DifLinkOptions {
  readonly name: string
  readonly receive: Receive
  readonly maxPacketBytes: number
  /** How long a write, and the next chunk of a message, may take. */
  readonly timeoutMs: number
  readonly world: Pick<World, 'timer'>
}

const endOfMessage = encodeUtf8('EOM')
const openingBrace = 0x7b

/**
 * A link as in the DIF's draft of DIDComm over Bluetooth (2021): the chunks of one JSON envelope, then a value that is "EOM". It has no
 * lengths, no numbers and no receipts: `send` resolves when all is written, and what is overtaken is lost with its message.
 */
export class DifLink implements BleConnection {
  readonly name: string
  readonly ended: Promise<void>
  readonly #port: BlePort
  readonly #options: DifLinkOptions
  readonly #inbox: LinkInbox
  #chunks: Uint8Array[] = []
  #receivedBytes = 0
  /** The last of the sends, which go one after the other. */
  #last: Promise<void> = Promise.resolve()
  #sending = 0
  #cancelTimeout: () => void = () => undefined
  #isOver = false
  #closing: Promise<void> | undefined
  readonly #gone: Promise<void>
  #end: () => void = () => undefined

  constructor(port: BlePort, options: DifLinkOptions) {
    this.#port = port
    this.#options = options
    this.name = options.name
    const { receive, world } = options
    this.#inbox = new LinkInbox({ receive, timer: world.timer, onChange: () => undefined })
    this.#gone = new Promise((resolve) => {
      this.#end = resolve
    })
    this.ended = this.#gone.then(() => this.#inbox.close())
    port.open({ value: (value) => this.#take(value), end: () => this.#over() })
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#closing === undefined
  }

  get isBusy(): boolean {
    return this.#sending > 0 || this.#inbox.size > 0
  }

  /** Writes one packet after those before it. */
  async send({ bytes }: Packet): Promise<void> {
    checkSize(bytes, this.#options.maxPacketBytes)
    if (bytes[0] !== openingBrace) {
      throw new DidCommError('ERR_TRANSPORT_REJECTED', 'the mode of the DIF draft carries JSON only')
    }
    const copy = new Uint8Array(bytes)
    this.#sending += 1
    const sent = this.#last
      .then(() => this.#write(copy))
      .finally(() => {
        this.#sending -= 1
      })
    this.#last = sent.catch(() => undefined)
    await sent
  }

  readonly reply = async (packet: Packet): Promise<void> => {
    if (!this.isOpen) throw new DidCommError('ERR_CLOSED', 'the BLE link is closed')
    await this.send(packet)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#last
    await this.#inbox.close()
    this.#over()
    await this.#port.close()
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { maxValueBytes } = this.#port
    try {
      for (let start = 0; start < bytes.length; start += maxValueBytes) {
        await this.#inTime(this.#port.write(bytes.subarray(start, start + maxValueBytes)))
      }
      await this.#inTime(this.#port.write(endOfMessage))
    } catch (cause) {
      // The other side has a part of a message, and would take the next one for the rest of it.
      this.#giveUp()
      throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'the BLE link has ended', { cause })
    }
  }

  #take(value: Uint8Array): void {
    if (this.#isOver) return
    this.#cancelTimeout()
    if (equalBytes(value, endOfMessage)) {
      this.#whole()
      return
    }
    this.#chunks.push(new Uint8Array(value))
    this.#receivedBytes += value.length
    if (value.length === 0 || this.#receivedBytes > this.#options.maxPacketBytes) this.#giveUp()
    else this.#cancelTimeout = this.#options.world.timer(this.#options.timeoutMs, () => this.#giveUp())
  }

  #whole(): void {
    const bytes = new Uint8Array(this.#receivedBytes)
    let end = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, end)
      end += chunk.length
    }
    this.#chunks = []
    this.#receivedBytes = 0
    if (bytes[0] !== openingBrace || !isText(bytes)) return
    this.#inbox.add({ bytes, reply: this.reply, persistent: true, ended: this.#gone })
  }

  #inTime(work: Promise<void>): Promise<void> {
    const { timeoutMs, world } = this.#options
    return new Promise((resolve, reject) => {
      const cancel = world.timer(timeoutMs, () => reject(new Error('a write takes too long')))
      work.then(resolve, reject).finally(cancel)
    })
  }

  #giveUp(): void {
    this.#over()
    this.#port.close().catch(() => undefined)
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelTimeout()
    this.#chunks = []
    this.#end()
  }
}

function isText(bytes: Uint8Array): boolean {
  try {
    decodeUtf8(bytes)
    return true
  } catch {
    return false
  }
}
