import { expect } from 'vitest'
import { eventually } from '../clock.ts'
import { seeded } from '../seeded.ts'
import { inParallel, insist, packetOf, type Scene, textOf, textsOf } from './scene.ts'

/** Pieces of nonsense, from nothing to some kilobytes, the same each time. */
function junkOf(count: number): Uint8Array[] {
  const random = seeded(11)
  return Array.from({ length: count }, () => {
    const lengthBytes = Math.floor(random() ** 3 * 4_000)
    return Uint8Array.from({ length: lengthBytes }, () => random() * 256)
  })
}

/** Bytes on the medium that no transport has written. */
export function garbage({ keep, pair, promises, start, test, texts }: Scene): void {
  test('lives on after garbage, in both directions [garbage]', async () => {
    let back = 0
    const uri = await start(keep, async (packet) => {
      if (textOf(packet) === 'back') back += 1
      return 'accepted'
    })
    const { a, b, garbage, uriOf } = pair()
    await insist(a, uri, packetOf('before'))
    await eventually(() => texts().includes('before'))
    for (const junk of junkOf(20)) await garbage?.(junk)
    await insist(a, uri, packetOf('after'))
    await insist(b, uriOf(a), packetOf('back'))
    await eventually(() => texts().includes('after') && back === 1)
    expect(texts().filter((text) => ['before', 'after'].includes(text))).toEqual(['before', 'after'])
  })

  test('delivers what is sent while garbage comes [garbage]', async () => {
    const uri = await start(keep)
    const { a, garbage } = pair()
    const sent = textsOf(60)
    const sends = inParallel(sent, 4, async (text) => {
      await insist(a, uri, packetOf(text))
    })
    for (const junk of junkOf(10)) await garbage?.(junk)
    await sends
    await insist(a, uri, packetOf('after'))
    const expected = promises.without['no loss'] ? ['after'] : [...sent, 'after']
    await eventually(() => expected.every((text) => texts().includes(text)))
    expect(texts().filter((text) => text === 'after')).toEqual(['after'])
  })
}
