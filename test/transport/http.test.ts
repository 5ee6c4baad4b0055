import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { isDidCommError } from '../../runtime/errors.ts'
import type { Packet, Receive } from '../../runtime/transport.ts'
import { type HttpOptions, type HttpTransport, http } from '../../transports/http.ts'
import { Clock, eventually } from './clock.ts'

const type = 'application/didcomm-encrypted+json'
const bytes = new TextEncoder().encode('{"a":1}')
const accept: Receive = async () => 'accepted'
const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function open(options: HttpOptions, receive: Receive): Promise<HttpTransport & { url: string }> {
  const transport = http({ listen: { port: 0 }, ...options })
  await transport.start(receive)
  cleanups.push(() => transport.close())
  return transport as HttpTransport & { url: string }
}

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

/** Waits for the end of a socket, whatever the reason. */
const closeOf = (socket: Socket) => new Promise<void>((resolve) => socket.on('close', () => resolve()))

/** One request, with everything of it in the hands of the test. */
async function ask(url: string, headers: Record<string, string>, body?: Uint8Array, method = 'POST'): Promise<Answer> {
  const asked = request(url, { method, headers })
  asked.on('error', () => undefined)
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode ?? 0, headers: response.headers, body: text }
}

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error) => (isDidCommError(error) ? error.code : `${error}`),
  )
}

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

  it('answers 200 with the reply and its media type', async () => {
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

  it('answers 413 to a declared length over its limit, and closes the connection', async () => {
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

describe('the HTTP client', () => {
  const sender = async (options: HttpOptions = {}, receive: Receive = accept) => {
    const transport = http(options)
    await transport.start(receive)
    cleanups.push(() => transport.close())
    return transport
  }
  const answering = (status: number, headers: Record<string, string> = {}) =>
    serve((asked, response) => {
      asked.resume().on('end', () => response.writeHead(status, headers).end())
    })

  it.each([
    [200, 'no error'],
    [201, 'no error'],
    [202, 'no error'],
    [204, 'no error'],
    [301, 'ERR_TRANSPORT_UNREACHABLE'],
    [400, 'ERR_TRANSPORT_REJECTED'],
    [401, 'ERR_TRANSPORT_REJECTED'],
    [404, 'ERR_TRANSPORT_REJECTED'],
    [408, 'ERR_TRANSPORT_UNREACHABLE'],
    [413, 'ERR_TOO_LARGE'],
    [425, 'ERR_TRANSPORT_UNREACHABLE'],
    [429, 'ERR_TRANSPORT_UNREACHABLE'],
    [500, 'ERR_TRANSPORT_UNREACHABLE'],
    [503, 'ERR_TRANSPORT_UNREACHABLE'],
  ])('takes HTTP %i as %s', async (status, code) => {
    const transport = await sender()
    expect(await codeOf(transport.send(await answering(status), { bytes }))).toBe(code)
  })

  it('learns ERR_TOO_LARGE from a server with a smaller limit', async () => {
    const { url } = await open({ maxPacketBytes: 1_000 }, accept)
    const transport = await sender()
    for (const length of [1_001, 100_000, 1_048_576]) {
      expect(await codeOf(transport.send(url, { bytes: new Uint8Array(length) }))).toBe('ERR_TOO_LARGE')
    }
    expect(await codeOf(transport.send(url, { bytes: new Uint8Array(1_000) }))).toBe('no error')
  })

  it('names the media type by the first byte where the packet has none', async () => {
    const types: (string | undefined)[] = []
    const { url } = await open({}, async ({ mediaType }) => {
      types.push(mediaType)
      return 'accepted'
    })
    const transport = await sender()
    await transport.send(url, { bytes })
    await transport.send(url, { bytes: new Uint8Array([0xd0]) })
    expect(types).toEqual([type, 'application/cose; cose-type="cose-encrypt0"'])
  })

  it('follows a 307 within its origin, with the same body', async () => {
    const paths: string[] = []
    const url = await serve((asked, response) => {
      paths.push(asked.url ?? '')
      let length = 0
      asked.on('data', (chunk) => {
        length += chunk.length
      })
      asked.on('end', () => {
        if (asked.url === '/new') response.writeHead(length === bytes.length ? 202 : 500).end()
        else response.writeHead(307, { location: '/new' }).end()
      })
    })
    expect(await codeOf((await sender()).send(url, { bytes }))).toBe('no error')
    expect(paths).toEqual(['/', '/new'])
  })

  it.each([301, 302, 303, 308])('does not follow a %i', async (status) => {
    const paths: string[] = []
    const url = await serve((asked, response) => {
      paths.push(asked.url ?? '')
      asked.resume().on('end', () => response.writeHead(status, { location: '/new' }).end())
    })
    expect(await codeOf((await sender()).send(url, { bytes }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(paths).toEqual(['/'])
  })

  it('does not follow a redirect to another origin without TLS, or with a password', async () => {
    let visits = 0
    const other = await serve((asked, response) => {
      visits += 1
      asked.resume().on('end', () => response.writeHead(202).end())
    })
    for (const location of [other, other.replace('//', '//user:secret@'), 'ftp://x/', 'http://[']) {
      const url = await answering(307, { location })
      expect(await codeOf((await sender()).send(url, { bytes }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    }
    expect(visits).toBe(0)
  })

  it('gives up redirects that go in circles', async () => {
    let visits = 0
    const url = await serve((asked, response) => {
      visits += 1
      asked.resume().on('end', () => response.writeHead(307, { location: '/' }).end())
    })
    expect(await codeOf((await sender()).send(url, { bytes }))).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(visits).toBe(4)
  })

  it('gives up where no answer comes in time', async () => {
    const clock = new Clock()
    let asked = 0
    const url = await serve(() => {
      asked += 1
    })
    const transport = await sender({ timer: clock.timer, requestTimeoutMs: 1_000 })
    const sent = codeOf(transport.send(url, { bytes }))
    await eventually(() => asked === 1)
    clock.advance(1_000)
    expect(await sent).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect(clock.pending).toBe(0)
  })

  it.each([
    ['of a page', 'text/html', '<p>'],
    ['without bytes', type, ''],
    ['over its limit', type, 'x'.repeat(20_001)],
  ])('does not receive a response %s', async (_, contentType, body) => {
    const received: Packet[] = []
    const transport = await sender({ maxPacketBytes: 20_000 }, async (packet) => {
      received.push(packet)
      return 'accepted'
    })
    const url = await serve((asked, response) => {
      asked.resume().on('end', () => response.writeHead(200, { 'content-type': contentType }).end(body))
    })
    expect(await codeOf(transport.send(url, { bytes }))).toBe('no error')
    expect(received).toEqual([])
  })

  it('uses one connection again for packet after packet', async () => {
    let connections = 0
    const server = createServer((asked, response) => {
      asked.resume().on('end', () => response.writeHead(202, { 'content-length': '0' }).end())
    })
    server.on('connection', () => {
      connections += 1
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    const transport = await sender()
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    for (let count = 0; count < 20; count += 1) await transport.send(url, { bytes })
    expect(connections).toBe(1)
    await transport.close()
    await eventually(() => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length === 0)
  })

  it('sends again where a kept connection turns out to be closed', async () => {
    let connections = 0
    let requests = 0
    const server = createServer((asked, response) => {
      requests += 1
      asked.resume().on('end', () => {
        // The second request over the first connection finds it dead.
        if (requests === 2) response.socket?.destroy()
        else response.writeHead(202, { 'content-length': '0' }).end()
      })
    })
    server.on('connection', () => {
      connections += 1
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    const transport = await sender()
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await transport.send(url, { bytes })
    expect(await codeOf(transport.send(url, { bytes }))).toBe('no error')
    expect([connections, requests]).toEqual([2, 3])
  })

  it('refuses to send before it started', async () => {
    const transport = http()
    await expect(transport.send('http://127.0.0.1:1', { bytes })).rejects.toThrow(TypeError)
  })
})
