import type { World } from '../../runtime/world.ts'
import { world } from '../world.ts'
import { BluezApplication, type GattActions, type GattPeer, GattRefusal, leastMtu } from './bluez-application.ts'
import { BluezPort } from './bluez-port.ts'
import { type DBus, type DBusBus, type DBusMessage, type DBusVariant, propertiesInterface, signalType } from './dbus.ts'
import { maxValueBytes } from './framing.ts'
import { type BlePeripheral, type BlePort, difNames, gattNames, type Introduce } from './port.ts'

export interface BluezPeripheralOptions {
  /** The module `dbus-next`. */
  readonly dbus: DBus
  /** A connection to the bus of BlueZ, `dbus.systemBus()`. It stays the caller's. */
  readonly bus: DBusBus
  /** `hci0` where absent. */
  readonly adapter?: string
  /** `dif`: is a peripheral of the DIF's draft of 2021, JSON only, without receipts. */
  readonly mode?: 'dif'
  /** How long BlueZ may take to answer; 10 s where absent. */
  readonly timeoutMs?: number
  /** After how long without a word a central loses its place to another; 30 s where absent. */
  readonly idleMs?: number
  /** Learns what goes wrong after the start, such as BlueZ being away; it is tried again. Must not throw. */
  readonly onError?: (error: unknown) => void
  readonly world?: Pick<World, 'now' | 'timer'>
}

const bluez = 'org.bluez'
const firstPauseMs = 500
const lastPauseMs = 30_000

/**
 * The peripheral on BlueZ, as a GATT application and an advertisement over D-Bus. It has one central at a time: notifications of BlueZ
 * reach all that have subscribed. What BlueZ forgets, by its own end or the adapter's, is registered again.
 *
 * @example
 * import { ble } from 'didcomm-mote/transports/ble'
 * import { bluezPeripheral } from 'didcomm-mote/transports/ble-bluez'
 * import dbus from 'dbus-next'
 *
 * const peripheral = bluezPeripheral({ dbus, bus: dbus.systemBus() })
 * const transport = ble({ name: 'sensor-1', peripheral })
 */
export function bluezPeripheral(options: BluezPeripheralOptions): BlePeripheral {
  return new BluezPeripheral(options)
}

/** So that several applications on one connection to the bus have paths of their own. */
let applications = 0

