import { once } from 'node:events'
import dbus from 'dbus-next'
import { createBluetooth } from 'node-ble'
import { afterEach, describe, expect, it } from 'vitest'
import type { Packet, Receive } from '../../runtime/transport.ts'
import { ble } from '../../transports/ble/ble.ts'
import { nodeBleCentral } from '../../transports/ble/central.ts'
import { type BleRig, bleRig } from './ble-rig.ts'
import { eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { hasDbusDaemon } from './private-bus.ts'

const never: Receive = async () => 'refused'
const packet = (lengthBytes: number, fill = 1): Packet => ({ bytes: new Uint8Array(lengthBytes).fill(fill) })

describe.skipIf(!hasDbusDaemon)('BLE over node-ble and BlueZ', () => {
  let rig: BleRig
  const got: Uint8Array[] = []
  const keep: Receive = async ({ bytes }) => {
    got.push(bytes)
    return 'accepted'
  }
  const open = async (...options: Parameters<typeof bleRig>) => {
    got.length = 0
    rig = await bleRig(...options)
    await rig.peripheral.start(keep)
    await rig.central.start(keep)
  }
  const toSensor = (what: Packet) => codeOf(rig.central.send('ble:sensor', what))
  /** As an outbox does. */
  const untilTaken = async (send: () => Promise<string>) => {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      if ((await send()) === 'no error') return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error('never taken')
  }
  afterEach(() => rig.close())

  it('uses the whole MTU, and no more than all stacks carry', async () => {
    let values = 0
    await open({
      carry: (deliver) => {
        values += 1
        deliver()
      },
    })
    expect(await toSensor(packet(16_384))).toBe('no error')
    // 499 bytes of each, and two bytes for the length; then receipts for the halves of windows, and for the whole.
    expect(values).toBe(33 + 3)
    expect(got).toEqual([packet(16_384).bytes])
  })

  it('fails the send when the connection ends in the middle, and gets it there once by sending again', async () => {
    let values = 0
    await open({
      carry: (deliver) => {
        values += 1
        if (values === 20) rig.bluez.disconnectAll()
        deliver()
      },
    })
    expect(await toSensor(packet(16_384))).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(got).toEqual([])
    expect(await toSensor(packet(16_384, 2))).toBe('no error')
    expect(got).toEqual([packet(16_384, 2).bytes])
  })

  it('leaves nothing of former connections behind, here and with the bus', async () => {
    const errors: unknown[] = []
    await open({ central: { onError: (error) => errors.push(error) } })
    for (let round = 0; round < 10; round += 1) {
      await untilTaken(() => toSensor(packet(700, round)))
      rig.bluez.disconnectAll()
      await eventually(() => rig.held() === 0)
    }
    expect(got).toEqual(Array.from({ length: 10 }, (_, round) => packet(700, round).bytes))
    // As many rules as a bus allows, and the next is an error.
    expect(errors).toEqual([])
  })

  it('finds the peripheral again when its program has begun anew over the connection that stayed', async () => {
    await open()
    expect(await toSensor(packet(3))).toBe('no error')
    await rig.peripheral.close()
    const next = await rig.newPeripheral()
    await next.start(keep)
    await untilTaken(() => toSensor(packet(3, 2)))
    expect(got).toEqual([packet(3).bytes, packet(3, 2).bytes])
    await next.close()
  })

  it('finds a peripheral for which BlueZ has the name of its host since it was connected to', async () => {
    await open({ central: { scanMs: 100 } })
    expect(await toSensor(packet(3))).toBe('no error')
    await rig.central.close()
    const next = rig.newCentral()
    await next.start(keep)
    expect(await codeOf(next.send('ble:sensor', packet(3, 2)))).toBe('no error')
    expect(got).toEqual([packet(3).bytes, packet(3, 2).bytes])
    expect(await codeOf(next.send('ble:nobody', packet(3, 3)))).toBe('ERR_TRANSPORT_UNREACHABLE')
    await next.close()
  })

  it('registers again when BlueZ has begun anew, and connects again', async () => {
    await open({ timeoutMs: 1_000, central: { timeoutMs: 500 } })
    expect(await toSensor(packet(3))).toBe('no error')
    await rig.bluez.restart()
    await untilTaken(() => toSensor(packet(3, 2)))
    expect(got).toEqual([packet(3).bytes, packet(3, 2).bytes])
  })

  it.each([0, 1])('goes on when the adapter hci%i was off and is on again', async (index) => {
    await open({ timeoutMs: 1_000 })
    expect(await toSensor(packet(3))).toBe('no error')
    rig.bluez.power(index, false)
    expect(await toSensor(packet(3))).toBe('ERR_TRANSPORT_UNREACHABLE')
    rig.bluez.power(index, true)
    await untilTaken(() => toSensor(packet(3, 2)))
    expect(got).toEqual([packet(3).bytes, packet(3, 2).bytes])
  })

  it('waits no longer than it says for an adapter that is stuck, and turns it off and on', async () => {
    let isStuck = false
    const errors: unknown[] = []
    const central = { timeoutMs: 50, onError: (error: unknown) => errors.push(error) }
    await open({ isStuck: (member) => isStuck && member === 'Connect', central })
    const power: boolean[] = []
    rig.bluez.onPower = (_, isOn) => {
      power.push(isOn)
      isStuck = false
    }
    isStuck = true
    expect(await toSensor(packet(3))).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(await toSensor(packet(3))).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(power).toEqual([])
    expect(await toSensor(packet(3))).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(power).toEqual([false, true])
    expect(errors.length).toBe(1)
    await untilTaken(() => toSensor(packet(3)))
    expect(got).toEqual([packet(3).bytes])
  })

  it.each(['Input/output error', 'Device or resource busy'])(
    'turns an adapter off and on to which a lost connection is still there (%s)',
    async (text) => {
      let failure: string | undefined
      await open({ failure: (member) => (member === 'Connect' ? failure : undefined) })
      rig.bluez.onPower = () => {
        failure = undefined
      }
      failure = text
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expect(await toSensor(packet(3))).toBe('ERR_TRANSPORT_UNREACHABLE')
      }
      await untilTaken(() => toSensor(packet(3)))
      expect(got).toEqual([packet(3).bytes])
    },
  )

  it('stays linked, so that the peripheral can send again after the connection was lost', async () => {
    await open()
    const stop = rig.central.stayLinked('ble:sensor')
    const toGateway = (fill: number) => codeOf(rig.peripheral.send('ble:gateway', packet(3, fill)))
    await eventually(() => rig.held() > 0)
    await untilTaken(() => toGateway(1))
    rig.bluez.disconnectAll()
    expect(await toGateway(2)).toBe('ERR_TRANSPORT_UNREACHABLE')
    await untilTaken(() => toGateway(3))
    stop()
    expect(got).toEqual([packet(3, 1).bytes, packet(3, 3).bytes])
  })

  it('takes one central at a time', async () => {
    await open({ adapters: 3 })
    expect(await toSensor(packet(3))).toBe('no error')
    const { bluetooth, destroy } = createBluetooth()
    const other = ble({ name: 'other', central: nodeBleCentral({ bluetooth, adapter: 'hci2', scanMs: 1_000 }) })
    await other.start(never)
    expect(await codeOf(other.send('ble:sensor', packet(3, 2)))).toBe('ERR_TRANSPORT_UNREACHABLE')
    await rig.central.close()
    await untilTaken(() => codeOf(other.send('ble:sensor', packet(3, 3))))
    expect(got).toEqual([packet(3).bytes, packet(3, 3).bytes])
    await other.close()
    destroy()
  })

  it('answers nobody on the bus but BlueZ', async () => {
    await open()
    const stranger = dbus.systemBus()
    await once(stranger, 'connect')
    const { path, sender } = rig.bluez.application ?? expect.fail()
    const ask = (destination: string) =>
      stranger.call(
        new dbus.Message({
          destination,
          path,
          interface: 'org.freedesktop.DBus.ObjectManager',
          member: 'GetManagedObjects',
        }),
      )
    await expect(ask(sender)).rejects.toThrow(/does not exist/)
    stranger.disconnect()
  })

  it('closes while it looks for somebody', async () => {
    await open({ central: { scanMs: 5_000 } })
    rig.central.stayLinked('ble:nobody')
    await new Promise((resolve) => setTimeout(resolve, 100))
    const startMs = performance.now()
    await rig.central.close()
    expect(performance.now() - startMs).toBeLessThan(2_000)
  })
})
