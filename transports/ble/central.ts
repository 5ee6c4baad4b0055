import type { World } from '../../runtime/world.ts'
import { world } from '../world.ts'
import { type DBus, propertiesInterface } from './dbus.ts'
import { decodeInfo, maxValueBytes, minValueBytes } from './framing.ts'
import {
  type BluezObjects,
  type BusMethods,
  characteristicsOf,
  type NodeBleAdapter,
  type NodeBleCharacteristic,
  type NodeBleDevice,
  type NodeBleGatt,
  type NodeBleHelper,
  type NodeBluetooth,
} from './node-ble.ts'
import { NodeBlePort } from './node-ble-port.ts'
import { type BleCentral, type BlePort, difNames, type GattNames, gattNames, type Introduce } from './port.ts'
import { BleScan } from './scan.ts'

export type { NodeBluetooth } from './node-ble.ts'

export interface NodeBleCentralOptions {
  /** `createBluetooth().bluetooth` of node-ble 1.13. It stays the caller's. */
  readonly bluetooth: NodeBluetooth
  /** `hci0` where absent. */
  readonly adapter?: string
  /** The addresses of peripherals by their names, where they are known: these are connected to without looking for them. */
  readonly addresses?: Readonly<Record<string, string>>
  /** `dif`: speaks to peripherals of the DIF's draft of 2021, JSON only, without receipts. */
  readonly mode?: 'dif'
  /** How long a peripheral is looked for by its name; 10 s where absent. */
  readonly scanMs?: number
  /** How long BlueZ may take for each step; 10 s where absent, and three times that for a connection. */
  readonly timeoutMs?: number
  /** The module `dbus-next`: with it, an adapter that does not answer any more is turned off and on, when nothing is connected. */
  readonly dbus?: Pick<DBus, 'Variant'>
  /** Learns that an adapter did not answer, that one who was asked for his name did not, and of errors of the bus. Must not throw. */
  readonly onError?: (error: unknown) => void
  readonly world?: Pick<World, 'now' | 'timer'>
}

/** After as many failures one after the other that are the adapter's, it is turned off and on. */
const patience = 3
/**
 * What BlueZ says while an adapter cannot connect: something else is under way, it has no power, or to its controller a connection whose
 * other end is gone is still there, which no disconnect ends.
 */
const stuckError = /InProgress|NotReady|Input\/output error|resource busy/
const resolvePollMs = 50
const recoverMs = 500

/**
 * The central on BlueZ over node-ble. It connects to one peripheral after the other, takes new objects for each connection, and waits for no
 * answer longer than it says: node-ble and dbus-next have no time-outs.
 *
 * @throws TypeError where `bluetooth` is not of node-ble
 *
 * @example
 * import { ble } from 'didcomm-mote/transports/ble'
 * import { nodeBleCentral } from 'didcomm-mote/transports/ble-central'
 * import { createBluetooth } from 'node-ble'
 *
 * const central = nodeBleCentral({ bluetooth: createBluetooth().bluetooth })
 * const transport = ble({ name: 'gateway-1', central })
 */
export function nodeBleCentral(options: NodeBleCentralOptions): BleCentral {
  return new NodeBleCentral(options)
}

/** BlueZ, or the adapter behind it, has not answered. */
class StuckError extends Error {}

class NodeBleCentral implements BleCentral {
  readonly #options: NodeBleCentralOptions
  readonly #bus: NonNullable<NodeBluetooth['dbus']>
  readonly #world: Pick<World, 'now' | 'timer'>
  readonly #timeoutMs: number
  readonly #names: GattNames
  readonly #scan: BleScan
  readonly #ports = new Set<BlePort>()
  /** Where names were found before. What BlueZ has for a name is another one once it was connected to. */
  readonly #addresses = new Map<string, string>()
  #turn: Promise<unknown> = Promise.resolve()
  #failures = 0

