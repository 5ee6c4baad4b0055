import type { BlePort, BlePortEvents } from './port.ts'

export interface BluezPortOptions {
  /** Empty where it is not known yet. */
  readonly device: string
  /** Absent in the mode of the DIF draft. */
  readonly info?: Uint8Array | undefined
  readonly maxValueBytes: number
  readonly now: () => number
  readonly notify: (value: Uint8Array) => void
  readonly disconnect: () => Promise<void>
  readonly onEnd: () => void
}

/** The connection of one central to our peripheral. */
export class BluezPort implements BlePort {
  device: string
  readonly info: Uint8Array | undefined
  maxValueBytes: number
  heardMs: number
  readonly #options: BluezPortOptions
  readonly #early: Uint8Array[] = []
  #events: BlePortEvents | undefined
  #isOver = false

  constructor(options: BluezPortOptions) {
    this.#options = options
    this.device = options.device
    this.info = options.info
    this.maxValueBytes = options.maxValueBytes
    this.heardMs = options.now()
  }

  open(events: BlePortEvents): void {
    this.#events = events
    for (const value of this.#early.splice(0)) events.value(value)
  }

  /** The device has shown who it is. */
  known(device: string, valueBytes: number): void {
    this.device = device
    this.maxValueBytes = valueBytes
  }

  arrive(value: Uint8Array): void {
    this.heardMs = this.#options.now()
    if (this.#events) this.#events.value(value)
    else this.#early.push(value)
  }

  async write(value: Uint8Array): Promise<void> {
    if (this.#isOver) throw new Error('the connection has ended')
    this.#options.notify(value)
  }

  /** The central has gone, or begins anew. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#options.onEnd()
    this.#events?.end()
  }

  async close(): Promise<void> {
    if (this.#isOver) return
    this.end()
    await this.#options.disconnect()
  }
}
