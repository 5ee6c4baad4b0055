import { describe } from 'vitest'
import { transportCompliance } from './compliance.ts'
import { bluezPair } from './pairs/ble.ts'
import { hasDbusDaemon } from './private-bus.ts'
import { seeded } from './seeded.ts'

/** As over several bearers: a tenth is overtaken. */
function disorder(): (deliver: () => void) => void {
  const random = seeded(3)
  return (deliver) => {
    if (random() < 0.1) setImmediate(deliver)
    else deliver()
  }
}

describe.skipIf(!hasDbusDaemon)('over D-Bus', () => {
  transportCompliance('ble over node-ble and BlueZ', () => bluezPair())
  transportCompliance('ble over node-ble and BlueZ out of order, with an MTU of 185', () =>
    bluezPair({ mtu: 185, carry: disorder() }),
  )
})
