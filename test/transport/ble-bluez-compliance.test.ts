import { describe } from 'vitest'
import { bleRig } from './ble-rig.ts'
import { transportCompliance } from './compliance.ts'
import { hasDbusDaemon } from './private-bus.ts'
import { seeded } from './seeded.ts'

const promises = { order: true, reply: false, again: 'sender', refusal: true, media: false } as const

/** As over several bearers: a tenth is overtaken. */
function disorder(): (deliver: () => void) => void {
  const random = seeded(3)
  return (deliver) => {
    if (random() < 0.1) setTimeout(deliver, 1)
    else deliver()
  }
}

describe.skipIf(!hasDbusDaemon)('over D-Bus', () => {
  for (const [name, options] of Object.entries({
    'ble over node-ble and BlueZ': {},
    'ble over node-ble and BlueZ out of order, with an MTU of 185': { mtu: 185, carry: disorder() },
  })) {
    transportCompliance(name, promises, async () => {
      const { bluez, central, close, held, peripheral } = await bleRig(options)
      return {
        a: central,
        b: peripheral,
        uriOf: (end) => (end === central ? 'ble:gateway' : 'ble:sensor'),
        unreachable: async () => {
          bluez.disconnectAll()
          return 'ble:nobody'
        },
        held,
        close,
      }
    })
  }
})
