import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { hasMosquitto } from '../transport/broker.ts'
import { sendMany } from '../transport/compliance/leak.ts'
import type { TransportName } from '../transport/compliance/properties.ts'
import type { Pair } from '../transport/compliance/scene.ts'
import { airPair, bluezPair } from '../transport/pairs/ble.ts'
import { httpPair } from '../transport/pairs/http.ts'
import { memoryPair } from '../transport/pairs/memory.ts'
import { aedesPair, mosquittoPair } from '../transport/pairs/mqtt.ts'
import { wsPair } from '../transport/pairs/ws.ts'
import { hasDbusDaemon } from '../transport/private-bus.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What is in use once all that is not has been collected: objects, and bytes outside of them. */
function usedBytes(): number {
  collectGarbage()
  collectGarbage()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

const packets = 10_000
/** What the program itself may come to need: code that is compiled meanwhile, tables that have grown. A packet that is kept takes 500 bytes and more. */
const leewayBytes = packets * 100

const media: Readonly<Partial<Record<TransportName, () => Promise<Pair>>>> = {
  memory: () => memoryPair(),
  http: httpPair,
  ws: wsPair,
  'mqtt over aedes': () => aedesPair(),
  ...(hasMosquitto && {
    'mqtt 3.1.1 over mosquitto': () => mosquittoPair(4),
    'mqtt 5 over mosquitto': () => mosquittoPair(5),
  }),
  ble: () => airPair(),
  ...(hasDbusDaemon && { 'ble over node-ble and BlueZ': () => bluezPair() }),
}

describe.each(Object.entries(media))('%s over 10,000 packets', (_, makePair) => {
  it('needs no more memory, and holds no more, than after 1,000', async () => {
    const pair = await makePair()
    let arrived = 0
    try {
      await pair.a.start(async () => 'refused')
      await pair.b.start(async () => {
        arrived += 1
        return 'accepted'
      })
      const uri = pair.uriOf(pair.b)
      await sendMany(pair, uri, 1_000, () => arrived)
      const [held, used] = [pair.held(), usedBytes()]
      await sendMany(pair, uri, packets, () => arrived)
      expect(pair.held()).toBeLessThanOrEqual(held)
      expect(usedBytes() - used).toBeLessThan(leewayBytes)
    } finally {
      await Promise.all([pair.a.close(), pair.b.close()])
      await pair.close()
    }
  })
})
