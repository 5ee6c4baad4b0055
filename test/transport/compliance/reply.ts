import { expect } from 'vitest'
import type { Packet } from '../../../runtime/transport.ts'
import { codeOf } from '../codes.ts'
import { mediaType, packetOf, type Scene, textOf } from './scene.ts'

/** What comes back in the exchange that `receive` is called for. */
export function reply({ pair, start, test }: Scene): void {
  test('hands a reply to the sender before send resolves [reply]', async () => {
    const replies: Packet[] = []
    const uri = await start(
      async (packet) => {
        await packet.reply?.(packetOf(`re: ${textOf(packet)}`))
        return 'accepted'
      },
      async (packet) => {
        replies.push(packet)
        return 'accepted'
      },
    )
    await pair().a.send(uri, packetOf('question'))
    expect(replies.map(textOf)).toEqual(['re: question'])
    expect(replies[0]?.mediaType).toBe(mediaType)
  })

  test('takes one reply, of its size, in time [reply]', async () => {
    let late: Packet['reply']
    const codes: string[] = []
    const uri = await start(async ({ reply }) => {
      if (!reply) return 'refused'
      codes.push(await codeOf(reply({ bytes: new Uint8Array(pair().b.maxPacketBytes + 1) })))
      await reply(packetOf('one'))
      codes.push(await codeOf(reply(packetOf('two'))))
      late = reply
      return 'accepted'
    })
    await pair().a.send(uri, packetOf('question'))
    expect(codes[0]).toBe('ERR_TOO_LARGE')
    expect(codes[1]).toMatch(/TypeError/)
    expect(late && (await codeOf(late(packetOf('three'))))).toBe('ERR_CLOSED')
  })

  test('resolves a send whose reply the sender cannot receive [reply]', async () => {
    const uri = await start(
      async (packet) => {
        await packet.reply?.(packetOf('answer'))
        return 'accepted'
      },
      async () => {
        throw new Error('no room')
      },
    )
    expect(await codeOf(pair().a.send(uri, packetOf('question')))).toBe('no error')
  })
}
