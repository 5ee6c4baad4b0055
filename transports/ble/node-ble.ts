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

/** What is used of the services of a device: their UUIDs, and the characteristics of each by theirs. */
export interface NodeBleGatt {
  services(): Promise<string[]>
  getPrimaryService(uuid: string): Promise<{
    characteristics(): Promise<string[]>
    getCharacteristic(uuid: string): Promise<NodeBleCharacteristic>
  }>
}

/** What is used of a device. */
export interface NodeBleDevice {
  readonly helper?: NodeBleHelper
  isConnected(): Promise<unknown>
  connect(): Promise<void>
  disconnect(): Promise<void>
  gatt(): Promise<NodeBleGatt>
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

/** The characteristics of all services: node-ble listens to each of them, whoever it is that is wanted. */
export async function characteristicsOf(gatt: NodeBleGatt): Promise<NodeBleCharacteristic[]> {
  const services = await Promise.all((await gatt.services()).map((uuid) => gatt.getPrimaryService(uuid)))
  const found = services.map(async (service) =>
    Promise.all((await service.characteristics()).map((uuid) => service.getCharacteristic(uuid))),
  )
  return (await Promise.all(found)).flat()
}
