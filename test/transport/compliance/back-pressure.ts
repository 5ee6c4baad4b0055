import { expect } from 'vitest'
import { eventually } from '../clock.ts'
import { insist, type Scene, textOf, textsOf, turns } from './scene.ts'

const packets = 400
const packetBytes = 1_024
/** What a receiver may have taken in while it settles nothing: half of what it is sent, most of that in chunks that its sockets read at once. */
const roomBytes = (packets * packetBytes) / 2

/** A receiver that settles nothing: what it takes in is bounded, and the sender waits or is told. */
export function backPressure({ got, keep, pair, promises, start, test, texts }: Scene): void {
  test('takes in little while it settles nothing, and all of it afterwards [back-pressure]', async () => {
    let begun = 0
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const uri = await start(async (packet) => {
      begun += 1
      await released
      return keep(packet)
    })
    const { a, taken } = pair()
    const sent = textsOf(packets).map((text) => text.padEnd(packetBytes, '.'))
    let resolved = 0
    const sends = sent.map(async (text) => {
      await insist(a, uri, { bytes: Buffer.from(text) })
      resolved += 1
    })
    const expected = Number.isFinite(promises.ahead) ? 0 : packets
    await eventually(() => begun > 0 && resolved >= expected)
    for (let before = 0; before !== begun; ) {
      before = begun
      await turns(500)
    }
    expect(begun).toBeLessThanOrEqual(promises.concurrent)
    expect(resolved).toBeLessThanOrEqual(promises.ahead)
    if (taken) expect(taken()).toBeLessThanOrEqual(roomBytes)
    release()
    await Promise.all(sends)
    await eventually(() => got.length >= packets)
    expect(texts().sort()).toEqual([...sent].sort())
  })

  test('lets others be received while one packet is not settled [back-pressure]', async () => {
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const uri = await start(async (packet) => {
      if (textOf(packet) === 'packet 0') await released
      return keep(packet)
    })
    const sends = textsOf(10).map((text) => pair().a.send(uri, { bytes: Buffer.from(text) }))
    await eventually(() => got.length === (promises.concurrent > 1 ? 9 : 0))
    release()
    await Promise.all(sends)
    await eventually(() => got.length === 10)
    expect(texts().sort()).toEqual(textsOf(10))
  })
}
