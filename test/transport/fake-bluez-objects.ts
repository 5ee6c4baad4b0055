import dbus from 'dbus-next'

export const { Message, Variant } = dbus
export type Properties = Record<string, { signature: string; value: unknown }>
export type Interfaces = Record<string, Properties>

export const propertiesName = 'org.freedesktop.DBus.Properties'
const managerName = 'org.freedesktop.DBus.ObjectManager'

/** An error as BlueZ answers with it. */
export class BluezError extends Error {
  readonly errorName: string

  constructor(name: string, message: string) {
    super(message)
    this.errorName = `org.bluez.Error.${name}`
  }
}

/** The methods of each interface, as `Name(in)out` with D-Bus signatures; node-ble makes its proxies from them. */
const methods: Record<string, string[]> = {
  'org.bluez.Adapter1': ['StartDiscovery()', 'StopDiscovery()', 'SetDiscoveryFilter(a{sv})', 'RemoveDevice(o)'],
  'org.bluez.Device1': ['Connect()', 'Disconnect()', 'Pair()', 'CancelPairing()'],
  'org.bluez.GattCharacteristic1': ['ReadValue(a{sv})ay', 'WriteValue(ay,a{sv})', 'StartNotify()', 'StopNotify()'],
  'org.bluez.GattManager1': ['RegisterApplication(o,a{sv})', 'UnregisterApplication(o)'],
  'org.bluez.LEAdvertisingManager1': ['RegisterAdvertisement(o,a{sv})', 'UnregisterAdvertisement(o)'],
  'org.bluez.AgentManager1': ['RegisterAgent(o,s)'],
  [propertiesName]: ['Get(s,s)v', 'Set(s,s,v)', 'GetAll(s)a{sv}'],
  [managerName]: ['GetManagedObjects()a{oa{sa{sv}}}'],
}

function methodXml(method: string): string {
  const [, name = '', inputs = '', output = ''] = /^(\w+)\((.*)\)(.*)$/.exec(method) ?? []
  const args = inputs.split(',').filter(Boolean)
  const xml = args.map((type) => `<arg type="${type}" direction="in"/>`)
  if (output) xml.push(`<arg type="${output}" direction="out"/>`)
  return `<method name="${name}">${xml.join('')}</method>`
}

function interfaceXml(name: string, properties: Properties): string {
  const parts = (methods[name] ?? []).map(methodXml)
  for (const [key, { signature }] of Object.entries(properties)) {
    parts.push(`<property name="${key}" type="${signature}" access="readwrite"/>`)
  }
  if (name === propertiesName) {
    parts.push('<signal name="PropertiesChanged"><arg type="s"/><arg type="a{sv}"/><arg type="as"/></signal>')
  }
  return `<interface name="${name}">${parts.join('')}</interface>`
}

/** The objects that BlueZ has on the bus, with what D-Bus says of any object: introspection, properties and the object manager. */
export class BusObjects {
  readonly #objects = new Map<string, Interfaces>()
  readonly #emit: (path: string, name: string, member: string, signature: string, body: unknown[]) => void

  constructor(emit: (path: string, name: string, member: string, signature: string, body: unknown[]) => void) {
    this.#emit = emit
  }

  get(path: string): Interfaces | undefined {
    return this.#objects.get(path)
  }

  add(path: string, interfaces: Interfaces): void {
    this.#objects.set(path, interfaces)
    this.#emit('/', managerName, 'InterfacesAdded', 'oa{sa{sv}}', [path, interfaces])
  }

  /** Removes what is at a path and below it. */
  remove(top: string): void {
    for (const [path, interfaces] of [...this.#objects]) {
      if (path !== top && !path.startsWith(`${top}/`)) continue
      this.#objects.delete(path)
      this.#emit('/', managerName, 'InterfacesRemoved', 'oas', [path, Object.keys(interfaces)])
    }
  }

  /** Removes the services of a device. */
  removeServices(devicePath: string): void {
    for (const path of [...this.#objects.keys()]) {
      if (/\/service\w+$/.test(path) && path.startsWith(`${devicePath}/`)) this.remove(path)
    }
  }

  change(path: string, name: string, changed: Properties): void {
    const properties = this.#objects.get(path)?.[name]
    if (!properties) return
    Object.assign(properties, changed)
    this.#emit(path, propertiesName, 'PropertiesChanged', 'sa{sv}as', [name, changed, []])
  }

  managed(): Record<string, Interfaces> {
    return Object.fromEntries(this.#objects)
  }

  introspect(path: string): string {
    const top = path === '/' ? '/' : `${path}/`
    const below = [...this.#objects.keys()].filter((other) => other.startsWith(top) && other !== path)
    const children = new Set(below.map((other) => other.slice(top.length).split('/')[0] ?? ''))
    const object = this.#objects.get(path)
    const xml = Object.entries(object ?? {}).map(([name, properties]) => interfaceXml(name, properties))
    if (path === '/') xml.push(interfaceXml(managerName, {}))
    if (object) xml.push(interfaceXml(propertiesName, {}))
    return `<node>${xml.join('')}${[...children].map((child) => `<node name="${child}"/>`).join('')}</node>`
  }
}
