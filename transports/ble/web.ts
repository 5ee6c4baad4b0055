import { decodeInfo, maxValueBytes } from './framing.ts'
import { type BleCentral, type BlePort, type BlePortEvents, gattNames, type Introduce } from './port.ts'

/** What is used of a characteristic of Web Bluetooth. */
export interface WebCharacteristic {
  readonly value?: DataView | null | undefined
  readValue(): Promise<DataView>
  writeValueWithResponse(value: Uint8Array<ArrayBuffer>): Promise<void>
  writeValueWithoutResponse(value: Uint8Array<ArrayBuffer>): Promise<void>
  startNotifications(): Promise<unknown>
  addEventListener(event: 'characteristicvaluechanged', listener: () => void): void
  removeEventListener(event: 'characteristicvaluechanged', listener: () => void): void
}

/** What is used of a device. */
export interface WebDevice {
  readonly name?: string | undefined
  readonly gatt?:
    | {
        connect(): Promise<{
          getPrimaryService(uuid: string): Promise<{ getCharacteristic(uuid: string): Promise<WebCharacteristic> }>
        }>
        disconnect(): void
      }
    | undefined
  addEventListener(event: 'gattserverdisconnected', listener: () => void): void
  removeEventListener(event: 'gattserverdisconnected', listener: () => void): void
}

/** What is used of `navigator.bluetooth`. */
export interface WebBluetooth {
  requestDevice(options: { filters: { services: string[]; name?: string }[] }): Promise<WebDevice>
}

export interface WebBleCentralOptions {
  /** `navigator.bluetooth`. */
  readonly bluetooth: WebBluetooth
}

/**
 * The central in a browser, over Web Bluetooth. The first connection to a name asks the user to choose the device, so it has to begin in a
 * handler of a click, on a page of a secure origin; later ones do not ask.
 *
 * @example
 * import { ble } from 'didcomm-mote/transports/ble'
 * import { type WebBluetooth, webBleCentral } from 'didcomm-mote/transports/ble-web'
 *
 * declare const navigator: { bluetooth: WebBluetooth }
 * const transport = ble({ name: 'phone', central: webBleCentral(navigator) })
 */
export function webBleCentral({ bluetooth }: WebBleCentralOptions): BleCentral {
  const chosen = new Map<string, WebDevice>()
  return {
    connect: async (name, introduce) => {
      const filters = [{ services: [gattNames.service], name }]
      const device = chosen.get(name) ?? (await bluetooth.requestDevice({ filters }))
      chosen.set(name, device)
      return open(device, introduce)
    },
    close: async () => undefined,
  }
}

async function open(device: WebDevice, introduce: Introduce): Promise<BlePort> {
  const { gatt } = device
  if (!gatt) throw new TypeError('the device has no GATT')
  try {
    const service = await (await gatt.connect()).getPrimaryService(gattNames.service)
    // One after the other: browsers refuse a second operation while there is one.
    const rx = await service.getCharacteristic(gattNames.rx)
    const tx = await service.getCharacteristic(gattNames.tx)
    const info = await service.getCharacteristic(gattNames.info)
    const port = new WebPort(device, rx, tx)
    await tx.startNotifications()
    // A browser does not tell the MTU; the other side does.
    await info.writeValueWithResponse(new Uint8Array(introduce(maxValueBytes)))
    port.introduced(bytesOf(await info.readValue()))
    return port
  } catch (error) {
    gatt.disconnect()
    throw error
  }
}

const bytesOf = ({ buffer, byteLength, byteOffset }: DataView): Uint8Array =>
  new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength))

class WebPort implements BlePort {
  info: Uint8Array = new Uint8Array(0)
  maxValueBytes = 0
  readonly #device: WebDevice
  readonly #rx: WebCharacteristic
  readonly #tx: WebCharacteristic
  readonly #early: Uint8Array[] = []
  readonly #onValue = () => this.#arrive()
  readonly #onDisconnect = () => this.#end()
  #events: BlePortEvents | undefined
  #isOver = false

  constructor(device: WebDevice, rx: WebCharacteristic, tx: WebCharacteristic) {
    this.#device = device
    this.#rx = rx
    this.#tx = tx
    tx.addEventListener('characteristicvaluechanged', this.#onValue)
    device.addEventListener('gattserverdisconnected', this.#onDisconnect)
  }

  /** The other side has introduced itself. */
  introduced(info: Uint8Array): void {
    this.info = info
    this.maxValueBytes = Math.min(maxValueBytes, decodeInfo(info).maxValueBytes)
  }

  open(events: BlePortEvents): void {
    this.#events = events
    for (const value of this.#early.splice(0)) events.value(value)
    if (this.#isOver) events.end()
  }

  async write(value: Uint8Array): Promise<void> {
    if (this.#isOver) throw new Error('the connection has ended')
    await this.#rx.writeValueWithoutResponse(new Uint8Array(value))
  }

  async close(): Promise<void> {
    if (this.#isOver) return
    this.#end()
    this.#device.gatt?.disconnect()
  }

  #arrive(): void {
    const { value } = this.#tx
    if (!value || this.#isOver) return
    if (this.#events) this.#events.value(bytesOf(value))
    else this.#early.push(bytesOf(value))
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#tx.removeEventListener('characteristicvaluechanged', this.#onValue)
    this.#device.removeEventListener('gattserverdisconnected', this.#onDisconnect)
    this.#events?.end()
  }
}
