import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { http } from '../../transports/http/http.ts'
import { Clock, eventually, turn } from './clock.ts'
import { accept, ask, httpRig, type } from './http-rig.ts'

const { open } = httpRig()

/** A request whose body is sent up to some point, and no further. */
function stalled(url: string, sentBytes: number): { asked: ClientRequest; answer: Promise<number> } {
  const headers = { 'content-type': type, 'content-length': String(sentBytes + 1) }
  const asked = request(url, { method: 'POST', headers })
  asked.on('error', () => undefined)
  asked.write(Buffer.alloc(sentBytes, 0x20))
  const answer = once(asked, 'response').then(([response]: IncomingMessage[]) => {
    response?.resume()
    return response?.statusCode ?? 0
  })
  answer.catch(() => undefined)
  return { asked, answer }
}

const post = (url: string, lengthBytes: number) => ask(url, { 'content-type': type }, new Uint8Array(lengthBytes))

describe('the HTTP server', () => {
  it('handles packets while more slow bodies arrive than it handles at a time', async () => {
    const clock = new Clock()
    const { url } = await open({ maxInFlight: 1, timer: clock.timer }, accept)
    const slow = Array.from({ length: 5 }, () => stalled(url, 10))
    await eventually(() => clock.pending === 5)
    expect((await post(url, 10)).status).toBe(202)
    for (const { asked, answer } of slow) {
      asked.end(' ')
      expect(await answer).toBe(202)
    }
  })

  it('answers 503 to a body that has arrived while as much is handled as may be', async () => {
    const clock = new Clock()
    const finish: (() => void)[] = []
    const receive = async () => {
      await new Promise<void>((resolve) => finish.push(resolve))
      return 'accepted' as const
    }
    const { url } = await open({ maxInFlight: 1, timer: clock.timer }, receive)
    const slow = stalled(url, 10)
    await eventually(() => clock.pending === 1)
    const handled = post(url, 10)
    await eventually(() => finish.length === 1)
    slow.asked.end(' ')
    expect(await slow.answer).toBe(503)
    finish[0]?.()
    expect((await handled).status).toBe(202)
  })

  it('lets the body that arrives for the longest time give way where all hold too much', async () => {
    const clock = new Clock()
    const limits = { maxPacketBytes: 8_000, maxBufferedBytes: 10_000, timer: clock.timer }
    const { url } = await open(limits, accept)
    const first = stalled(url, 4_000)
    await eventually(() => clock.pending === 1)
    const second = stalled(url, 4_000)
    await eventually(() => clock.pending === 2)
    expect((await post(url, 1_000)).status).toBe(202)
    const third = stalled(url, 4_000)
    expect(await first.answer).toBe(503)
    for (const { asked, answer } of [second, third]) {
      asked.end(' ')
      expect(await answer).toBe(202)
    }
    first.asked.destroy()
    await eventually(() => clock.pending === 0)
  })

  it('counts what is handled as well, and all of it is free afterwards', async () => {
    let finish: () => void = () => undefined
    const receive = async () => {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      return 'accepted' as const
    }
    const { url } = await open({ maxPacketBytes: 8_000, maxBufferedBytes: 10_000 }, receive)
    for (let round = 0; round < 5; round += 1) {
      finish = () => undefined
      const idle = finish
      const handled = post(url, 8_000)
      await eventually(() => finish !== idle)
      const refused = await post(url, 3_000)
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5'])
      finish()
      expect((await handled).status).toBe(202)
    }
  })

  it('has its bytes back from senders that go away, are too slow or send too much', async () => {
    const clock = new Clock()
    const limits = { maxPacketBytes: 8_000, maxBufferedBytes: 8_000, requestTimeoutMs: 1_000, timer: clock.timer }
    const { url } = await open(limits, accept)
    const gone = stalled(url, 7_000)
    await eventually(() => clock.pending === 1)
    gone.asked.destroy()
    await eventually(() => clock.pending === 0)
    expect((await post(url, 8_000)).status).toBe(202)

    const slow = stalled(url, 7_000)
    await eventually(() => clock.pending === 1)
    await turn()
    clock.advance(1_000)
    expect(await slow.answer).toBe(408)
    slow.asked.destroy()
    expect((await post(url, 8_000)).status).toBe(202)

    const large = request(url, { method: 'POST', headers: { 'content-type': type } })
    large.on('error', () => undefined)
    large.end(Buffer.alloc(8_001))
    const [response] = (await once(large, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(413)
    response.resume()
    expect((await post(url, 8_000)).status).toBe(202)
  })

  it('reads no more bodies at a time than it may have connections, also in a server that has more', async () => {
    const clock = new Clock()
    const transport = http({ maxConnections: 2, timer: clock.timer })
    await transport.start(accept)
    const { createServer } = await import('node:http')
    const server = createServer(transport.handler()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/`
    const slow = [stalled(url, 10), stalled(url, 10)]
    await eventually(() => clock.pending === 2)
    expect((await post(url, 10)).status).toBe(503)
    for (const { asked } of slow) asked.end(' ')
    expect(await Promise.all(slow.map(({ answer }) => answer))).toEqual([202, 202])
    await transport.close()
    server.close()
    server.closeAllConnections()
  })

  it('refuses limits that no packet of the largest size would pass', () => {
    expect(() => http({ maxPacketBytes: 1_000, maxBufferedBytes: 999 })).toThrow(RangeError)
  })
})
