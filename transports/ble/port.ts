/** The GATT service of a link and its characteristics, as 128-bit UUIDs. */
export interface GattNames {
  readonly service: string
  /** The central writes to it, with response or without. */
  readonly rx: string
  /** The peripheral notifies of it. */
  readonly tx: string
  /** Each side introduces itself over it: the central writes, then reads. The DIF draft has none. */
  readonly info?: string
}

/** The service of docs/ble.md. */
export const gattNames: Required<GattNames> = {
  service: '0998e470-9afe-47b0-9989-80c8c8bc8907',
  rx: '0998e471-9afe-47b0-9989-80c8c8bc8907',
  tx: '0998e472-9afe-47b0-9989-80c8c8bc8907',
  info: '0998e473-9afe-47b0-9989-80c8c8bc8907',
}

/** The service of the DIF's draft (2021). */
export const difNames: GattNames = {
  service: 'd2f195b6-2e80-4ab0-be24-32ebe761352f',
  rx: 'c3103ded-afd7-477c-b279-2ad264e20e74',
  tx: 'e6e97879-780a-4c9b-b4e6-dcae3793a3e8',
}

/** What a port tells its user. */
export interface BlePortEvents {
  /** A value of the other side has come. */
  value(value: Uint8Array): void
  /** The connection has ended, from whichever side; is called once. */
  end(): void
}

/**
 * One open connection of BLE, whichever the role, the library and the host: values go to the other side and come from it. What it is to
 * say about itself has been said when a port is handed out.
 */
export interface BlePort {
  /** What the other side has said about itself; absent in the mode of the DIF draft. */
  readonly info?: Uint8Array | undefined
  /** The longest value that can be written here: the MTU less 3, and 500 at most. */
  readonly maxValueBytes: number
  /** Begins to listen; what came before is handed over now. */
  open(events: BlePortEvents): void
  /** Sends one value; resolves when the next one may be sent. Rejects where the connection has ended. */
  write(value: Uint8Array): Promise<void>
  /** Ends the connection and frees what belongs to it. Resolves even where the adapter does not answer. */
  close(): Promise<void>
}

/** Says what goes to the other side, given the longest value that this connection takes. */
export type Introduce = (maxValueBytes: number) => Uint8Array

/** The role that looks for others and connects to them. */
export interface BleCentral {
  /**
   * Connects to the peripheral that is advertised under a name.
   *
   * @throws anything where it cannot be reached
   */
  connect(name: string, introduce: Introduce): Promise<BlePort>
  /** Ends what it does by itself, such as a discovery; not the ports. */
  close(): Promise<void>
}

/** The role that is looked for. */
export interface BlePeripheral {
  /** Begins to advertise under a name; `accept` takes over each connection. */
  start(name: string, introduce: Introduce, accept: (port: BlePort) => void): Promise<void>
  /** Ends the advertisement and takes no more connections. */
  close(): Promise<void>
}
