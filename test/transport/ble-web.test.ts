import { describe, expect, it } from 'vitest'
import type { Receive } from '../../runtime/transport.ts'
import { ble } from '../../transports/ble/ble.ts'
import { webBleCentral } from '../../transports/ble/web.ts'
import { codeOf } from './codes.ts'
import { transportCompliance } from './compliance.ts'
import { FakeWebBluetooth } from './fake-web-bluetooth.ts'
import { webPair } from './pairs/ble.ts'

const accept: Receive = async () => 'accepted'

function pairOver(bluetooth: FakeWebBluetooth) {
  const a = ble({ name: 'phone', maxPacketBytes: 20_000, central: webBleCentral({ bluetooth }) })
  const b = ble({ name: 'device', maxPacketBytes: 20_000, peripheral: bluetooth.peripheral })
  return { a, b }
}

transportCompliance('ble in a browser', webPair)

describe('the central in a browser', () => {
  it('asks the user once, connects again without asking, and leaves no listeners', async () => {
    const bluetooth = new FakeWebBluetooth()
    const { a, b } = pairOver(bluetooth)
    await a.start(accept)
    await b.start(accept)
    for (let round = 0; round < 3; round += 1) {
      await a.send('ble:device', { bytes: new Uint8Array(1_000) })
      expect(bluetooth.listeners).toBe(2)
      bluetooth.drop()
      expect(bluetooth.listeners).toBe(0)
    }
    expect(bluetooth.asked).toBe(1)
    await Promise.all([a.close(), b.close()])
  })

  it('fails where the user chooses nothing', async () => {
    const bluetooth = new FakeWebBluetooth()
    const { a } = pairOver(bluetooth)
    await a.start(accept)
    expect(await codeOf(a.send('ble:device', { bytes: new Uint8Array(1) }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    await a.close()
  })
})
