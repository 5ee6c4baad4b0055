import { expect } from 'vitest'
import { eventually } from '../clock.ts'
import { type Pair, packetOf, type Scene, turns } from './scene.ts'

/** Sends so many packets from `a`, twenty at a time, and waits until all of them have arrived. */
export async function sendMany({ a }: Pair, uri: string, count: number, arrived: () => number): Promise<void> {
  const before = arrived()
  for (let left = count; left > 0; left -= 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => a.send(uri, packetOf(`${left} ${index}`))))
  }
  await eventually(() => arrived() === before + count)
  await turns(5)
}

/** What is held does not grow with what was sent. */
export function leak({ got, keep, pair, promises, start, test }: Scene): void {
  test('holds no more after all messages than after the first 100 [no leak]', async () => {
    const uri = await start(keep)
    await sendMany(pair(), uri, 100, () => got.length)
    const early = pair().held()
    await sendMany(pair(), uri, promises.leakPackets, () => got.length)
    expect(pair().held()).toBeLessThanOrEqual(early)
  })
}
