import { ble } from '../../../transports/ble/ble.ts'
import { webBleCentral } from '../../../transports/ble/web.ts'
import { type Air, makeAir } from '../ble-air.ts'
import { bleRig } from '../ble-rig.ts'
import { Clock } from '../clock.ts'
import type { Pair } from '../compliance/scene.ts'
import type { FakeBluezOptions } from '../fake-bluez-options.ts'
import { FakeWebBluetooth } from '../fake-web-bluetooth.ts'
import { type WatchedCentral, watched } from '../watched-central.ts'

/** What the tests do to a link is done to the central's end of it. */
const disturbed = (central: WatchedCentral, uri: string) => ({
  unreachable: async () => 'ble:nobody',
  interrupt: () => central.disconnect(),
  garbage: (junk: Uint8Array) => central.throwJunk(junk),
  slow: async () => {
    central.slow(20)
    return uri
  },
  taken: () => central.written(),
})

/** Over a link within the program. */
export async function airPair(air: Air = makeAir(), window = 32): Promise<Pair> {
  const clock = new Clock()
  const options = { maxPacketBytes: 40_000, window, world: clock }
  const central = watched(air.central())
  const stranger = air.central()
  const a = ble({ ...options, name: 'a', central })
  const b = ble({ ...options, name: 'b', peripheral: air.peripheral() })
  return {
    ...disturbed(central, 'ble:b'),
    a,
    b,
    uriOf: (end) => (end === a ? 'ble:a' : 'ble:b'),
    garbage: async (junk) => {
      // One who introduces himself so, and then somebody who is known.
      await stranger.connect('b', () => junk)
      await central.throwJunk(junk)
    },
    held: () => clock.pending + air.ports.length,
    close: async () => undefined,
  }
}

/** With a browser as the central. */
export async function webPair(): Promise<Pair> {
  const bluetooth = new FakeWebBluetooth()
  const central = watched(webBleCentral({ bluetooth }))
  const a = ble({ name: 'phone', maxPacketBytes: 20_000, central })
  const b = ble({ name: 'device', maxPacketBytes: 20_000, peripheral: bluetooth.peripheral })
  return {
    ...disturbed(central, 'ble:device'),
    a,
    b,
    uriOf: (end) => (end === a ? 'ble:phone' : 'ble:device'),
    interrupt: async () => bluetooth.drop(),
    held: () => bluetooth.listeners,
    close: async () => undefined,
  }
}

/** Over node-ble, D-Bus and a stand-in for BlueZ. */
export async function bluezPair(options: FakeBluezOptions = {}): Promise<Pair> {
  let over: WatchedCentral | undefined
  const { bluez, central, close, held, peripheral } = await bleRig({
    ...options,
    watch: (made) => {
      over = watched(made)
      return over
    },
  })
  if (!over) throw new TypeError('the rig made no central')
  return {
    ...disturbed(over, 'ble:sensor'),
    a: central,
    b: peripheral,
    uriOf: (end) => (end === central ? 'ble:gateway' : 'ble:sensor'),
    unreachable: async () => {
      bluez.disconnectAll()
      return 'ble:nobody'
    },
    interrupt: async () => bluez.disconnectAll(),
    held,
    close,
  }
}
