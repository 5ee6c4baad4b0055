import { expect } from 'vitest'
import { eventually } from '../clock.ts'
import { codeOf } from '../codes.ts'
import { packetOf, type Scene, textsOf, turns } from './scene.ts'

/** What a send may come to whose transport is closed meanwhile. */
const outcomes = ['no error', 'ERR_CLOSED', 'ERR_TRANSPORT_UNREACHABLE']

/** `close` in every state. */
export function close({ got, keep, pair, start, test, texts }: Scene): void {
  test('closes before it started, and twice [close]', async () => {
    const { a } = pair()
    await a.close()
    await a.close()
    expect(await codeOf(a.start(keep))).toBe('ERR_CLOSED')
    expect(await codeOf(a.send('memory:b', packetOf('x')))).toBe('ERR_CLOSED')
  })

  test('closes while it starts, and twice at the same time [close]', async () => {
    const { a, b } = pair()
    const started = [a, b].map((end) => codeOf(end.start(keep)))
    await Promise.all([a.close(), b.close(), a.close(), b.close()])
    for (const code of await Promise.all(started)) expect(['no error', 'ERR_CLOSED']).toContain(code)
    expect(await codeOf(a.send('memory:b', packetOf('x')))).toBe('ERR_CLOSED')
  })

  test('closes while it connects [close]', async () => {
    const uri = await start(keep)
    const { a } = pair()
    const sent = codeOf(a.send(uri, packetOf('x')))
    await a.close()
    const code = await sent
    expect(outcomes).toContain(code)
    if (code === 'no error') await eventually(() => got.length === 1)
    expect(got.length).toBeLessThanOrEqual(1)
  })

  test('closes while it sends, and what it said was sent has arrived [close]', async () => {
    const uri = await start(keep)
    const { a } = pair()
    await a.send(uri, packetOf('first'))
    const sent = textsOf(50)
    const sends = sent.map((text) => codeOf(a.send(uri, packetOf(text))))
    await a.close()
    const codes = await Promise.all(sends)
    for (const code of codes) expect(outcomes).toContain(code)
    const arrived = ['first', ...sent.filter((_, index) => codes[index] === 'no error')]
    await eventually(() => arrived.every((text) => texts().includes(text)))
    expect(new Set(texts()).size).toBe(got.length)
  })

  test('lets what is under way settle when it closes [close]', async () => {
    let finish: () => void = () => undefined
    const uri = await start(async (packet) => {
      await new Promise<void>((resolve) => {
        finish = resolve
        got.push(packet)
      })
      return 'accepted'
    })
    const { a, b } = pair()
    const sent = codeOf(a.send(uri, packetOf('x')))
    await eventually(() => got.length === 1)
    const closed: string[] = []
    const closings = [a, b].map((end) => end.close().then(() => closed.push('closed')))
    expect(await codeOf(a.send(uri, packetOf('y')))).toBe('ERR_CLOSED')
    await turns(20)
    expect(closed.length).toBeLessThan(2)
    finish()
    await Promise.all(closings)
    expect(await sent).toBe('no error')
  })

  test('closes while it receives, from within receive [close]', async () => {
    let closing: Promise<void> | undefined
    const uri = await start(async (packet) => {
      closing = pair().b.close()
      return keep(packet)
    })
    expect(outcomes).toContain(await codeOf(pair().a.send(uri, packetOf('x'))))
    await eventually(() => closing !== undefined)
    await closing
    expect(texts()).toEqual(['x'])
  })

  test('closes both ends while both send [close]', async () => {
    const uri = await start(keep, keep)
    const { a, b, uriOf } = pair()
    await a.send(uri, packetOf('first'))
    const back = uriOf(a)
    const sends = textsOf(20).flatMap((text) => [
      codeOf(a.send(uri, packetOf(text))),
      codeOf(b.send(back, packetOf(`${text} back`))),
    ])
    await Promise.all([a.close(), b.close()])
    for (const code of await Promise.all(sends)) expect(outcomes).toContain(code)
  })

  test('closes while nobody can be reached [close]', async () => {
    await start(keep)
    const { a, unreachable } = pair()
    const uri = await unreachable()
    const sent = codeOf(a.send(uri, packetOf('x')))
    await a.close()
    expect(['ERR_CLOSED', 'ERR_TRANSPORT_UNREACHABLE']).toContain(await sent)
  })
}
