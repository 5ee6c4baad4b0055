/** What is used of the inside of node-ble, which its types leave out. */
export interface NodeBleHelper {
  /** The path on the bus. */
  readonly object: string
  prop(name: string): Promise<unknown>
  set(name: string, value: unknown): Promise<void>
  removeListeners(): void
}

/** What is used of a characteristic of node-ble 1.13. */
export interface NodeBleCharacteristic {
  readonly helper?: NodeBleHelper
  isNotifying(): Promise<boolean>
  readValue(): Promise<Uint8Array>
  writeValueWithResponse(value: Buffer): Promise<void>
  writeValueWithoutResponse(value: Buffer): Promise<void>
  startNotifications(): Promise<void>
  on(event: 'valuechanged', listener: (value: Buffer) => void): unknown
  removeAllListeners(): unknown
}

/** What is used of a device. */
export interface NodeBleDevice {
  readonly helper?: NodeBleHelper
  isConnected(): Promise<unknown>
  connect(): Promise<void>
  disconnect(): Promise<void>
  gatt(): Promise<{
    getPrimaryService(uuid: string): Promise<{ getCharacteristic(uuid: string): Promise<NodeBleCharacteristic> }>
  }>
  on(event: 'disconnect', listener: () => void): unknown
  removeAllListeners(): unknown
}

/** What is used of an adapter. */
export interface NodeBleAdapter {
  readonly helper?: NodeBleHelper
  startDiscovery(): Promise<void>
  stopDiscovery(): Promise<void>
  getDevice(address: string): Promise<NodeBleDevice>
}

/** The objects of BlueZ by path, each with its interfaces, and these with their properties. */
export type BluezObjects = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, { value: unknown }>>>>>
>

/** What is called of the root of BlueZ, and of the bus. */
export interface BusMethods {
  GetManagedObjects?(): Promise<BluezObjects>
  RemoveMatch?(rule: string): Promise<void>
}

/** What is used of `createBluetooth().bluetooth`, so that this package need not import it. */
export interface NodeBluetooth {
  readonly dbus?: {
    getProxyObject(name: string, path: string): Promise<{ getInterface(name: string): BusMethods }>
    on(event: 'error', listener: (error: unknown) => void): unknown
  }
  getAdapter(name: string): Promise<NodeBleAdapter>
}
