import { DidCommError } from '../../runtime/errors.ts'
import { type Fragment, type Receipt, sequenceAfter, sequenceCount } from './framing.ts'

export interface ReassemblyOptions {
  /** How many fragments may come before one that is missing, 1 to 32. */
  readonly window: number
  readonly maxMessageBytes: number
  /** How long a missing fragment is waited for. */
  readonly timeoutMs: number
}

/** A message that is whole, and the number of its last fragment, under which its receipt goes back. */
export interface Reassembled {
  readonly bytes: Uint8Array
  readonly sequence: number
}

interface Partial {
  readonly bytes: Uint8Array
  receivedBytes: number
}

const malformed = (message: string) => new DidCommError('ERR_BYTES_MALFORMED', message)

/**
 * Puts the fragments of one direction of one link together. Fragments may come out of order within the window, and more than once;
 * messages come out whole, once, and in order. After an error the link is of no use any more, for nobody knows what is missing.
 */
export class Reassembly {
  readonly #options: ReassemblyOptions
  readonly #early = new Map<number, Fragment>()
  #expected = 0
  #partial: Partial | undefined
  #movedMs = 0
  /** How many fragments of the message that is coming have had no receipt. */
  #owed = 0

  constructor(options: ReassemblyOptions) {
    this.#options = options
  }

  /** How many bytes are held here. */
  get heldBytes(): number {
    const early = [...this.#early.values()].reduce((sum, { payload }) => sum + payload.length, 0)
    return early + (this.#partial?.bytes.length ?? 0)
  }

  /**
   * Takes over one fragment and returns the messages that are whole with it.
   *
   * @throws DidCommError `ERR_BYTES_MALFORMED`, `ERR_TOO_LARGE`
   */
  take(fragment: Fragment, nowMs: number): Reassembled[] {
    const ahead = sequenceAfter(fragment.sequence, sequenceCount - this.#expected)
    const { window } = this.#options
    // It was here before: characteristics of a former connection fire as well, and so do two subscriptions of one.
    if (ahead >= sequenceCount - window || this.#early.has(fragment.sequence)) return []
    if (ahead >= window) throw malformed(`fragment ${fragment.sequence} is ahead of the window`)
    if (this.#early.size === 0 && !this.#partial) this.#movedMs = nowMs
    this.#early.set(fragment.sequence, fragment)
    const whole: Reassembled[] = []
    for (let next = this.#early.get(this.#expected); next; next = this.#early.get(this.#expected)) {
      this.#early.delete(next.sequence)
      this.#expected = sequenceAfter(this.#expected)
      this.#movedMs = nowMs
      const bytes = this.#append(next)
      if (bytes) whole.push({ bytes, sequence: next.sequence })
    }
    return whole
  }

  /**
   * Returns the receipt for a part of a message that is still coming, when half of the window wants one: without it
   * the other side could send no message that is longer than its window.
   */
  receipt(): Receipt | undefined {
    if (!this.#partial || this.#owed < Math.ceil(this.#options.window / 2)) return undefined
    this.#owed = 0
    return { kind: 'accepted', sequence: sequenceAfter(this.#expected, sequenceCount - 1) }
  }

  /**
   * Tells whether something is missing for too long. The rest of a message may also not come because we withhold receipts for others
   * (`isHoldingBack`); a gap cannot be explained so.
   */
  isOverdue(nowMs: number, isHoldingBack: boolean): boolean {
    const waits = this.#early.size > 0 || (this.#partial !== undefined && !isHoldingBack)
    return waits && nowMs - this.#movedMs >= this.#options.timeoutMs
  }

  /** Tells whether anything is missing. */
  get isWaiting(): boolean {
    return this.#early.size > 0 || this.#partial !== undefined
  }

  #append({ isLast, totalBytes, payload }: Fragment): Uint8Array | undefined {
    if ((totalBytes === undefined) === (this.#partial === undefined)) {
      throw malformed('a message begins within another, or nowhere')
    }
    const partial = this.#partial ?? this.#begin(totalBytes ?? 0)
    const endBytes = partial.receivedBytes + payload.length
    if (endBytes > partial.bytes.length || isLast !== (endBytes === partial.bytes.length)) {
      throw malformed('a message is not as long as its first fragment said')
    }
    partial.bytes.set(payload, partial.receivedBytes)
    partial.receivedBytes = endBytes
    this.#owed = isLast ? 0 : this.#owed + 1
    this.#partial = isLast ? undefined : partial
    return isLast ? partial.bytes : undefined
  }

  #begin(totalBytes: number): Partial {
    const { maxMessageBytes } = this.#options
    if (totalBytes > maxMessageBytes) {
      throw new DidCommError('ERR_TOO_LARGE', `a message of ${totalBytes} bytes, of ${maxMessageBytes} at most`)
    }
    return { bytes: new Uint8Array(totalBytes), receivedBytes: 0 }
  }
}
