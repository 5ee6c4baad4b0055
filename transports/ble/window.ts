import { DidCommError } from '../../runtime/errors.ts'
import { fragment, type LinkInfo, type Receipt, type ReceiptKind, sequenceAfter } from './framing.ts'

/** What became of a message: a receipt came, or the link ended first. */
export type Outcome = ReceiptKind | 'lost'

interface Sending {
  readonly bytes: Uint8Array
  readonly settle: (outcome: Outcome) => void
}

/** The message that is being cut. */
interface Cutting {
  readonly sending: Sending
  readonly values: Generator<Uint8Array, void>
  readonly next: Uint8Array
}

interface UnderWay {
  readonly sequence: number
  readonly sending: Sending
  readonly isLast: boolean
  isDone: boolean
}

/**
 * The sending side of one link: cuts messages into fragments, and lets no more of them be under way than the other side takes. Receipts for
 * messages may come in any order; the window moves on over what has one.
 */
export class SendWindow {
  readonly #window: number
  readonly #valueBytes: number
  readonly #queue: Sending[] = []
  /** From the oldest fragment without a receipt, in the order of their numbers. */
  #underWay: UnderWay[] = []
  #sequence = 0
  #current: Cutting | undefined

  constructor(peer: Pick<LinkInfo, 'window'>, valueBytes: number) {
    this.#window = peer.window
    this.#valueBytes = valueBytes
  }

  /** How many messages wait for their receipt, or to be sent. */
  get size(): number {
    const unsettled = this.#underWay.filter(({ isLast, isDone }) => isLast && !isDone).length
    return unsettled + this.#queue.length + (this.#current ? 1 : 0)
  }

  /** Queues a message; `settle` is called once. */
  add(bytes: Uint8Array, settle: (outcome: Outcome) => void): void {
    this.#queue.push({ bytes, settle })
  }

  /** Returns the next value to write, if one may be written now. */
  next(): Uint8Array | undefined {
    if (this.#underWay.length >= this.#window) return undefined
    const current = this.#current ?? this.#begin()
    if (!current) return undefined
    const { next: value, sending, values } = current
    const after = values.next().value
    this.#underWay.push({ sequence: this.#sequence, sending, isLast: !after, isDone: false })
    this.#sequence = sequenceAfter(this.#sequence)
    this.#current = after ? { sending, values, next: after } : undefined
    return value
  }

  /**
   * Takes over one receipt; one that came before is no error.
   *
   * @throws DidCommError `ERR_BYTES_MALFORMED` where it settles a message that was not sent to its end
   */
  take({ kind, sequence }: Receipt): void {
    const index = this.#underWay.findIndex((fragment) => fragment.sequence === sequence)
    const named = this.#underWay[index]
    if (!named || named.isDone) return
    if (!named.isLast && kind !== 'accepted') {
      throw new DidCommError('ERR_BYTES_MALFORMED', `a receipt "${kind}" before the end of a message`)
    }
    for (const fragment of this.#underWay.slice(0, index + 1)) {
      if (fragment.sending === named.sending) fragment.isDone = true
    }
    const firstOpen = this.#underWay.findIndex(({ isDone }) => !isDone)
    this.#underWay.splice(0, firstOpen < 0 ? this.#underWay.length : firstOpen)
    if (named.isLast) named.sending.settle(kind)
  }

  /** Settles everything that has no receipt as lost. */
  end(): void {
    const unsettled = this.#underWay.filter(({ isLast, isDone }) => isLast && !isDone).map(({ sending }) => sending)
    if (this.#current) unsettled.push(this.#current.sending)
    unsettled.push(...this.#queue.splice(0))
    this.#underWay = []
    this.#current = undefined
    for (const { settle } of unsettled) settle('lost')
  }

  #begin(): Cutting | undefined {
    const sending = this.#queue.shift()
    if (!sending) return undefined
    const values = fragment(sending.bytes, this.#sequence, this.#valueBytes)
    const next = values.next().value
    if (!next) return undefined
    return { sending, values, next }
  }
}
