import { expect } from 'vitest'
import type { Packet } from '../../../runtime/transport.ts'
import { eventually, turn } from '../clock.ts'
import { insist, packetOf, type Scene, textOf, textsOf } from './scene.ts'

const interruptions = 3

/** The medium breaks, and is there again. */
export function reconnect({ keep, pair, promises, start, test, texts }: Scene): void {
  test('sends again in each direction after the medium broke, again and again [reconnect]', async () => {
    const atA: Packet[] = []
    const uri = await start(keep, async (packet) => {
      atA.push(packet)
      return 'accepted'
    })
    const { a, b, interrupt, uriOf } = pair()
    const sent = textsOf(interruptions + 1)
    for (const [index, text] of sent.entries()) {
      if (index > 0) await interrupt()
      await insist(a, uri, packetOf(text))
      await insist(b, uriOf(a), packetOf(text))
      await eventually(() => texts().includes(text) && atA.map(textOf).includes(text))
    }
    // What has arrived, but not its acknowledgement, may come again from who repeats by itself.
    const once = (all: readonly string[]) => (promises.repeats ? [...new Set(all)] : all)
    expect(once(texts())).toEqual(sent)
    expect(once(atA.map(textOf))).toEqual(sent)
  })

  test('loses nothing while the medium breaks under load, and repeats no more than it must [no loss]', async () => {
    const uri = await start(keep)
    const { a, interrupt } = pair()
    const attempts = new Map<string, number>()
    let isOver = false
    const sender = async (name: string) => {
      for (let number = 0; !isOver; number += 1) {
        const text = `packet ${number} of ${name}`
        await turn()
        attempts.set(text, await insist(a, uri, packetOf(text)))
      }
    }
    const senders = textsOf(20, 'sender').map(sender)
    for (let done = 0; done < interruptions; done += 1) {
      const before = attempts.size
      await eventually(() => attempts.size > before + 40)
      await interrupt()
    }
    isOver = true
    await Promise.all(senders)
    const sent = [...attempts.keys()]
    await eventually(() => new Set(texts()).size >= sent.length)
    const copies = new Map<string, number>()
    for (const text of texts()) copies.set(text, (copies.get(text) ?? 0) + 1)
    const most = (text: string) => (attempts.get(text) ?? 0) + (promises.repeats ? interruptions : 0)
    expect(sent.filter((text) => (copies.get(text) ?? 0) > most(text))).toEqual([])
  })
}
