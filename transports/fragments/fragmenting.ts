import { DidCommError } from '../../runtime/errors.ts'
import type { Packet, Receive, Transport } from '../../runtime/transport.ts'
import type { World } from '../../runtime/world.ts'
import { checkSize } from '../reply.ts'
import { world } from '../world.ts'
import { fragment, isFragment, minPacketBytes, type Sha256 } from './fragment.ts'
import { type FragmentDrop, FragmentInbox, type FragmentInboxOptions } from './inbox.ts'

export { decodeFragment, type Fragment, fragment, isFragment, type Sha256, tagOf, type Whole } from './fragment.ts'
export type { FragmentDrop } from './inbox.ts'
export { FragmentReassembly, type FragmentReassemblyOptions, type LetGo, type Taken } from './reassembly.ts'

export interface FragmentingOptions {
  /** The hash of the crypto core, or any other SHA-256. */
  readonly sha256: Sha256
  /** The longest packet that the link carries, 16 or more; what the transport carries where absent. */
  readonly maxPacketBytes?: number
  /** The longest message, in both directions; 64 KiB where absent. */
  readonly maxMessageBytes?: number
  /** How many messages are put together at the same time; 64 where absent. */
  readonly maxMessages?: number
  /** How many bytes are held for them, each fragment 128 more than it carries; 256 KiB where absent. */
  readonly maxHeldBytes?: number
  /** How long a message may bring nothing new; 60 s where absent. A link on which a fragment takes minutes needs more. */
  readonly timeoutMs?: number
  /**
   * How many of the last packets may be fragments whose receipt waits until their message is whole, 0 to 8; 8 where absent. It has to be less than what the
   * transport receives at the same time. Where it is 0, what is acknowledged and not yet whole is lost with the program.
   */
  readonly maxHeldReceipts?: number
  /** Counts fragments that were not joined. Must not throw. */
  readonly onDrop?: (reason: FragmentDrop) => void
  readonly world?: Pick<World, 'now' | 'timer'>
}

/** As many fragments of one message are under way at most: more than any receiver holds receipts of, or each would wait for the other. */
const window = 16
const mostHeldReceipts = 8

/**
 * Cuts messages that are too long for the packets of a transport, and puts together what the other side has cut (`docs/fragments.md`). Both sides
 * need it. What fits into a packet travels as it is, so that it costs nothing there.
 *
 * @throws RangeError for limits that cannot be
 *
 * @example
 * import { sha256 } from 'didcomm-mote/crypto'
 * import { fragmenting } from 'didcomm-mote/transports/fragmenting'
 * import { memoryNetwork } from 'didcomm-mote/transports/memory'
 *
 * const link = memoryNetwork({ maxPacketBytes: 51 }).transport('sensor')
 * const transport = fragmenting(link, { sha256 })
 */
export function fragmenting(transport: Transport, options: FragmentingOptions): Transport {
  return new FragmentingTransport(transport, options)
}

class FragmentingTransport implements Transport {
  readonly schemes: readonly string[]
  readonly maxPacketBytes: number
  readonly canReach?: (uri: string) => boolean
  readonly #link: Transport
  readonly #linkBytes: number
  readonly #sha256: Sha256
  readonly #inbox: FragmentInbox
  /** Ours for each `reply` of the link: who compares them finds the same for the same connection. */
  readonly #replies = new WeakMap<NonNullable<Packet['reply']>, NonNullable<Packet['reply']>>()
  #receive: Receive = () => Promise.reject(new DidCommError('ERR_CLOSED', 'the transport has not started'))

  constructor(link: Transport, options: FragmentingOptions) {
    const { sha256, maxPacketBytes = link.maxPacketBytes } = options
    const linkBytes = Math.min(maxPacketBytes, link.maxPacketBytes)
    if (!(linkBytes >= minPacketBytes)) {
      throw new RangeError(`"maxPacketBytes" expected ${minPacketBytes} or more, got ${linkBytes}`)
    }
    const limits = limitsOf(options)
    this.#link = link
    this.#linkBytes = linkBytes
    this.#sha256 = sha256
    this.#inbox = new FragmentInbox(limits, (packet) => this.#receive(packet))
    this.schemes = link.schemes
    this.maxPacketBytes = limits.maxMessageBytes
    if (link.canReach) this.canReach = (uri) => link.canReach?.(uri) ?? true
  }

  async start(receive: Receive): Promise<void> {
    this.#receive = receive
    await this.#link.start((packet) => this.#inbox.take(this.#withReply(packet)))
  }

  async send(uri: string, packet: Packet): Promise<void> {
    checkSize(packet.bytes, this.maxPacketBytes)
    await this.#sendPieces(packet, (piece) => this.#link.send(uri, piece))
  }

  async close(): Promise<void> {
    this.#inbox.close()
    await this.#link.close()
  }

  /** Sends what carries a packet, in order, some of it at the same time. Where one fails, no more are begun. */
  async #sendPieces(packet: Packet, send: (piece: Packet) => Promise<void>): Promise<void> {
    const pieces = fragment(packet.bytes, this.#linkBytes, this.#sha256)
    const sendInTurn = async () => {
      // An error ends `pieces` for all that take from it.
      for (const piece of pieces) await send({ ...packet, bytes: piece })
    }
    // One that is as long may need a second packet, for the byte in front.
    if (packet.bytes.length < this.#linkBytes) await sendInTurn()
    else await Promise.all(Array.from({ length: window }, sendInTurn))
  }

  #withReply({ reply, ...packet }: Packet): Packet {
    if (!reply) return packet
    const known = this.#replies.get(reply)
    if (known) return { ...packet, reply: known }
    const own = async (answer: Packet) => {
      checkSize(answer.bytes, this.maxPacketBytes)
      // One packet goes back over an exchange; a message that begins as a fragment would takes a byte more.
      if (!packet.persistent) checkSize(answer.bytes, this.#linkBytes - (isFragment(answer.bytes) ? 1 : 0))
      await this.#sendPieces(answer, reply)
    }
    this.#replies.set(reply, own)
    return { ...packet, reply: own }
  }
}

/** @throws RangeError */
function limitsOf(options: FragmentingOptions): FragmentInboxOptions {
  const { maxHeldReceipts = mostHeldReceipts } = options
  if (!(maxHeldReceipts >= 0 && maxHeldReceipts <= mostHeldReceipts)) {
    throw new RangeError(`"maxHeldReceipts" expected 0 to ${mostHeldReceipts}, got ${maxHeldReceipts}`)
  }
  return {
    sha256: options.sha256,
    maxMessageBytes: options.maxMessageBytes ?? 65_536,
    maxMessages: options.maxMessages ?? 64,
    maxHeldBytes: options.maxHeldBytes ?? 262_144,
    timeoutMs: options.timeoutMs ?? 60_000,
    maxHeldReceipts,
    onDrop: options.onDrop ?? (() => undefined),
    world: options.world ?? world(),
  }
}
