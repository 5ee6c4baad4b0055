import { type DBus, type DBusMessage, type DBusVariant, objectManagerInterface, propertiesInterface } from './dbus.ts'
import type { GattNames } from './port.ts'

export const serviceInterface = 'org.bluez.GattService1'
export const characteristicInterface = 'org.bluez.GattCharacteristic1'
export const advertisementInterface = 'org.bluez.LEAdvertisement1'

/** What BlueZ says of who reads or writes: which device, and the MTU of its connection. */
export interface GattPeer {
  readonly device: string
  readonly mtu: number
}

/** What the objects of an application are asked to do. */
export interface GattActions {
  readInfo(peer: GattPeer): Uint8Array
  /** @throws GattRefusal */
  writeInfo(value: Uint8Array, peer: GattPeer): void
  /** @throws GattRefusal */
  writeRx(value: Uint8Array, peer: GattPeer): void
  startNotify(): void
  stopNotify(): void
  /** BlueZ has taken the advertisement away. */
  released(): void
}

/** An answer of GATT that is no value; this name survives the way to the other side (measured), most become "Failed". */
export class GattRefusal extends Error {
  readonly errorName = 'org.bluez.Error.NotPermitted'
}

type Properties = Readonly<Record<string, DBusVariant>>
type Answer = readonly [signature: string, ...body: unknown[]]

/** The smallest MTU of BLE: assumed where BlueZ does not say. */
export const leastMtu = 23

/** The D-Bus objects of one GATT service and its advertisement, as BlueZ wants them of an application. */
export class BluezApplication {
  readonly path: string
  readonly advertisementPath: string
  readonly #dbus: DBus
  readonly #actions: GattActions
  readonly #rxPath: string
  readonly #txPath: string
  readonly #infoPath: string | undefined
  readonly #objects: ReadonlyMap<string, readonly [name: string, properties: Properties]>

  constructor(dbus: DBus, path: string, names: GattNames, localName: string, actions: GattActions) {
    this.#dbus = dbus
    this.#actions = actions
    this.path = path
    this.advertisementPath = `${path}/advertisement0`
    const servicePath = `${path}/service0`
    this.#rxPath = `${servicePath}/char0`
    this.#txPath = `${servicePath}/char1`
    this.#infoPath = names.info === undefined ? undefined : `${servicePath}/char2`
    const text = (value: string) => new dbus.Variant('s', value)
    const texts = (...values: string[]) => new dbus.Variant('as', values)
    const characteristic = (uuid: string, ...flags: string[]) =>
      [
        characteristicInterface,
        { UUID: text(uuid), Service: new dbus.Variant('o', servicePath), Flags: texts(...flags) },
      ] as const
    const objects = new Map<string, readonly [string, Properties]>([
      [servicePath, [serviceInterface, { UUID: text(names.service), Primary: new dbus.Variant('b', true) }]],
      [this.#rxPath, characteristic(names.rx, 'write', 'write-without-response')],
      // Without receipts the link layer has to confirm.
      [
        this.#txPath,
        names.info === undefined ? characteristic(names.tx, 'read', 'indicate') : characteristic(names.tx, 'notify'),
      ],
      [
        this.advertisementPath,
        [
          advertisementInterface,
          {
            Type: text('peripheral'),
            ServiceUUIDs: texts(names.service),
            LocalName: text(localName),
            // Otherwise it has the flags of the adapter, and BlueZ shows it to nobody who looks without a filter.
            Discoverable: new dbus.Variant('b', true),
          },
        ],
      ],
    ])
    if (this.#infoPath !== undefined) {
      objects.set(this.#infoPath, characteristic(names.info ?? '', 'read', 'write'))
    }
    this.#objects = objects
  }

  /** Makes the signal by which BlueZ sends a notification. */
  notification(value: Uint8Array): DBusMessage {
    const { Message, Variant } = this.#dbus
    const changed = { Value: new Variant('ay', Buffer.from(value)) }
    return Message.newSignal(this.#txPath, propertiesInterface, 'PropertiesChanged', 'sa{sv}as', [
      characteristicInterface,
      changed,
      [],
    ])
  }

  /**
   * Answers one method call; `undefined` where there is no such method here.
   *
   * @throws GattRefusal
   */
  answer({ path, interface: name, member, body }: DBusMessage): Answer | undefined {
    if (path === this.path && name === objectManagerInterface) return this.#managed(member)
    const object = this.#objects.get(path)
    if (!object) return undefined
    if (name === propertiesInterface) return this.#properties(object, member, body)
    if (name === advertisementInterface && member === 'Release') {
      this.#actions.released()
      return ['']
    }
    return name === characteristicInterface ? this.#characteristic(path, member, body) : undefined
  }

  #managed(member: string): Answer | undefined {
    if (member !== 'GetManagedObjects') return undefined
    const gatt = [...this.#objects].filter(([path]) => path !== this.advertisementPath)
    return [
      'a{oa{sa{sv}}}',
      Object.fromEntries(gatt.map(([path, [name, properties]]) => [path, { [name]: properties }])),
    ]
  }

  #properties([name, properties]: readonly [string, Properties], member: string, body: unknown[]): Answer | undefined {
    const isOurs = body[0] === name
    if (member === 'GetAll') return ['a{sv}', isOurs ? properties : {}]
    const value = isOurs ? properties[String(body[1])] : undefined
    return member === 'Get' && value ? ['v', value] : undefined
  }

  #characteristic(path: string, member: string, body: unknown[]): Answer | undefined {
    switch (`${path} ${member}`) {
      case `${this.#infoPath} ReadValue`: {
        const options = optionsOf(body[0])
        const value = this.#actions.readInfo(peerOf(options))
        return ['ay', Buffer.from(value.subarray(numberOf(options['offset'], 0)))]
      }
      case `${this.#infoPath} WriteValue`:
        this.#actions.writeInfo(bytesOf(body[0]), peerOf(optionsOf(body[1])))
        return ['']
      case `${this.#rxPath} WriteValue`:
        this.#actions.writeRx(bytesOf(body[0]), peerOf(optionsOf(body[1])))
        return ['']
      case `${this.#txPath} ReadValue`:
        return ['ay', Buffer.alloc(0)]
      case `${this.#txPath} Confirm`:
        return ['']
      case `${this.#txPath} StartNotify`:
        this.#actions.startNotify()
        return ['']
      case `${this.#txPath} StopNotify`:
        this.#actions.stopNotify()
        return ['']
      default:
        return undefined
    }
  }
}

type Options = Readonly<Record<string, DBusVariant | undefined>>

const optionsOf = (body: unknown): Options => (body ?? {}) as Options
const numberOf = (variant: DBusVariant | undefined, otherwise: number): number =>
  typeof variant?.value === 'number' ? variant.value : otherwise
const bytesOf = (body: unknown): Uint8Array => new Uint8Array(body instanceof Uint8Array ? body : [])
const peerOf = ({ device, mtu }: Options): GattPeer => ({
  device: String(device?.value ?? ''),
  mtu: numberOf(mtu, leastMtu),
})
