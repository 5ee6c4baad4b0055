import { expect } from 'vitest'
import { eventually } from '../clock.ts'
import { packetOf, type Scene, turns } from './scene.ts'

/** Sends so many packets, waits until they have arrived, and returns what is held then. */
export async function heldAfter({ got, pair }: Pick<Scene, 'got' | 'pair'>, uri: string, count: number) {
  const { a, held } = pair()
  const before = got.length
  for (let left = count; left > 0; left -= 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => a.send(uri, packetOf(`${left} ${index}`))))
  }
  await eventually(() => got.length === before + count)
  await turns(5)
  return held()
}

/** What is held does not grow with what was sent. */
export function leak(scene: Scene): void {
  scene.test('holds no more after all messages than after the first 100 [no leak]', async () => {
    const uri = await scene.start(scene.keep)
    const early = await heldAfter(scene, uri, 100)
    const late = await heldAfter(scene, uri, scene.promises.leakPackets)
    expect(late).toBeLessThanOrEqual(early)
  })
}
