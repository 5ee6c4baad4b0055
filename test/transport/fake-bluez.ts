import { once } from 'node:events'
import dbus, { type MessageBus } from 'dbus-next'
import {
  type Application,
  characteristicName,
  type Mirror,
  mirrorServices,
  type Registered,
} from './fake-bluez-mirror.ts'
import { BluezError, BusObjects, type Interfaces, Message, propertiesName, Variant } from './fake-bluez-objects.ts'
import type { FakeBluezOptions } from './fake-bluez-options.ts'

type Received = InstanceType<typeof Message>

const adapterName = 'org.bluez.Adapter1'
const deviceName = 'org.bluez.Device1'

interface Advertisement extends Registered {
  /** The adapters that have heard it: as with a virtual controller, each does once. */
  readonly heardBy: Set<Adapter>
  readonly properties: Record<string, { value: unknown }>
}

interface Adapter {
  readonly path: string
  readonly address: string
  applications: Application[]
  advertisements: Advertisement[]
  readonly discoverers: Set<string>
}

interface Connection {
  readonly devicePath: string
  readonly central: Adapter
  readonly peripheral: Adapter
  mirrors: Map<string, Mirror>
  /** Requests are answered one after the other. */
  last: Promise<unknown>
}

/**
 * Stands in for bluetoothd whose adapters hear each other. It takes real registrations of a peripheral on one, and shows them as
 * a device on the other; what it does of GATT is what BlueZ 5.66 was seen to do.
 */
export class FakeBluez {
  readonly #options: FakeBluezOptions
  readonly #bus: MessageBus
  readonly #objects: BusObjects
  readonly #adapters: Adapter[]
  readonly #connections = new Map<string, Connection>()
  #isStopped = false
  /** Learns that an adapter was turned off or on. */
  onPower: (index: number, isOn: boolean) => void = () => undefined

