import type { Packet, Receive } from '../runtime/transport.ts'
import type { Timer } from '../runtime/world.ts'

export interface LinkInboxOptions {
  readonly receive: Receive
  readonly timer: Timer
  /** Tells whether another packet may begin, and `goOn` that it may again. Absent: it may. */
  readonly mayBegin?: () => boolean
  /** Bytes of all inboxes together; absent: they are not counted. */
  readonly buffered?: { bytes: number }
  /** The number of packets that are not settled has changed. */
  readonly onChange: () => void
}

const maxConcurrent = 16
const firstRetryMs = 1_000
const maxRetryMs = 60_000

/**
 * The packets of one connection that are not settled. They begin in the order in which they came. What fails in a way that may pass is
 * tried again here: a WebSocket has no way to hand a packet back.
 */
export class LinkInbox {
  readonly #options: LinkInboxOptions
  readonly #queue: Packet[] = []
  #underWay = 0
  #closed = false
  /** What is tried again, each with what gives it up. */
  readonly #pauses = new Set<() => void>()
  readonly #onIdle: (() => void)[] = []

  constructor(options: LinkInboxOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#queue.length + this.#underWay
  }

  add(packet: Packet): void {
    if (this.#closed) return
    this.#queue.push(packet)
    this.#count(packet.bytes.length)
    this.#fill()
    this.#options.onChange()
  }

  /** Lets what is here settle, and drops what waits to be tried again: to the other side it has arrived. */
  async close(): Promise<void> {
    this.#closed = true
    for (const giveUp of [...this.#pauses]) giveUp()
    await this.idle()
  }

  /** Begins what was held back. */
  goOn(): void {
    this.#fill()
  }

  /** Waits until there is nothing here. */
  async idle(): Promise<void> {
    if (this.size === 0) return
    await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  #fill(): void {
    while (this.#underWay < maxConcurrent && (this.#options.mayBegin?.() ?? true)) {
      const packet = this.#queue.shift()
      if (!packet) return
      this.#underWay += 1
      void this.#settle(packet)
    }
  }

  async #settle(packet: Packet): Promise<void> {
    for (let delayMs = firstRetryMs; !(await this.#isSettled(packet)); delayMs = Math.min(2 * delayMs, maxRetryMs)) {
      if (this.#closed) break
      await this.#pause(delayMs)
      if (this.#closed) break
    }
    this.#underWay -= 1
    this.#count(-packet.bytes.length)
    this.#fill()
    this.#options.onChange()
    if (this.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  #count(lengthBytes: number): void {
    if (this.#options.buffered) this.#options.buffered.bytes += lengthBytes
  }

  async #isSettled(packet: Packet): Promise<boolean> {
    try {
      await this.#options.receive(packet)
      return true
    } catch {
      return false
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        this.#pauses.delete(end)
        resolve()
      }
      const cancel = this.#options.timer(delayMs, end)
      this.#pauses.add(end)
    })
  }
}