  constructor(options: NodeBleCentralOptions) {
    const { adapter = 'hci0', addresses = {}, bluetooth, onError, timeoutMs = 10_000 } = options
    if (!bluetooth.dbus) throw new TypeError('"bluetooth" expected that of createBluetooth() of node-ble')
    this.#options = options
    this.#bus = bluetooth.dbus
    this.#world = options.world ?? world()
    this.#timeoutMs = timeoutMs
    this.#names = options.mode === 'dif' ? difNames : gattNames
    for (const [name, address] of Object.entries(addresses)) this.#addresses.set(name, address)
    // Without a listener an error of the bus would end the program.
    this.#bus.on('error', (error) => onError?.(error))
    this.#scan = new BleScan({
      adapterPath: `/org/bluez/${adapter}`,
      service: this.#names.service,
      timer: this.#world.timer,
      objects: () => this.#objects(),
      startDiscovery: async () => this.#inTime((await this.#adapter()).startDiscovery()),
      stopDiscovery: async () => this.#inTime((await this.#adapter()).stopDiscovery()),
    })
  }

  async connect(name: string, introduce: Introduce): Promise<BlePort> {
    const { addresses = {}, scanMs = 10_000 } = this.#options
    const known = this.#addresses.get(name)
    if (known !== undefined) {
      try {
        return await this.#exclusively(() => this.#connectTo(known, introduce))
      } catch (error) {
        if (name in addresses) throw error
        this.#addresses.delete(name)
      }
    }
    const address = await this.#scan.find(name, scanMs).catch(() => undefined)
    if (address === undefined) return this.#ask(name, introduce)
    const port = await this.#exclusively(() => this.#connectTo(address, introduce))
    this.#addresses.set(name, address)
    return port
  }

  /**
   * Asks those who have the service and another name: once a device was connected to, BlueZ has the name of its host for it, until it
   * hears the advertisement again.
   */
  async #ask(name: string, introduce: Introduce): Promise<BlePort> {
    const { onError } = this.#options
    const others = new Set(this.#addresses.values())
    for (const address of (await this.#scan.look()).values()) {
      if (others.has(address)) continue
      const port = await this.#exclusively(() => this.#connectTo(address, introduce)).catch(
        (error) => void onError?.(error),
      )
      if (!port) continue
      const found = port.info ? decodeInfo(port.info).name : ''
      if (found !== '') this.#addresses.set(found, address)
      if (found === name) return port
      await port.close()
    }
    throw new Error(`"${name}" is not advertised here`)
  }

  async close(): Promise<void> {
    this.#scan.close()
    await this.#turn
  }

  async #connectTo(address: string, introduce: Introduce): Promise<BlePort> {
    const adapter = await this.#adapter()
    const device = await this.#inTime(adapter.getDevice(address))
    try {
      const port = await this.#open(device, introduce)
      this.#failures = 0
      return port
    } catch (error) {
      await this.#letGo(device)
      await this.#blame(adapter, error)
      throw error
    }
  }

  async #open(device: NodeBleDevice, introduce: Introduce): Promise<BlePort> {
    await this.#inTime(device.connect(), 3 * this.#timeoutMs)
    await this.#resolved(device)
    const gatt = await this.#inTime(device.gatt())
    const all = await characteristicsOf(gatt)
    try {
      return await this.#openPort(device, gatt, all, introduce)
    } catch (error) {
      await this.#forget(...all)
      throw error
    }
  }

  async #openPort(
    device: NodeBleDevice,
    gatt: NodeBleGatt,
    all: readonly NodeBleCharacteristic[],
    introduce: Introduce,
  ): Promise<BlePort> {
    const service = await gatt.getPrimaryService(this.#names.service)
    const rx = await service.getCharacteristic(this.#names.rx)
    const tx = await service.getCharacteristic(this.#names.tx)
    const info = this.#names.info === undefined ? undefined : await service.getCharacteristic(this.#names.info)
    const longest = await this.#valueBytesOf(rx)
    const port = new NodeBlePort({
      device,
      rx,
      tx,
      timer: this.#world.timer,
      inTime: (work) => this.#inTime(work),
      letGo: () => this.#exclusively(() => this.#letGo(device)),
      onEnd: () => {
        this.#ports.delete(port)
        this.#exclusively(() => this.#forget(device, ...all)).catch(() => undefined)
      },
    })
    try {
      await this.#inTime(tx.startNotifications())
      if (info) await this.#introduceTo(info, port, introduce, longest)
      else port.introduced(undefined, longest)
    } catch (error) {
      port.end()
      throw error
    }
    this.#ports.add(port)
    return port
  }

  async #introduceTo(
    info: NodeBleCharacteristic,
    port: NodeBlePort,
    introduce: Introduce,
    longest: number,
  ): Promise<void> {
    await this.#inTime(info.writeValueWithResponse(Buffer.from(introduce(longest))))
    const bytes = new Uint8Array(await this.#inTime(info.readValue()))
    port.introduced(bytes, Math.min(longest, decodeInfo(bytes).maxValueBytes))
  }

  /** Waits for the services: `gatt()` waits for a signal that may have come before. */
  async #resolved(device: NodeBleDevice): Promise<void> {
    const endMs = this.#world.now() + this.#timeoutMs
    while ((await this.#inTime(device.helper?.prop('ServicesResolved') ?? Promise.resolve(true))) !== true) {
      if (this.#world.now() >= endMs) throw new StuckError('the services are not resolved')
      await this.#sleep(resolvePollMs)
    }
  }

  /** BlueZ has the MTU since 5.62. */
  async #valueBytesOf(rx: NodeBleCharacteristic): Promise<number> {
    const mtu = await this.#inTime(rx.helper?.prop('MTU') ?? Promise.resolve(undefined)).catch(() => undefined)
    return typeof mtu === 'number' ? Math.max(minValueBytes, Math.min(mtu - 3, maxValueBytes)) : minValueBytes
  }

  /** Disconnects, and waits until it is so: a connection that is opened meanwhile would end with the old one. */
  async #letGo(device: NodeBleDevice): Promise<void> {
    device.removeAllListeners()
    await this.#inTime(device.disconnect()).catch(() => undefined)
    const endMs = this.#world.now() + this.#timeoutMs / 2
    while (await this.#inTime(device.isConnected()).catch(() => false)) {
      if (this.#world.now() >= endMs) break
      await this.#sleep(resolvePollMs)
    }
    await this.#forget(device)
  }

  /**
   * Takes back what node-ble has asked the bus for. dbus-next 0.10.2 asks anew with each connection and takes nothing back, and a bus allows
   * a few hundred rules: the next device would then not be heard.
   */
  async #forget(...objects: readonly { readonly helper?: NodeBleHelper }[]): Promise<void> {
    const root = await this.#inTime(this.#bus.getProxyObject('org.freedesktop.DBus', '/org/freedesktop/DBus'))
    const bus = root.getInterface('org.freedesktop.DBus')
    for (const { helper } of objects) {
      helper?.removeListeners()
      const rule = `type='signal',sender=org.bluez,interface='${propertiesInterface}',path='${helper?.object}',member='PropertiesChanged'`
      for (let isThere = true; isThere; ) isThere = await this.#removed(bus, rule)
    }
  }

  async #removed(bus: BusMethods, rule: string): Promise<boolean> {
    if (!bus.RemoveMatch) return false
    return this.#inTime(bus.RemoveMatch(rule)).then(
      () => true,
      () => false,
    )
  }

  /** The watchdog: turns an adapter off and on that has failed again and again, while nothing shows that it works. */
  async #blame(adapter: NodeBleAdapter, error: unknown): Promise<void> {
    const { type, message } = error as Error & { type?: string }
    const isStuck = error instanceof StuckError || stuckError.test(`${type} ${message}`)
    this.#failures = isStuck ? this.#failures + 1 : 0
    const { dbus, onError } = this.#options
    if (this.#failures < patience || this.#ports.size > 0) return
    this.#failures = 0
    onError?.(error)
    if (!dbus || !adapter.helper) return
    for (const isOn of [false, true]) {
      await this.#inTime(adapter.helper.set('Powered', new dbus.Variant('b', isOn))).catch(() => undefined)
      await this.#sleep(recoverMs)
    }
  }

  async #adapter(): Promise<NodeBleAdapter> {
    const { adapter = 'hci0', bluetooth } = this.#options
    return this.#inTime(bluetooth.getAdapter(adapter))
  }

  async #objects(): Promise<BluezObjects> {
    const root = await this.#inTime(this.#bus.getProxyObject('org.bluez', '/'))
    const manager = root.getInterface('org.freedesktop.DBus.ObjectManager')
    return this.#inTime(manager.GetManagedObjects?.() ?? Promise.resolve({}))
  }

  /** BlueZ connects to one after the other: a second attempt meanwhile fails with InProgress. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  #inTime<T>(work: Promise<T>, timeoutMs: number = this.#timeoutMs): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#world.timer(timeoutMs, () => reject(new StuckError(`no answer within ${timeoutMs} ms`)))
      work.then(resolve, reject).finally(cancel)
    })
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#world.timer(ms, resolve)
    })
  }
}
