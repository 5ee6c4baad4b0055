import { expect, it } from 'vitest'
import type { Packet } from '../../runtime/transport.ts'
import { ble } from '../../transports/ble/ble.ts'
import { makeAir } from './ble-air.ts'
import { Clock, eventually, turn } from './clock.ts'
import { codeOf } from './codes.ts'

it('gives a link up on which something cannot be, and tells why', async () => {
  const air = makeAir()
  const ended: [string, string | undefined][] = []
  const onDisconnect = (uri: string, fault?: Error) => ended.push([uri, fault?.message])
  const central = ble({ name: 'a', central: air.central(), onDisconnect })
  const peripheral = ble({ name: 'b', peripheral: air.peripheral() })
  await central.start(async () => 'accepted')
  await peripheral.start(async () => 'accepted')
  await central.send('ble:b', { bytes: new Uint8Array(3) })
  air.ports.at(-1)?.arrive(Uint8Array.of(0x40, 1))
  await eventually(() => ended.length === 1)
  expect(ended).toEqual([['ble:b', 'a message begins within another, or nowhere']])
  await Promise.all([central.close(), peripheral.close()])
})

it('tells with each packet when the link is over that it came over', async () => {
  const air = makeAir()
  const central = ble({ name: 'a', central: air.central() })
  const peripheral = ble({ name: 'b', peripheral: air.peripheral() })
  const got: Packet[] = []
  await central.start(async () => 'accepted')
  await peripheral.start(async (packet) => {
    got.push(packet)
    return 'accepted'
  })
  for (const _ of [1, 2]) await central.send('ble:b', { bytes: new Uint8Array(3) })
  let isOver = false
  void got[0]?.ended?.then(() => {
    isOver = true
  })
  expect(got[1]?.ended).toBe(got[0]?.ended)
  await turn()
  expect(isOver).toBe(false)
  await central.close()
  await eventually(() => isOver)
  await peripheral.close()
})

it('gives a link up on which no receipt comes in time', async () => {
  let isLost = false
  const air = makeAir(500, (deliver) => {
    if (!isLost) deliver()
  })
  const clock = new Clock()
  const faults: (string | undefined)[] = []
  const onDisconnect = (_: string, fault?: Error) => faults.push(fault?.message)
  const central = ble({ name: 'a', central: air.central(), world: clock, timeoutMs: 100, onDisconnect })
  const peripheral = ble({ name: 'b', peripheral: air.peripheral(), world: clock })
  await central.start(async () => 'accepted')
  await peripheral.start(async () => 'accepted')
  await central.send('ble:b', { bytes: new Uint8Array(3) })
  isLost = true
  const sent = codeOf(central.send('ble:b', { bytes: new Uint8Array(3) }))
  await eventually(
    () => faults.length === 1,
    () => clock.advance(25),
  )
  expect(await sent).toBe('ERR_TRANSPORT_UNREACHABLE')
  expect(faults).toEqual(['a receipt takes too long'])
  await Promise.all([central.close(), peripheral.close()])
})