  private constructor(bus: MessageBus, options: FakeBluezOptions) {
    this.#bus = bus
    this.#options = options
    this.#objects = new BusObjects((path, name, member, signature, body) =>
      this.#send(Message.newSignal(path, name, member, signature, body)),
    )
    this.#adapters = Array.from({ length: options.adapters ?? 2 }, (_, index) => ({
      path: `/org/bluez/hci${index}`,
      address: `00:AA:01:0${index}:00:0${index}`,
      applications: [],
      advertisements: [],
      discoverers: new Set(),
    }))
  }

  static async start(busAddress: string, options: FakeBluezOptions = {}): Promise<FakeBluez> {
    // The types leave the address out.
    const systemBus = dbus.systemBus as (options: { busAddress: string }) => MessageBus
    const bus = systemBus({ busAddress })
    await once(bus, 'connect')
    const fake = new FakeBluez(bus, options)
    bus.addMethodHandler((message: Received) => fake.#handle(message))
    bus.on('message', (message) => fake.#hear(message))
    for (const rule of [
      "interface='org.freedesktop.DBus',member='NameOwnerChanged'",
      `interface='${propertiesName}'`,
    ]) {
      await fake.#call('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'AddMatch', 's', [rule])
    }
    fake.#appear()
    await bus.requestName('org.bluez', 0)
    return fake
  }

  stop(): void {
    this.#isStopped = true
    this.#bus.disconnect()
  }

  /** What the peripheral on `hci0` has registered, and its name on the bus. */
  get application(): Registered | undefined {
    return this.#adapters[0]?.applications[0]
  }

  /** Ends all connections, as when the two go out of reach. */
  disconnectAll(): void {
    for (const connection of [...this.#connections.values()]) this.#disconnect(connection)
  }

  /** Turns an adapter off or on. */
  power(index: number, isOn: boolean): void {
    const adapter = this.#adapters[index]
    if (!adapter) throw new RangeError(`no adapter ${index}`)
    this.#objects.change(adapter.path, adapterName, { Powered: new Variant('b', isOn) })
    this.onPower(index, isOn)
    if (isOn) return
    for (const connection of [...this.#connections.values()]) {
      if ([connection.central, connection.peripheral].includes(adapter)) this.#disconnect(connection)
    }
  }

  /** Ends and begins anew, with nothing that was registered. */
  async restart(): Promise<void> {
    await this.#bus.releaseName('org.bluez')
    this.#connections.clear()
    this.#objects.remove('/org/bluez')
    for (const adapter of this.#adapters) {
      adapter.applications = []
      adapter.advertisements = []
    }
    this.#appear()
    await this.#bus.requestName('org.bluez', 0)
  }

  #appear(): void {
    this.#objects.add('/org/bluez', { 'org.bluez.AgentManager1': {} })
    for (const { address, path } of this.#adapters) {
      this.#objects.add(path, {
        [adapterName]: {
          Address: new Variant('s', address),
          Powered: new Variant('b', true),
          Discovering: new Variant('b', false),
        },
        'org.bluez.GattManager1': {},
        'org.bluez.LEAdvertisingManager1': {},
      })
    }
  }

  /** What comes after the end goes nowhere. */
  #send(message: Received): void {
    if (!this.#isStopped) this.#bus.send(message)
  }

  async #call(destination: string, path: string, name: string, member: string, signature = '', body: unknown[] = []) {
    const reply = await this.#bus.call(new Message({ destination, path, interface: name, member, signature, body }))
    return reply?.body[0]
  }

  #handle(message: Received): boolean {
    if (message.interface === 'org.freedesktop.DBus.Peer') return false
    this.#dispatch(message).then(
      ([signature, ...body]) => {
        if (this.#options.isStuck?.(message.member)) return
        this.#send(Message.newMethodReturn(message, signature, body))
      },
      (error: Error & { errorName?: string }) => {
        // The types take the message for text.
        const newError = Message.newError as unknown as (message: Received, name: string, text: string) => Received
        this.#send(newError(message, error.errorName ?? 'org.bluez.Error.Failed', error.message))
      },
    )
    return true
  }

  async #dispatch(message: Received): Promise<[signature: string, ...body: unknown[]]> {
    const { body, interface: name, member, path, sender } = message
    if (member === 'Introspect') return ['s', this.#objects.introspect(path)]
    if (member === 'GetManagedObjects') return ['a{oa{sa{sv}}}', this.#objects.managed()]
    const object = this.#objects.get(path)
    const adapter = this.#adapters.find((one) => path === one.path || path.startsWith(`${one.path}/`))
    if (!object || (name !== propertiesName && !object[name])) {
      throw Object.assign(new Error(`"${member}" doesn't exist`), {
        errorName: 'org.freedesktop.DBus.Error.UnknownObject',
      })
    }
    if (name === propertiesName) return this.#property(path, object, member, body)
    const failure = this.#options.failure?.(member)
    if (failure !== undefined) throw new BluezError('Failed', failure)
    if (!adapter || this.#options.isStuck?.(member)) return ['']
    if (name === characteristicName) return this.#gatt(path, member, body)
    if (name === deviceName) await this.#device(adapter, path, member)
    else await this.#manage(adapter, sender, member, body)
    return ['']
  }

  #property(path: string, object: Interfaces, member: string, body: unknown[]): [string, ...unknown[]] {
    const [name, key, value] = body as [string, string, { signature: string; value: unknown }]
    const properties = object[name] ?? {}
    if (member === 'GetAll') return ['a{sv}', properties]
    if (member === 'Get') {
      if (!properties[key]) throw new BluezError('InvalidArguments', `no property "${key}"`)
      return ['v', properties[key]]
    }
    if (key === 'Powered') this.power(Number(path.slice(-1)), value.value === true)
    return ['']
  }

  async #manage(adapter: Adapter, sender: string, member: string, body: unknown[]): Promise<void> {
    const path = String(body[0])
    const others = <T extends Registered>(all: T[]) => all.filter((one) => one.sender !== sender || one.path !== path)
    if (member === 'StartDiscovery') {
      adapter.discoverers.add(sender)
      this.#discovering(adapter)
      this.#air()
    } else if (member === 'StopDiscovery') {
      adapter.discoverers.delete(sender)
      this.#discovering(adapter)
    } else if (member === 'RegisterApplication') {
      if (others(adapter.applications).length < adapter.applications.length)
        throw new BluezError('AlreadyExists', 'Already Exists')
      const objects = await this.#call(sender, path, 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')
      adapter.applications.push({ sender, path, objects })
      this.#servicesChanged(adapter)
    } else if (member === 'UnregisterApplication') {
      adapter.applications = others(adapter.applications)
      this.#servicesChanged(adapter)
    } else if (member === 'RegisterAdvertisement') {
      const properties = await this.#call(sender, path, propertiesName, 'GetAll', 's', ['org.bluez.LEAdvertisement1'])
      adapter.advertisements.push({ sender, path, properties, heardBy: new Set() })
      this.#air()
    } else if (member === 'UnregisterAdvertisement') {
      adapter.advertisements = others(adapter.advertisements)
    }
  }

  #discovering({ discoverers, path }: Adapter): void {
    this.#objects.change(path, adapterName, { Discovering: new Variant('b', discoverers.size > 0) })
  }

  /** Shows those who advertise to those who look. */
  #air(): void {
    for (const seer of this.#adapters) {
      const others = this.#adapters.filter((one) => one !== seer && seer.discoverers.size > 0)
      for (const { address, advertisements } of others) {
        const heard = advertisements.find(
          ({ heardBy, properties }) => !heardBy.has(seer) && properties['Discoverable']?.value,
        )
        if (heard) this.#show(seer, address, heard)
      }
    }
  }

  #show(seer: Adapter, address: string, { heardBy, properties }: Advertisement): void {
    heardBy.add(seer)
    const path = `${seer.path}/dev_${address.replaceAll(':', '_')}`
    const { LocalName: name, ServiceUUIDs: uuids } = properties
    const seen = { Name: new Variant('s', name?.value), UUIDs: new Variant('as', uuids?.value) }
    const state = { Connected: new Variant('b', false), ServicesResolved: new Variant('b', false) }
    if (this.#objects.get(path)) this.#objects.change(path, deviceName, seen)
    else this.#objects.add(path, { [deviceName]: { Address: new Variant('s', address), ...seen, ...state } })
  }

  async #device(central: Adapter, devicePath: string, member: string): Promise<void> {
    const connection = this.#connections.get(devicePath)
    // BlueZ answers first, and disconnects then. The other side of a connection may ask as well.
    if (member === 'Disconnect') setImmediate(() => this.#disconnect(connection ?? this.#connectionOf(central)))
    if (member !== 'Connect' || connection) return
    const peripheral = this.#adapters.find(({ address }) => devicePath.endsWith(address.replaceAll(':', '_')))
    const isOn = (adapter: Adapter) => this.#objects.get(adapter.path)?.[adapterName]?.['Powered']?.value === true
    if (!isOn(central)) throw new BluezError('NotReady', 'Resource Not Ready')
    if (!peripheral || peripheral.advertisements.length === 0 || !isOn(peripheral)) {
      throw new BluezError('Failed', 'le-connection-abort-by-local')
    }
    const opened = { devicePath, central, peripheral, mirrors: new Map(), last: Promise.resolve() }
    this.#connections.set(devicePath, opened)
    const back = this.#backPath(opened)
    if (!this.#objects.get(back)) {
      this.#objects.add(back, {
        [deviceName]: { Address: new Variant('s', central.address), Connected: new Variant('b', false) },
      })
    }
    for (const path of [devicePath, back]) this.#objects.change(path, deviceName, { Connected: new Variant('b', true) })
    // The GAP service has the name of the host.
    this.#objects.change(devicePath, deviceName, { Name: new Variant('s', 'a host') })
    setTimeout(() => this.#mirror(opened), this.#options.resolveMs ?? 5)
  }

  #connectionOf(peripheral: Adapter): Connection | undefined {
    return [...this.#connections.values()].find((connection) => connection.peripheral === peripheral)
  }

  /** The device that the central is to the peripheral. */
  #backPath({ central, peripheral }: Connection): string {
    return `${peripheral.path}/dev_${central.address.replaceAll(':', '_')}`
  }

  /** Shows the services of the peripheral as those of the device. */
  #mirror(connection: Connection): void {
    const { devicePath, peripheral } = connection
    if (this.#connections.get(devicePath) !== connection) return
    connection.mirrors = mirrorServices(this.#objects, devicePath, peripheral.applications, this.#mtu)
    this.#objects.change(devicePath, deviceName, { ServicesResolved: new Variant('b', true) })
  }

  get #mtu(): number {
    return this.#options.mtu ?? 517
  }

  /** The services vanish and appear anew; the connection stays. */
  #servicesChanged(peripheral: Adapter): void {
    for (const connection of this.#connections.values()) {
      if (connection.peripheral !== peripheral) continue
      this.#objects.removeServices(connection.devicePath)
      connection.mirrors = new Map()
      this.#objects.change(connection.devicePath, deviceName, { ServicesResolved: new Variant('b', false) })
      setTimeout(() => this.#mirror(connection), this.#options.resolveMs ?? 5)
    }
  }

  #disconnect(connection: Connection | undefined): void {
    if (!connection || !this.#connections.delete(connection.devicePath)) return
    for (const { application, isNotifying, path } of connection.mirrors.values()) {
      if (isNotifying) this.#call(application.sender, path, characteristicName, 'StopNotify').catch(() => undefined)
    }
    this.#objects.removeServices(connection.devicePath)
    const gone = { Connected: new Variant('b', false) }
    this.#objects.change(connection.devicePath, deviceName, { ServicesResolved: new Variant('b', false), ...gone })
    this.#objects.change(this.#backPath(connection), deviceName, gone)
  }

  async #gatt(shown: string, member: string, body: unknown[]): Promise<[string, ...unknown[]]> {
    const connection = [...this.#connections.values()].find(({ mirrors }) => mirrors.has(shown))
    const mirror = connection?.mirrors.get(shown)
    if (!connection || !mirror) throw new BluezError('Failed', 'Not connected')
    const { application, path } = mirror
    const peer = { device: new Variant('o', this.#backPath(connection)), mtu: new Variant('q', this.#mtu) }
    const ask = (signature: string, ...args: unknown[]) =>
      this.#call(application.sender, path, characteristicName, member, signature, args)
    const inTurn = (work: () => Promise<unknown>) => {
      connection.last = connection.last.catch(() => undefined).then(work)
      return connection.last
    }
    if (member === 'ReadValue') return ['ay', await inTurn(() => ask('a{sv}', peer))]
    if (member === 'WriteValue') {
      const value = Buffer.from(body[0] as Buffer)
      const { type } = body[1] as { type?: { value: unknown } }
      const write = () => inTurn(() => ask('aya{sv}', value, peer))
      if (type?.value !== 'command') {
        if (value.length > 510) throw new BluezError('InvalidArguments', 'Invalid Length')
        await write()
      } else if (value.length > this.#mtu - 3) throw new BluezError('Failed', 'Failed to initiate write')
      // What is longer reports success and is dropped.
      else if (value.length <= 510) this.#carry(() => write().catch(() => undefined))
      return ['']
    }
    mirror.isNotifying = member === 'StartNotify'
    this.#objects.change(shown, characteristicName, { Notifying: new Variant('b', mirror.isNotifying) })
    await ask('')
    return ['']
  }

  #carry(deliver: () => void): void {
    if (this.#options.carry) this.#options.carry(deliver)
    else deliver()
  }

  #hear(message: Received): void {
    const { body, member, path, sender } = message
    if (message.type !== dbus.MessageType.SIGNAL) return
    if (member === 'NameOwnerChanged' && body[2] === '') this.#forget(body[0])
    if (member !== 'PropertiesChanged' || body[0] !== characteristicName) return
    const value = (body[1] as { Value?: { value: Buffer } }).Value?.value
    if (!value) return
    // Notifications are cut.
    const cut = Buffer.from(value).subarray(0, Math.min(this.#mtu - 3, 512))
    for (const { mirrors } of this.#connections.values()) {
      for (const [shown, mirror] of mirrors) {
        if (!mirror.isNotifying || mirror.path !== path || mirror.application.sender !== sender) continue
        this.#carry(() => this.#objects.change(shown, characteristicName, { Value: new Variant('ay', cut) }))
      }
    }
  }

  /** A program has gone, and what it had registered goes with it. */
  #forget(sender: string): void {
    for (const adapter of this.#adapters) {
      const isLeft = (one: Registered) => one.sender !== sender
      const hadServices = !adapter.applications.every(isLeft)
      adapter.applications = adapter.applications.filter(isLeft)
      adapter.advertisements = adapter.advertisements.filter(isLeft)
      if (adapter.discoverers.delete(sender)) this.#discovering(adapter)
      if (hadServices) this.#servicesChanged(adapter)
    }
  }
}
