import { once } from 'node:events'
import { type IncomingMessage, request, Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Packet } from '../../runtime/transport.ts'
import { http } from '../../transports/http/http.ts'
import { Clock, eventually } from './clock.ts'
import { accept, ask, bytes, closeOf, httpRig, type } from './http-rig.ts'

const { open } = httpRig()

describe('the HTTP server', () => {
  it.each([
    ['GET', type, 405],
    ['PUT', type, 405],
    ['POST', 'application/json', 415],
    ['POST', 'text/plain', 415],
    ['POST', 'application/didcomm-encrypted+jsonx', 415],
    ['POST', type, 202],
    ['POST', 'didcomm-encrypted+json', 202],
    ['POST', 'Application/DIDComm-Encrypted+JSON; charset=utf-8', 202],
    ['POST', 'application/didcomm-plain+json', 202],
    ['POST', 'application/didcomm-signed+json', 202],
    ['POST', 'application/didcomm-encrypted+cbor', 202],
    ['POST', 'application/cose; cose-type="cose-encrypt0"', 202],
  ])('answers %s of %s with %i and no body', async (method, contentType, status) => {
    const { url } = await open({}, accept)
    const answer = await ask(url, { 'content-type': contentType }, method === 'GET' ? undefined : bytes, method)
    expect(answer.status).toBe(status)
    expect(answer.body).toBe('')
  })

  it('answers 400 to what is refused, and says nothing more', async () => {
    const { url } = await open({}, async () => 'refused')
    expect(await ask(url, { 'content-type': type }, bytes)).toMatchObject({ status: 400, body: '' })
  })

  it('answers 503 with Retry-After where receive rejects, and tells nothing of the error', async () => {
    const { url } = await open({}, async () => {
      throw new Error('secret detail')
    })
    const answer = await ask(url, { 'content-type': type }, bytes)
    expect(answer).toMatchObject({ status: 503, body: '' })
    expect(answer.headers['retry-after']).toBe('5')
    expect(JSON.stringify(answer.headers)).not.toContain('secret')
  })

  it('answers 200 with the reply and its media type [M9]', async () => {
    const { url } = await open({}, async ({ reply }) => {
      await reply?.({ bytes, mediaType: 'application/didcomm-plain+json' })
      return 'accepted'
    })
    const answer = await ask(url, { 'content-type': type }, bytes)
    expect(answer).toMatchObject({ status: 200, body: '{"a":1}' })
    expect(answer.headers['content-type']).toBe('application/didcomm-plain+json')
  })

  it('drops a reply when receive rejects after it', async () => {
    const { url } = await open({}, async ({ reply }) => {
      await reply?.({ bytes })
      throw new Error('not stored')
    })
    expect(await ask(url, { 'content-type': type }, bytes)).toMatchObject({ status: 503, body: '' })
  })

  it('answers 413 to a declared length over its limit, and closes the connection [M7]', async () => {
    const received: Packet[] = []
    const { url } = await open({ maxPacketBytes: 100 }, async (packet) => {
      received.push(packet)
      return 'accepted'
    })
    const answer = await ask(url, { 'content-type': type, 'content-length': '101' }, new Uint8Array(101))
    expect(answer.status).toBe(413)
    expect(answer.headers.connection).toBe('close')
    expect(received.length).toBe(0)
  })

  it.each([
    ['accepted', 202],
    ['refused', 400],
    ['too-large', 413],
  ] as const)('answers what became of a packet: %s is %i [M7]', async (receipt, status) => {
    const { url } = await open({}, async () => receipt)
    expect(await ask(url, { 'content-type': type }, bytes)).toMatchObject({ status, body: '' })
  })

  it('stops reading a chunked body at its limit', async () => {
    const { url } = await open({ maxPacketBytes: 1_000 }, accept)
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`
    socket.write(head)
    let text = ''
    let written = 0
    socket.on('data', (chunk) => {
      text += chunk
    })
    const chunk = `3e8\r\n${'x'.repeat(1_000)}\r\n`
    const closed = closeOf(socket)
    await eventually(
      () => socket.destroyed || written > 10_000_000,
      () => {
        if (!socket.destroyed && socket.write(chunk)) written += 1_000
      },
    )
    await closed
    expect(text).toMatch(/^HTTP\/1\.1 413 /)
    expect(written).toBeLessThan(10_000_000)
  })

  it('answers 408 to a body that does not arrive in time', async () => {
    const clock = new Clock()
    const { url } = await open({ timer: clock.timer, requestTimeoutMs: 1_000 }, accept)
    const asked = request(url, { method: 'POST', headers: { 'content-type': type, 'content-length': '10' } })
    asked.on('error', () => undefined)
    asked.write('half')
    const answered = once(asked, 'response') as Promise<[IncomingMessage]>
    await eventually(() => clock.pending === 1)
    clock.advance(1_000)
    const [response] = await answered
    expect(response.statusCode).toBe(408)
    asked.destroy()
    await eventually(() => clock.pending === 0)
  })

  it('answers 503 to a body that has not come when it closes, and does not wait for it', async () => {
    const received: Packet[] = []
    const transport = await open({}, async (packet) => {
      received.push(packet)
      return 'accepted'
    })
    const { hostname, port } = new URL(transport.url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\nhalf`,
    )
    // By this it is known that the request is being read.
    await eventually(() => text.includes('100 Continue'))
    const closed = closeOf(socket)
    await transport.close()
    await closed
    expect(text).toMatch(/\r\n\r\nHTTP\/1\.1 503 /)
    expect(received).toEqual([])
  })

  it('answers 503 to more requests than it takes at a time, and serves the others', async () => {
    let finish: (() => void)[] = []
    const { url } = await open({ maxInFlight: 2 }, async () => {
      await new Promise<void>((resolve) => finish.push(resolve))
      return 'accepted'
    })
    const slow = [ask(url, { 'content-type': type }, bytes), ask(url, { 'content-type': type }, bytes)]
    await eventually(() => finish.length === 2)
    const third = await ask(url, { 'content-type': type }, bytes)
    expect(third.status).toBe(503)
    expect(third.headers['retry-after']).toBe('5')
    for (const done of finish) done()
    finish = []
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([202, 202])
  })

  it('closes connections over its number at once', async () => {
    const { url } = await open({ maxConnections: 1 }, accept)
    const { hostname, port } = new URL(url)
    const first = connect(Number(port), hostname)
    await once(first, 'connect')
    const second = connect(Number(port), hostname)
    second.on('error', () => undefined)
    await closeOf(second)
    expect(first.destroyed).toBe(false)
    first.destroy()
  })

  it('survives random bytes on its port', async () => {
    const { url } = await open({}, accept)
    const { hostname, port } = new URL(url)
    for (const garbage of [
      '\0\u0001\u0002',
      'POST / HTTP/9.9\r\n\r\n',
      `GET ${'x'.repeat(100_000)}`,
      '{"protected":""}\r\n\r\n',
    ]) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      socket.end(garbage)
      socket.resume()
      await closeOf(socket)
    }
    expect((await ask(url, { 'content-type': type }, bytes)).status).toBe(202)
  })

  it('forgets a sender that goes away in the middle', async () => {
    const clock = new Clock()
    const transport = await open({ timer: clock.timer }, accept)
    const asked = request(transport.url, { method: 'POST', headers: { 'content-type': type, 'content-length': '10' } })
    asked.on('error', () => undefined)
    asked.write('half')
    await eventually(() => clock.pending === 1)
    asked.destroy()
    await eventually(() => clock.pending === 0)
    await transport.close()
  })

  it('has the real port in its url, and none before it started', async () => {
    const transport = http({ listen: { port: 0 } })
    expect(transport.url).toBeUndefined()
    await transport.start(accept)
    expect(transport.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+$/)
    await transport.close()
  })

  it('fails to start on a port that is taken', async () => {
    const { url } = await open({}, accept)
    const second = http({ listen: { port: Number(new URL(url).port) } })
    await expect(second.start(accept)).rejects.toThrow('EADDRINUSE')
    await second.close()
  })

  it('outlives a connection that could not be accepted', async () => {
    const { url } = await open({}, accept)
    const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles()
    const listens = (server: Server) => url.endsWith(`:${(server.address() as AddressInfo | null)?.port}`)
    const server = handles.find((handle) => handle instanceof Server && listens(handle)) as Server
    server.emit('error', new Error('accept EMFILE'))
    expect((await ask(url, { 'content-type': type }, bytes)).status).toBe(202)
  })

  it('closes idle connections when it closes, and takes no new ones', async () => {
    const transport = await open({}, accept)
    const { hostname, port } = new URL(transport.url)
    const idle = connect(Number(port), hostname)
    await once(idle, 'connect')
    const gone = closeOf(idle.resume())
    await transport.close()
    await gone
    await expect(ask(transport.url, { 'content-type': type }, bytes)).rejects.toThrow('ECONNREFUSED')
  })
})
