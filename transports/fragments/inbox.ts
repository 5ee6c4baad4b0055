import { encodeHex } from '../../runtime/bytes/index.ts'
import { DidCommError, isDidCommError } from '../../runtime/errors.ts'
import type { Packet, Receipt, Receive } from '../../runtime/transport.ts'
import type { World } from '../../runtime/world.ts'
import { decodeFragment, type Fragment, isFragment } from './fragment.ts'
import { Held, HeldReceipts } from './held-receipts.ts'
import { FragmentReassembly, type FragmentReassemblyOptions, type LetGo, type Taken } from './reassembly.ts'

/** Why fragments were not joined. `malformed` and `too-large` were refused; for the others see `LetGo`. */
export type FragmentDrop = LetGo | 'malformed' | 'too-large'

export interface FragmentInboxOptions extends FragmentReassemblyOptions {
  readonly maxHeldReceipts: number
  readonly onDrop: (reason: FragmentDrop) => void
  readonly world: Pick<World, 'now' | 'timer'>
}

/** A message of which fragments are here. */
interface Arriving {
  /** The digests of its fragments. */
  readonly digests: Set<string>
  readonly held: Set<Held>
  /** Its receipt, while it is received as a whole. */
  receiving?: Promise<Receipt>
}

/** How many fragments of accepted messages are remembered. */
const maxAccepted = 4096

/**
 * The receiving half of `fragmenting()`. The receipts of fragments are that of their message, where they can wait for it: so what is not settled is not
 * acknowledged, and the sender learns what became of it.
 */
export class FragmentInbox {
  readonly #options: FragmentInboxOptions
  readonly #receive: Receive
  readonly #reassembly: FragmentReassembly
  readonly #receipts: HeldReceipts
  readonly #arriving = new Map<string, Arriving>()
  /** When messages were accepted, by the digests of their fragments, the oldest first: copies of these may still come. */
  readonly #accepted = new Map<string, number>()
  #cancelTimer: (() => void) | undefined
  #isClosed = false

  constructor(options: FragmentInboxOptions, receive: Receive) {
    this.#options = options
    this.#receive = receive
    this.#reassembly = new FragmentReassembly(options)
    this.#receipts = new HeldReceipts(options.maxHeldReceipts)
  }

  /** Takes over a packet: it goes on as it is, or waits until the message of which it is a piece is whole. */
  readonly take: Receive = (packet) => {
    const held = isFragment(packet.bytes) ? this.#takeFragment(packet) : new Held(this.#receive(packet))
    this.#receipts.passed(held)
    return held.receipt
  }

  /** Lets go of all that waits. */
  close(): void {
    this.#isClosed = true
    for (const tag of [...this.#arriving.keys()]) {
      this.#reassembly.forget(tag)
      this.#end(tag, closed())
    }
    this.#watch()
  }

  #takeFragment(packet: Packet): Held {
    if (this.#isClosed) return new Held(closed())
    try {
      const decoded = decodeFragment(packet.bytes)
      return 'tag' in decoded
        ? this.#join(decoded, packet)
        : new Held(this.#receive({ ...packet, bytes: decoded.message }))
    } catch (error) {
      if (!isDidCommError(error)) throw error
      const isTooLarge = error.code === 'ERR_TOO_LARGE'
      this.#options.onDrop(isTooLarge ? 'too-large' : 'malformed')
      return new Held(receiptOf(error))
    }
  }

  /** @throws DidCommError for a fragment of what can be no message */
  #join(fragment: Fragment, packet: Packet): Held {
    const digest = encodeHex(this.#options.sha256(packet.bytes).subarray(0, 8))
    if (this.#wasAccepted(digest)) return new Held('accepted')
    const { message, letGo } = this.#taken(fragment)
    for (const { tag, reason } of letGo) this.#drop(tag, letGoOf(), reason)
    const arriving = this.#arrivingOf(fragment.tag)
    arriving.digests.add(digest)
    const held = new Held()
    arriving.held.add(held)
    const isOver = () => void arriving.held.delete(held)
    held.receipt.then(isOver, isOver)
    if (message) this.#hand(fragment.tag, arriving, { ...packet, bytes: message })
    this.#watch()
    return held
  }

  #taken(fragment: Fragment): Taken {
    try {
      return this.#reassembly.take(fragment, this.#options.world.now())
    } catch (error) {
      if (isDidCommError(error)) this.#end(fragment.tag, receiptOf(error))
      throw error
    }
  }

  #arrivingOf(tag: string): Arriving {
    const known = this.#arriving.get(tag)
    if (known) return known
    const arriving = { digests: new Set<string>(), held: new Set<Held>() }
    this.#arriving.set(tag, arriving)
    return arriving
  }

  /** Hands a message on, once at a time, and has all receipts that wait for it be that of the message. */
  #hand(tag: string, arriving: Arriving, packet: Packet): void {
    arriving.receiving ??= this.#received(tag, arriving, packet)
    for (const held of arriving.held) held.settle(arriving.receiving)
  }

