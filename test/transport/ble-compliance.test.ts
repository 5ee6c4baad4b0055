import { ble } from '../../transports/ble.ts'
import { type Air, type Carry, makeAir } from './ble-air.ts'
import { Clock } from './clock.ts'
import { type Pair, transportCompliance } from './compliance.ts'
import { seeded } from './seeded.ts'

const promises = { order: true, reply: false, again: 'sender', refusal: true, media: false } as const

function pairOver(air: Air, window: number): Pair {
  const clock = new Clock()
  const options = { maxPacketBytes: 40_000, window, world: clock }
  const a = ble({ ...options, name: 'a', central: air.central() })
  const b = ble({ ...options, name: 'b', peripheral: air.peripheral() })
  return {
    a,
    b,
    uriOf: (end) => (end === a ? 'ble:a' : 'ble:b'),
    unreachable: async () => 'ble:nobody',
    held: () => clock.pending + air.ports.length,
    close: async () => undefined,
  }
}

transportCompliance('ble', promises, async () => pairOver(makeAir(), 32))

/** As over several bearers, and with two subscriptions: a tenth is overtaken, and a tenth comes twice. */
function disorder(): Carry {
  const random = seeded(7)
  return (deliver) => {
    if (random() < 0.1) setImmediate(() => setImmediate(deliver))
    else deliver()
    if (random() < 0.1) setImmediate(deliver)
  }
}

transportCompliance('ble out of order and twice', promises, async () => pairOver(makeAir(500, disorder()), 32))
transportCompliance('ble with the smallest values', promises, async () => pairOver(makeAir(20), 32))
transportCompliance('ble one fragment at a time', promises, async () => pairOver(makeAir(200), 1))
