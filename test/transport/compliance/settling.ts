import { expect } from 'vitest'
import { eventually, turn } from '../clock.ts'
import { codeOf } from '../codes.ts'
import { packetOf, type Scene } from './scene.ts'

/** What becomes of a packet that `receive` does not accept. */
export function settling({ got, keep, pair, promises, start, test, texts }: Scene): void {
  test('delivers again what receive could not take for now [receipt]', async () => {
    let failures = 2
    const uri = await start(async (packet) => {
      if (failures > 0) {
        failures -= 1
        throw new Error('no room')
      }
      return keep(packet)
    })
    const { a, elapse } = pair()
    if (promises.again === 'sender') {
      expect(await codeOf(a.send(uri, packetOf('x')))).toBe('ERR_TRANSPORT_UNREACHABLE')
      expect(await codeOf(a.send(uri, packetOf('x')))).toBe('ERR_TRANSPORT_UNREACHABLE')
    }
    await a.send(uri, packetOf('x'))
    await eventually(() => got.length > 0, elapse)
    expect(failures).toBe(0)
    expect(texts()).toEqual(['x'])
  })

  test('settles a refused packet for good [receipt]', async () => {
    let refusals = 0
    const uri = await start(async () => {
      refusals += 1
      return 'refused'
    })
    const code = await codeOf(pair().a.send(uri, packetOf('x')))
    expect(code).toBe(promises.refusal ? 'ERR_TRANSPORT_REJECTED' : 'no error')
    await eventually(() => refusals === 1)
    for (let left = 20; left > 0; left -= 1) {
      pair().elapse?.()
      await turn()
    }
    expect(refusals).toBe(1)
  })
}
