import { type Carry, makeAir } from './ble-air.ts'
import { transportCompliance } from './compliance.ts'
import { airPair } from './pairs/ble.ts'
import { seeded } from './seeded.ts'

/** As over several bearers, and with two subscriptions: a tenth is overtaken, and a tenth comes twice. */
function disorder(): Carry {
  const random = seeded(7)
  return (deliver) => {
    if (random() < 0.1) setImmediate(() => setImmediate(deliver))
    else deliver()
    if (random() < 0.1) setImmediate(deliver)
  }
}

transportCompliance('ble', () => airPair())
transportCompliance('ble out of order and twice', () => airPair(makeAir(500, disorder())))
transportCompliance('ble with the smallest values', () => airPair(makeAir(20)))
transportCompliance('ble one fragment at a time', () => airPair(makeAir(200), 1))
