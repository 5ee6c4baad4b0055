import { once } from 'node:events'
import dbus from 'dbus-next'
import { createBluetooth } from 'node-ble'
import { type BleCentral, type BleTransport, ble } from '../../transports/ble/ble.ts'
import { bluezPeripheral } from '../../transports/ble/bluez.ts'
import { type NodeBleCentralOptions, nodeBleCentral } from '../../transports/ble/central.ts'
import { FakeBluez } from './fake-bluez.ts'
import type { FakeBluezOptions } from './fake-bluez-options.ts'
import { startPrivateBus } from './private-bus.ts'

/** A central on hci1 and a peripheral on hci0 of a fake BlueZ, on a bus of their own. */
export interface BleRig {
  readonly central: BleTransport
  readonly peripheral: BleTransport
  readonly bluez: FakeBluez
  /** How many listeners the central has on its bus. */
  held(): number
  /** Another central in the place of the first. */
  newCentral(): BleTransport
  /** Another peripheral in the place of the first. */
  newPeripheral(): Promise<BleTransport>
  close(): Promise<void>
}

const maxPacketBytes = 40_000

export async function bleRig(
  options: FakeBluezOptions & {
    central?: Partial<NodeBleCentralOptions>
    timeoutMs?: number
    mode?: 'dif'
    /** Puts something around each central. */
    watch?: (central: BleCentral) => BleCentral
  } = {},
): Promise<BleRig> {
  const bus = await startPrivateBus()
  const bluez = await FakeBluez.start(bus.address, options)
  const { bluetooth, destroy } = createBluetooth()
  const closers: (() => void)[] = [destroy]
  const newCentral = () => {
    const own = createBluetooth()
    closers.push(own.destroy)
    return centralOver(own.bluetooth)
  }
  const timeoutMs = options.timeoutMs ?? 30_000
  const mode = options.mode ? { mode: options.mode } : {}
  const watch = options.watch ?? ((made) => made)
  const centralOver = (over: typeof bluetooth) => {
    const made = nodeBleCentral({ bluetooth: over, adapter: 'hci1', scanMs: 3_000, dbus, ...mode, ...options.central })
    return ble({ name: 'gateway', maxPacketBytes, timeoutMs, central: watch(made) })
  }
  const central = centralOver(bluetooth)
  const newPeripheral = async () => {
    const own = dbus.systemBus()
    await once(own, 'connect')
    closers.push(() => own.disconnect())
    return ble({ name: 'sensor', maxPacketBytes, timeoutMs, peripheral: bluezPeripheral({ dbus, bus: own, ...mode }) })
  }
  const peripheral = await newPeripheral()
  return {
    central,
    peripheral,
    bluez,
    newCentral,
    newPeripheral,
    held: () => {
      const { _signals } = (bluetooth as unknown as { dbus: { _signals: NodeJS.EventEmitter } }).dbus
      return _signals.eventNames().reduce((sum, name) => sum + _signals.listenerCount(name), 0)
    },
    close: async () => {
      await Promise.all([central.close(), peripheral.close()])
      for (const close of closers) close()
      bluez.stop()
      bus.stop()
    },
  }
}
