import type { Receipt } from '../../runtime/transport.ts'

/** A receipt that may have to wait. */
export class Held {
  readonly receipt: Promise<Receipt>
  #settle: (outcome: Receipt | Promise<Receipt>) => void = () => undefined

  constructor(outcome?: Receipt | Promise<Receipt>) {
    this.receipt = new Promise((resolve) => {
      this.#settle = resolve
    })
    if (outcome !== undefined) this.settle(outcome)
  }

  /** Gives the receipt, or has it be that of something else. The first call counts. */
  settle(outcome: Receipt | Promise<Receipt>): void {
    this.#settle(outcome)
  }
}

/**
 * The receipts of the last packets. Brokers and transports stop where too many packets that they have brought have no receipt: a stranger who sends a piece
 * of a message, and nothing more, must not stop them. So each packet that comes has the oldest receipt given, unless it waits for a message that is whole.
 */
export class HeldReceipts {
  readonly #most: number
  readonly #last: Held[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Counts a packet that has come. */
  passed(held: Held): void {
    this.#last.push(held)
    if (this.#last.length > this.#most) this.#last.shift()?.settle('accepted')
  }
}
