import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type BlePeripheral,
  type BlePort,
  type BlePortEvents,
  gattNames,
  type Introduce,
} from '../../transports/ble/port.ts'
import type { WebBluetooth, WebCharacteristic } from '../../transports/ble/web.ts'

/** How long the values of the fake's connection may be. */
const valueBytes = 182

const dom = (name: string, message: string) => new DOMException(message, name)

/** Stands in for `navigator.bluetooth` with one device in reach, as Chromium behaves (Web Bluetooth, "GATT Interaction"). */
export class FakeWebBluetooth implements WebBluetooth {
  readonly #device = new FakeDevice()
  /** How often the user was asked. */
  asked = 0

  async requestDevice({ filters }: { filters: { services: string[]; name?: string }[] }): Promise<FakeDevice> {
    this.asked += 1
    await nextTurn()
    const isMatch = filters.some(
      ({ name, services }) =>
        services.includes(gattNames.service) && name === this.#device.name && this.#device.name !== undefined,
    )
    if (!isMatch) throw dom('NotFoundError', 'User cancelled the requestDevice() chooser.')
    return this.#device
  }

  /** The device's side of it. */
  get peripheral(): BlePeripheral {
    return this.#device.peripheral
  }

  /** How many listeners the page has left. */
  get listeners(): number {
    return this.#device.allListeners
  }

  /** Ends the connection, as when the device goes out of reach. */
  drop(): void {
    this.#device.gatt.disconnect()
  }
}

class CountingTarget extends EventTarget {
  listeners = 0

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.listeners += 1
    super.addEventListener(...args)
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.listeners -= 1
    super.removeEventListener(...args)
  }
}

class FakeDevice extends CountingTarget {
  name: string | undefined
  #introduce: Introduce = () => new Uint8Array(0)
  #accept: (port: BlePort) => void = () => undefined
  #port: DevicePort | undefined
  #isConnected = false
  #isBusy = false
  readonly #tx: FakeCharacteristic
  readonly #characteristics: ReadonlyMap<string, FakeCharacteristic>

  constructor() {
    super()
    const refuse = () => {
      throw dom('NotSupportedError', 'GATT Error: Not supported.')
    }
    const exclusively = <T>(work: () => T) => this.#exclusively(work)
    this.#tx = new FakeCharacteristic(exclusively, { read: refuse, write: refuse })
    this.#characteristics = new Map([
      [gattNames.tx, this.#tx],
      [
        gattNames.rx,
        new FakeCharacteristic(exclusively, { read: refuse, write: (value) => this.#port?.events?.value(value) }),
      ],
      [
        gattNames.info,
        new FakeCharacteristic(exclusively, {
          read: () => this.#introduce(valueBytes),
          write: (value) => {
            if (!this.#tx.isNotifying) throw dom('NotSupportedError', 'GATT Error: Not permitted.')
            this.#port = new DevicePort(
              value,
              (sent) => this.#tx.notify(sent),
              () => this.gatt.disconnect(),
            )
            this.#accept(this.#port)
          },
        }),
      ],
    ])
  }

  get allListeners(): number {
    return this.listeners + this.#tx.listeners
  }

  readonly peripheral: BlePeripheral = {
    start: async (name, introduce, accept) => {
      this.name = name
      this.#introduce = introduce
      this.#accept = accept
    },
    close: async () => {
      this.name = undefined
    },
  }

  readonly gatt = {
    connect: async () => {
      await nextTurn()
      if (this.name === undefined) throw dom('NetworkError', 'Connection attempt failed.')
      this.#isConnected = true
      return {
        getPrimaryService: async (uuid: string) => {
          if (uuid !== gattNames.service) throw dom('NotFoundError', 'No Services matching UUID found in Device.')
          return { getCharacteristic: (characteristic: string) => this.#characteristic(characteristic) }
        },
      }
    },
    disconnect: () => {
      if (!this.#isConnected) return
      this.#isConnected = false
      this.#tx.isNotifying = false
      this.#port?.end()
      this.#port = undefined
      this.dispatchEvent(new Event('gattserverdisconnected'))
    },
  }

  async #characteristic(uuid: string): Promise<WebCharacteristic> {
    const found = this.#characteristics.get(uuid)
    if (!found) throw dom('NotFoundError', 'No Characteristics matching UUID found in Service.')
    return found
  }

  async #exclusively<T>(work: () => T): Promise<T> {
    if (!this.#isConnected) throw dom('NetworkError', 'GATT Server is disconnected.')
    if (this.#isBusy) throw dom('NetworkError', 'GATT operation already in progress.')
    this.#isBusy = true
    await nextTurn()
    this.#isBusy = false
    if (!this.#isConnected) throw dom('NetworkError', 'GATT Server is disconnected.')
    return work()
  }
}

interface Access {
  readonly read: () => Uint8Array
  readonly write: (value: Uint8Array) => void
}

class FakeCharacteristic extends CountingTarget implements WebCharacteristic {
  value: DataView | undefined
  isNotifying = false
  readonly #exclusively: <T>(work: () => T) => Promise<T>
  readonly #access: Access

  constructor(exclusively: <T>(work: () => T) => Promise<T>, access: Access) {
    super()
    this.#exclusively = exclusively
    this.#access = access
  }

  async readValue(): Promise<DataView> {
    return this.#exclusively(() => viewOf(this.#access.read()))
  }

  async writeValueWithResponse(value: Uint8Array): Promise<void> {
    await this.#write(value)
  }

  async writeValueWithoutResponse(value: Uint8Array): Promise<void> {
    await this.#write(value)
  }

  async startNotifications(): Promise<void> {
    await this.#exclusively(() => {
      this.isNotifying = true
    })
  }

  /** The value is one object that the next notification replaces, in memory that the browser may use again. */
  notify(value: Uint8Array): void {
    if (!this.isNotifying) return
    this.value = viewOf(value)
    this.dispatchEvent(new Event('characteristicvaluechanged'))
    new Uint8Array(this.value.buffer).fill(0)
  }

  async #write(value: Uint8Array): Promise<void> {
    if (value.length > valueBytes) throw dom('NotSupportedError', 'GATT Error: invalid attribute length.')
    const copy = Uint8Array.from(value)
    await this.#exclusively(() => this.#access.write(copy))
  }
}

/** A part of a larger buffer, as it can be. */
function viewOf(bytes: Uint8Array): DataView {
  const larger = new Uint8Array(bytes.length + 8)
  larger.set(bytes, 4)
  return new DataView(larger.buffer, 4, bytes.length)
}

class DevicePort implements BlePort {
  readonly info: Uint8Array
  readonly maxValueBytes = valueBytes
  events: BlePortEvents | undefined
  readonly #notify: (value: Uint8Array) => void
  readonly #disconnect: () => void

  constructor(info: Uint8Array, notify: (value: Uint8Array) => void, disconnect: () => void) {
    this.info = info
    this.#notify = notify
    this.#disconnect = disconnect
  }

  open(events: BlePortEvents): void {
    this.events = events
  }

  async write(value: Uint8Array): Promise<void> {
    await nextTurn()
    this.#notify(value)
  }

  end(): void {
    this.events?.end()
  }

  async close(): Promise<void> {
    this.#disconnect()
  }
}