class BluezPeripheral implements BlePeripheral {
  readonly #options: BluezPeripheralOptions
  readonly #world: Pick<World, 'now' | 'timer'>
  readonly #adapterPath: string
  #application: BluezApplication | undefined
  #introduce: Introduce = () => new Uint8Array(0)
  #accept: (port: BlePort) => void = () => undefined
  #port: BluezPort | undefined
  #isNotifying = false
  #owner = ''
  #registering: Promise<void> | undefined
  #cancelPause: (() => void) | undefined
  #isClosed = false
  readonly #onCall = (message: DBusMessage) => this.#answer(message)
  readonly #onMessage = (message: DBusMessage) => {
    if (message.type === signalType) this.#signal(message)
  }

  constructor(options: BluezPeripheralOptions) {
    this.#options = options
    this.#world = options.world ?? world()
    this.#adapterPath = `/org/bluez/${options.adapter ?? 'hci0'}`
  }

  async start(name: string, introduce: Introduce, accept: (port: BlePort) => void): Promise<void> {
    const { bus, dbus } = this.#options
    this.#introduce = introduce
    this.#accept = accept
    applications += 1
    const names = this.#isDif ? difNames : gattNames
    this.#application = new BluezApplication(dbus, `/didcomm_mote/${applications}`, names, name, this.#actions)
    bus.addMethodHandler(this.#onCall)
    bus.on('message', this.#onMessage)
    for (const rule of this.#rules) await this.#callBus('AddMatch', rule)
    this.#owner = await this.#callBus('GetNameOwner', bluez).then(String, () => '')
    await this.#powerOn()
    await this.#register()
  }

  get #isDif(): boolean {
    return this.#options.mode === 'dif'
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelPause?.()
    await this.#registering?.catch(() => undefined)
    await this.#unregister()
    await this.#port?.close()
    const { bus } = this.#options
    for (const rule of this.#rules) await this.#callBus('RemoveMatch', rule).catch(() => undefined)
    bus.removeListener('message', this.#onMessage)
    bus.removeMethodHandler(this.#onCall)
  }

  get #rules(): string[] {
    return [
      `type='signal',sender='${bluez}',interface='${propertiesInterface}',member='PropertiesChanged',path_namespace='${this.#adapterPath}'`,
      `type='signal',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${bluez}'`,
    ]
  }

  readonly #actions: GattActions = {
    readInfo: ({ mtu }) => this.#introduce(valueBytesOf(mtu)),
    writeInfo: (value, peer) => this.#welcome(value, peer),
    writeRx: (value, peer) => {
      const { device } = peer
      if (this.#isDif && this.#port?.device === '') this.#port.known(device, valueBytesOf(peer.mtu))
      if (this.#port?.device !== device) throw new GattRefusal('introduce yourself first')
      this.#port.arrive(value)
    },
    startNotify: () => {
      this.#isNotifying = true
      // Nobody introduces himself there; who it is shows with the first write.
      if (this.#isDif) this.#welcome(undefined, { device: '', mtu: leastMtu })
    },
    stopNotify: () => {
      this.#isNotifying = false
      this.#port?.end()
    },
    released: () => this.#registerLater(firstPauseMs),
  }

  #welcome(info: Uint8Array | undefined, { device, mtu }: GattPeer): void {
    const { idleMs = 30_000 } = this.#options
    const nowMs = this.#world.now()
    const current = this.#port
    if (this.#isClosed || !this.#isNotifying) throw new GattRefusal('subscribe first')
    if (current && current.device !== device && nowMs - current.heardMs < idleMs)
      throw new GattRefusal('there is another central')
    current?.end()
    const port = new BluezPort({
      device,
      info,
      maxValueBytes: valueBytesOf(mtu),
      now: this.#world.now,
      notify: (value) => this.#notify(value),
      disconnect: () => this.#disconnect(port),
      onEnd: () => {
        if (this.#port === port) this.#port = undefined
      },
    })
    this.#port = port
    this.#accept(port)
  }

  #notify(value: Uint8Array): void {
    if (this.#application) this.#options.bus.send(this.#application.notification(value))
  }

  /** Ends the connection of a device, unless it has begun anew meanwhile. */
  async #disconnect({ device }: BluezPort): Promise<void> {
    if (this.#port || device === '') return
    await this.#call(device, 'org.bluez.Device1', 'Disconnect', '', []).catch(() => undefined)
  }

  /** Answers calls of BlueZ; others on the bus have no business here. */
  #answer(message: DBusMessage): boolean {
    const application = this.#application
    const isForUs =
      application && (message.path === application.path || message.path.startsWith(`${application.path}/`))
    if (!isForUs || message.sender !== this.#owner) return false
    const { bus, dbus } = this.#options
    try {
      const answer = application.answer(message)
      if (!answer) return false
      const [signature, ...body] = answer
      bus.send(dbus.Message.newMethodReturn(message, signature, body))
    } catch (error) {
      const name = error instanceof GattRefusal ? error.errorName : 'org.bluez.Error.Failed'
      bus.send(dbus.Message.newError(message, name, error instanceof GattRefusal ? error.message : 'failed'))
    }
    return true
  }

  #signal({ interface: name, member, path, body, sender }: DBusMessage): void {
    if (member === 'NameOwnerChanged' && body[0] === bluez && sender === 'org.freedesktop.DBus') {
      this.#owner = String(body[2])
      this.#isNotifying = false
      this.#port?.end()
      if (this.#owner !== '') this.#registerLater(firstPauseMs)
      return
    }
    if (name !== propertiesInterface || member !== 'PropertiesChanged' || sender !== this.#owner) return
    const changed = (body[1] ?? {}) as Readonly<Record<string, DBusVariant | undefined>>
    if (path === this.#port?.device && changed['Connected']?.value === false) this.#port.end()
    // Advertisements do not all survive that the adapter was off.
    if (path === this.#adapterPath && changed['Powered']?.value === true) this.#registerLater(firstPauseMs)
  }

  /** Only at the start: whoever turns it off later means it. */
  async #powerOn(): Promise<void> {
    const on = new this.#options.dbus.Variant('b', true)
    await this.#call(this.#adapterPath, propertiesInterface, 'Set', 'ssv', ['org.bluez.Adapter1', 'Powered', on])
  }

  #registerLater(pauseMs: number): void {
    if (this.#isClosed || this.#cancelPause) return
    this.#cancelPause = this.#world.timer(pauseMs, () => {
      this.#cancelPause = undefined
      this.#register().catch((error) => {
        this.#options.onError?.(error)
        this.#registerLater(Math.min(2 * pauseMs, lastPauseMs))
      })
    })
  }

  #register(): Promise<void> {
    this.#registering = (this.#registering ?? Promise.resolve()).catch(() => undefined).then(() => this.#registerNow())
    return this.#registering
  }

  async #registerNow(): Promise<void> {
    const application = this.#application
    if (!application || this.#isClosed) return
    await this.#call(this.#adapterPath, 'org.bluez.GattManager1', 'RegisterApplication', 'oa{sv}', [
      application.path,
      {},
    ]).catch(unlessThere)
    const manager = 'org.bluez.LEAdvertisingManager1'
    const advertisement = application.advertisementPath
    await this.#call(this.#adapterPath, manager, 'UnregisterAdvertisement', 'o', [advertisement]).catch(() => undefined)
    await this.#call(this.#adapterPath, manager, 'RegisterAdvertisement', 'oa{sv}', [advertisement, {}])
  }

  async #unregister(): Promise<void> {
    const application = this.#application
    if (!application) return
    const paths = { LEAdvertisingManager1: application.advertisementPath, GattManager1: application.path }
    for (const [manager, path] of Object.entries(paths)) {
      const member = manager === 'GattManager1' ? 'UnregisterApplication' : 'UnregisterAdvertisement'
      await this.#call(this.#adapterPath, `org.bluez.${manager}`, member, 'o', [path]).catch(() => undefined)
    }
  }

  async #callBus(member: string, text: string): Promise<unknown> {
    return this.#reply('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', member, 's', [text])
  }

  async #call(path: string, name: string, member: string, signature: string, body: unknown[]): Promise<unknown> {
    return this.#reply(bluez, path, name, member, signature, body)
  }

  /** dbus-next never ends a call whose answer does not come. */
  #reply(
    destination: string,
    path: string,
    name: string,
    member: string,
    signature: string,
    body: unknown[],
  ): Promise<unknown> {
    const { bus, dbus, timeoutMs = 10_000 } = this.#options
    return new Promise((resolve, reject) => {
      const cancel = this.#world.timer(timeoutMs, () => reject(new Error(`${destination} does not answer "${member}"`)))
      bus.call(new dbus.Message({ destination, path, interface: name, member, signature, body })).then(
        (reply) => {
          cancel()
          resolve(reply?.body[0])
        },
        (error) => {
          cancel()
          reject(error)
        },
      )
    })
  }
}

const valueBytesOf = (mtu: number): number => Math.min(mtu - 3, maxValueBytes)

/** An application that is registered already is what was wanted. */
function unlessThere(error: unknown): void {
  if ((error as { type?: string }).type !== 'org.bluez.Error.AlreadyExists') throw error
}
