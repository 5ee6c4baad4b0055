import { expect } from 'vitest'
import type { Packet } from '../../../runtime/transport.ts'
import { eventually } from '../clock.ts'
import { packetOf, type Scene, textOf, textsOf } from './scene.ts'

/** Many sends at the same time: all of them arrive, once, and in order where that is promised. */
export function concurrency({ got, keep, pair, start, test, texts }: Scene): void {
  test('delivers each packet of many concurrent senders once [concurrency]', async () => {
    const uri = await start(keep)
    const sent = textsOf(200)
    await Promise.all(sent.map((text) => pair().a.send(uri, packetOf(text))))
    await eventually(() => got.length >= 200)
    expect(texts().sort()).toEqual([...sent].sort())
  })

  test('delivers each packet of both ends once, while both send [concurrency]', async () => {
    const atA: Packet[] = []
    const uri = await start(keep, async (packet) => {
      atA.push(packet)
      return 'accepted'
    })
    const { a, b, uriOf } = pair()
    // One that can be connected to and cannot connect needs an open connection.
    await a.send(uri, packetOf('first'))
    const sent = textsOf(100)
    await Promise.all(sent.flatMap((text) => [a.send(uri, packetOf(text)), b.send(uriOf(a), packetOf(text))]))
    await eventually(() => got.length >= 101 && atA.length >= 100)
    expect(texts().sort()).toEqual([...sent, 'first'].sort())
    expect(atA.map(textOf).sort()).toEqual([...sent].sort())
  })

  test('lets receive send an answer before it settles [concurrency]', async () => {
    const answers: Packet[] = []
    const uri = await start(
      async (packet) => {
        const { a, b, uriOf } = pair()
        await b.send(uriOf(a), packetOf(`answer to ${textOf(packet)}`))
        return 'accepted'
      },
      async (packet) => {
        answers.push(packet)
        return 'accepted'
      },
    )
    await Promise.all(textsOf(50).map((text) => pair().a.send(uri, packetOf(text))))
    await eventually(() => answers.length >= 50)
    expect(answers.length).toBe(50)
  })

  test('begins to receive in the order of the sends [order]', async () => {
    const uri = await start(keep)
    const sent = textsOf(100)
    await Promise.all(sent.map((text) => pair().a.send(uri, packetOf(text))))
    await eventually(() => got.length >= 100)
    expect(texts()).toEqual(sent)
  })
}