  /** What cannot be received for now is kept: fragments whose receipts were given do not come again. */
  async #received(tag: string, arriving: Arriving, packet: Packet): Promise<Receipt> {
    try {
      const receipt = await this.#receive(packet)
      if (receipt === 'accepted') this.#remember(arriving.digests)
      if (this.#arriving.get(tag) === arriving) {
        this.#arriving.delete(tag)
        this.#reassembly.forget(tag)
        this.#watch()
      }
      return receipt
    } finally {
      delete arriving.receiving
    }
  }

  #remember(digests: Iterable<string>): void {
    for (const digest of digests) {
      this.#accepted.set(digest, this.#options.world.now())
      const [oldest] = this.#accepted.keys()
      if (this.#accepted.size > maxAccepted && oldest !== undefined) this.#accepted.delete(oldest)
    }
  }

  #wasAccepted(digest: string): boolean {
    const atMs = this.#accepted.get(digest)
    return atMs !== undefined && Math.abs(this.#options.world.now() - atMs) < this.#options.timeoutMs
  }

  #drop(tag: string, outcome: Receipt | Promise<Receipt>, reason: FragmentDrop): void {
    this.#options.onDrop(reason)
    this.#end(tag, outcome)
  }

  /** Gives the receipts that wait for a message. */
  #end(tag: string, outcome: Receipt | Promise<Receipt>): void {
    const { held = [] } = this.#arriving.get(tag) ?? {}
    this.#arriving.delete(tag)
    for (const one of held) one.settle(outcome)
  }

  /** Has the time be looked at when the next message is overdue. */
  #watch(): void {
    const { now, timer } = this.#options.world
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const { overdueMs } = this.#reassembly
    if (overdueMs !== undefined) this.#cancelTimer = timer(Math.max(1, overdueMs - now()), () => this.#expire())
  }

  #expire(): void {
    const isUnderWay = (tag: string) => this.#arriving.get(tag)?.receiving !== undefined
    for (const tag of this.#reassembly.expire(this.#options.world.now(), isUnderWay))
      this.#drop(tag, 'refused', 'timeout')
    this.#watch()
  }
}

function receiptOf({ code }: DidCommError): Receipt {
  return code === 'ERR_TOO_LARGE' ? 'too-large' : 'refused'
}

/** A sender that sends all of them again may find a place for them. */
const letGoOf = () => rejected(new DidCommError('ERR_STORE_FULL', 'the fragments of the message were let go'))
const closed = () => rejected(new DidCommError('ERR_CLOSED', 'the transport is closed'))

/** For receipts that wait, if there are any. */
function rejected(error: DidCommError): Promise<Receipt> {
  const outcome = Promise.reject(error)
  outcome.catch(() => undefined)
  return outcome
}
