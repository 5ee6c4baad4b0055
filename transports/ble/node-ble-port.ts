import type { Timer } from '../../runtime/world.ts'
import type { NodeBleCharacteristic, NodeBleDevice } from './node-ble.ts'
import type { BlePort, BlePortEvents } from './port.ts'

export interface NodeBlePortOptions {
  readonly device: NodeBleDevice
  readonly rx: NodeBleCharacteristic
  readonly tx: NodeBleCharacteristic
  readonly timer: Timer
  readonly inTime: <T>(work: Promise<T>) => Promise<T>
  /** Ends the connection. */
  readonly letGo: () => Promise<void>
  /** Is called once, to forget the objects of this connection: those of node-ble would go on to fire with the next one. */
  readonly onEnd: () => void
}

/** How often it is looked whether the characteristic is still there: it vanishes without a disconnect when the other program ends. */
const checkMs = 5_000

/** One connection of node-ble, with objects that are of this connection only. */
export class NodeBlePort implements BlePort {
  info: Uint8Array | undefined
  maxValueBytes = 0
  readonly #options: NodeBlePortOptions
  readonly #early: Uint8Array[] = []
  #events: BlePortEvents | undefined
  #cancelCheck: () => void = () => undefined
  #isOver = false
  #closing: Promise<void> | undefined

  constructor(options: NodeBlePortOptions) {
    this.#options = options
    options.tx.on('valuechanged', (value) => this.#arrive(value))
    options.device.on('disconnect', () => this.end())
    this.#check()
  }

  /** Both sides have introduced themselves, where they do. */
  introduced(info: Uint8Array | undefined, maxValueBytes: number): void {
    if (this.#isOver) throw new Error('the connection has ended')
    this.info = info
    this.maxValueBytes = maxValueBytes
  }

  open(events: BlePortEvents): void {
    this.#events = events
    for (const value of this.#early.splice(0)) events.value(value)
    if (this.#isOver) events.end()
  }

  async write(value: Uint8Array): Promise<void> {
    if (this.#isOver) throw new Error('the connection has ended')
    await this.#options.rx.writeValueWithoutResponse(Buffer.from(value))
  }

  /** The connection has ended. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelCheck()
    const { device, onEnd, tx } = this.#options
    device.removeAllListeners()
    tx.removeAllListeners()
    onEnd()
    this.#events?.end()
  }

  close(): Promise<void> {
    this.end()
    this.#closing ??= this.#options.letGo()
    return this.#closing
  }

  #arrive(value: Uint8Array): void {
    if (this.#isOver) return
    if (this.#events) this.#events.value(value)
    else this.#early.push(value)
  }

  #check(): void {
    this.#cancelCheck = this.#options.timer(checkMs, () => {
      this.#options.inTime(this.#options.tx.isNotifying()).then(
        (isNotifying) => {
          if (!isNotifying) this.end()
          else if (!this.#isOver) this.#check()
        },
        () => this.end(),
      )
    })
  }
}
