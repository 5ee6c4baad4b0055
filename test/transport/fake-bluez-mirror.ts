import { type BusObjects, type Interfaces, Variant } from './fake-bluez-objects.ts'

export const characteristicName = 'org.bluez.GattCharacteristic1'

/** What a program has registered on an adapter. */
export interface Registered {
  readonly sender: string
  readonly path: string
}

export interface Application extends Registered {
  readonly objects: Record<string, Interfaces>
}

/** A characteristic of a remote device, and where it really is. */
export interface Mirror {
  readonly application: Application
  readonly path: string
  isNotifying: boolean
}

const uuidOf = (short: string) => ({ UUID: new Variant('s', `0000${short}-0000-1000-8000-00805f9b34fb`) })

/** Shows the services of applications, behind what bluetoothd has of its own, below a device, and returns where each characteristic really is. */
export function mirrorServices(
  objects: BusObjects,
  devicePath: string,
  applications: readonly Application[],
  mtu: number,
): Map<string, Mirror> {
  const mirrors = new Map<string, Mirror>()
  let handle = 0x20
  const nextPath = (top: string, what: string) => `${top}/${what}${(handle++).toString(16).padStart(4, '0')}`
  const show = (application: Application, path: string, servicePath: string) => {
    for (const [real, { [characteristicName]: properties }] of Object.entries(application.objects)) {
      if (properties?.['Service']?.value !== path || !properties['UUID']) continue
      const shown = nextPath(servicePath, 'char')
      mirrors.set(shown, { application, path: real, isNotifying: false })
      objects.add(shown, {
        [characteristicName]: {
          UUID: properties['UUID'],
          Value: new Variant('ay', Buffer.alloc(0)),
          Notifying: new Variant('b', false),
          MTU: new Variant('q', mtu),
        },
      })
    }
  }
  const information = nextPath(devicePath, 'service')
  objects.add(information, { 'org.bluez.GattService1': uuidOf('180a') })
  objects.add(nextPath(information, 'char'), { [characteristicName]: uuidOf('2a50') })
  for (const application of applications) {
    for (const [path, { 'org.bluez.GattService1': service }] of Object.entries(application.objects)) {
      if (!service?.['UUID']) continue
      const servicePath = nextPath(devicePath, 'service')
      objects.add(servicePath, { 'org.bluez.GattService1': { UUID: service['UUID'] } })
      show(application, path, servicePath)
    }
  }
  return mirrors
}
