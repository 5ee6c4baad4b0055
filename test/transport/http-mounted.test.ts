import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Packet } from '../../runtime/transport.ts'
import { type HttpOptions, http } from '../../transports/http/http.ts'
import { ws } from '../../transports/ws/ws.ts'
import { eventually } from './clock.ts'
import { ask, bytes, type } from './http-rig.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type Next = (error?: unknown) => void
type Middleware = (request: IncomingMessage & { body?: unknown }, response: ServerResponse, next: Next) => void

/** A server that hands a request from one function to the next, as connect and Express do. */
async function serve(...stack: Middleware[]): Promise<string> {
  const server = createServer((request, response) => {
    const step = (index: number, error?: unknown): void => {
      if (error !== undefined) response.writeHead(500).end(`failed: ${(error as Error).message}`)
      else stack[index]?.(request, response, (failure) => step(index + 1, failure))
    }
    step(0)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function mounted(options: HttpOptions = {}) {
  const got: Packet[] = []
  const transport = http(options)
  await transport.start(async (packet) => {
    got.push(packet)
    return 'accepted'
  })
  cleanups.push(() => transport.close())
  return { got, handler: transport.handler() }
}

/** Reads the body before those behind it, and leaves in `body` what `parse` makes of it. */
const parser =
  (parse: (text: Buffer) => unknown): Middleware =>
  (request, _, next) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      request.body = parse(Buffer.concat(chunks))
      next()
    })
  }

const post = (url: string, body = bytes) => ask(url, { 'content-type': type }, body)
const textOf = (packet: Packet | undefined) => new TextDecoder().decode(packet?.bytes)

describe('a handler in a server of the caller', () => {
  it('has its path beside others', async () => {
    const { got, handler } = await mounted()
    const url = await serve(
      (request, response, next) => {
        if (request.url?.startsWith('/didcomm')) handler(request, response, next)
        else next()
      },
      (_, response) => response.end('other'),
    )
    expect((await post(`${url}/didcomm?x=1`)).status).toBe(202)
    expect(await post(`${url}/other`)).toMatchObject({ status: 200, body: 'other' })
    expect(got.length).toBe(1)
  })

  it('takes a body that was read before where it is there as bytes or text', async () => {
    const { got, handler } = await mounted({ maxPacketBytes: 100 })
    const take: Middleware = (request, response, next) => handler(request, response, next)
    const [raw, text] = [
      await serve(
        parser((body) => body),
        take,
      ),
      await serve(parser(String), take),
    ]
    expect((await post(raw, Uint8Array.of(0xd0, 0xff))).status).toBe(202)
    expect((await post(text)).status).toBe(202)
    expect(got[0]?.bytes).toEqual(Uint8Array.of(0xd0, 0xff))
    expect(textOf(got[1])).toBe('{"a":1}')
    for (const url of [raw, text]) expect((await post(url, new Uint8Array(101).fill(0x20))).status).toBe(413)
    expect(got.length).toBe(2)
  })

  it.each([
    ['parsed JSON', parser((body) => JSON.parse(String(body)))],
    ['nothing', parser(() => undefined)],
  ])('says what is wrong where the body was read before and is there as %s', async (_, parse) => {
    const { got, handler } = await mounted()
    const withNext = await serve(parse, (request, response, next) => handler(request, response, next))
    const answer = await post(withNext)
    expect(answer.status).toBe(500)
    expect(answer.body).toMatch(/^failed: the body of the request was read before/)
    const alone = await serve(parse, (request, response) => handler(request, response))
    expect((await post(alone)).status).toBe(500)
    expect(got).toEqual([])
  })

  it('does not wait for a body of which others have read a part', async () => {
    const { handler } = await mounted()
    const url = await serve((request, response, next) => {
      request.once('data', () => handler(request, response, next))
    })
    expect((await post(url)).status).toBe(500)
  })

  it('shares a server with WebSockets, each at its path', async () => {
    const { got, handler } = await mounted()
    const sockets = ws()
    await sockets.start(async (packet) => {
      got.push(packet)
      return 'accepted'
    })
    cleanups.push(() => sockets.close())
    const upgrade = sockets.upgrade()
    const server = createServer(handler)
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/didcomm') upgrade(request, socket, head)
      else socket.destroy()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => server.close())
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    expect((await post(`http://${host}/didcomm`)).status).toBe(202)
    const socket = new WebSocket(`ws://${host}/didcomm`)
    await once(socket, 'open')
    socket.send('{"b":2}')
    await eventually(() => got.length === 2)
    expect(got.map(textOf)).toEqual(['{"a":1}', '{"b":2}'])
    const elsewhere = new WebSocket(`ws://${host}/elsewhere`)
    expect((await once(elsewhere, 'error'))[0]).toBeInstanceOf(Error)
    socket.terminate()
  })
})

describe('pages in a browser', () => {
  const page = 'https://app.example'
  const preflight = { origin: page, 'access-control-request-method': 'POST' }
  const serving = async (options: HttpOptions) => {
    const { got, handler } = await mounted(options)
    return { got, url: await serve((request, response) => handler(request, response)) }
  }
  const cors = (headers: IncomingMessage['headers']) =>
    Object.keys(headers).filter((name) => name.startsWith('access-control-'))

  it('may not post where nobody has allowed it: no header says so, and there is no preflight', async () => {
    for (const allowOrigin of [undefined, [], ['https://other.example', `${page}.evil.example`, 'null']] as const) {
      const { url } = await serving(allowOrigin ? { allowOrigin } : {})
      const asked = await ask(url, preflight, undefined, 'OPTIONS')
      expect([asked.status, cors(asked.headers)]).toEqual([405, []])
      const posted = await ask(url, { origin: page, 'content-type': type }, bytes)
      expect([posted.status, cors(posted.headers)]).toEqual([202, []])
      const head = await ask(url, {}, undefined, 'HEAD')
      expect([head.status, head.headers.allow]).toEqual([405, 'POST'])
    }
  })

  it.each([
    [['https://other.example', page], page, 'origin'],
    ['*', '*', undefined],
  ] as const)('may post where %j are allowed, and read every answer', async (allowOrigin, said, vary) => {
    const { got, url } = await serving({ allowOrigin })
    const asked = await ask(url, preflight, undefined, 'OPTIONS')
    expect(asked.status).toBe(204)
    expect(asked.headers).toMatchObject({
      'access-control-allow-origin': said,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type',
    })
    expect(asked.headers['access-control-allow-credentials']).toBeUndefined()
    expect(asked.headers.vary).toBe(vary)
    for (const [contentType, status] of [
      [type, 202],
      ['text/plain', 415],
    ] as const) {
      const posted = await ask(url, { origin: page, 'content-type': contentType }, bytes)
      expect([posted.status, posted.headers['access-control-allow-origin']]).toEqual([status, said])
    }
    expect(got.length).toBe(1)
    for (const headers of [{ origin: page }, { ...preflight, 'access-control-request-method': 'PUT' }]) {
      expect((await ask(url, headers, undefined, 'OPTIONS')).status).toBe(405)
    }
  })
})
