import { expect } from 'vitest'
import { eventually } from '../clock.ts'
import { insist, packetOf, type Scene, textsOf, turns } from './scene.ts'

/** One that receives slowly, and a medium that carries slowly. */
export function slowness({ got, keep, pair, promises, start, test, texts }: Scene): void {
  test('delivers each packet once to one that receives slowly [slow reader]', async () => {
    let next: Promise<unknown> = Promise.resolve()
    const uri = await start((packet) => {
      // One after another, as a disk does, however many are begun.
      const settled = next.then(async () => {
        await turns(3)
        return keep(packet)
      })
      next = settled
      return settled
    })
    const sent = textsOf(200)
    await Promise.all(sent.map((text) => insist(pair().a, uri, packetOf(text))))
    await eventually(() => got.length >= sent.length)
    if (promises.without.order) expect(texts().sort()).toEqual([...sent].sort())
    else expect(texts()).toEqual(sent)
  })

  test('delivers each packet once over a medium that carries little at a time [slow medium]', async () => {
    await start(keep)
    const uri = (await pair().slow?.()) ?? ''
    const sent = textsOf(20).map((text) => text.padEnd(500, '.'))
    await Promise.all(sent.map((text) => pair().a.send(uri, packetOf(text))))
    await eventually(() => got.length >= sent.length)
    expect(texts().sort()).toEqual([...sent].sort())
  })
}
