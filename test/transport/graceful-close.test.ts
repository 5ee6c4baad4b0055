import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Receive } from '../../runtime/transport.ts'
import { http } from '../../transports/http/http.ts'
import { ws } from '../../transports/ws/ws.ts'
import { Clock, eventually, turn } from './clock.ts'
import { codeOf } from './codes.ts'
import { bytes, closeOf, httpRig, type } from './http-rig.ts'

const { open, sender, serve } = httpRig()

/** A `receive` that does not end before it is told to. */
function held() {
  const finish: (() => void)[] = []
  const receive: Receive = async () => {
    await new Promise<void>((resolve) => finish.push(resolve))
    return 'accepted'
  }
  return { finish, receive }
}

/** Posts over a connection that is kept alive. */
async function post(url: string, agent: Agent): Promise<IncomingMessage> {
  const asked = request(url, { method: 'POST', agent, headers: { 'content-type': type } })
  asked.end(bytes)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response
}

describe('closing an HTTP transport', () => {
  it('answers what is under way, with Connection: close, and ends idle connections at once', async () => {
    const { finish, receive } = held()
    const transport = await open({}, receive)
    const [idle, busy] = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })]
    const first = post(transport.url, idle)
    await eventually(() => finish.length === 1)
    finish[0]?.()
    expect((await first).headers.connection).toBe('keep-alive')
    const ends = Object.values(idle.freeSockets).flatMap((sockets) => sockets ?? [])
    expect(ends.length).toBe(1)

    const slow = post(transport.url, busy)
    await eventually(() => finish.length === 2)
    let isClosed = false
    const closed = transport.close().then(() => {
      isClosed = true
    })
    await eventually(() => ends.every(({ destroyed }) => destroyed))
    expect(isClosed).toBe(false)
    finish[1]?.()
    const answer = await slow
    expect([answer.statusCode, answer.headers.connection]).toEqual([202, 'close'])
    await closed
  })

  it('cuts off what takes longer than it may', async () => {
    const clock = new Clock()
    const { finish, receive } = held()
    const transport = await open({ timer: clock.timer, closeTimeoutMs: 2_000 }, receive)
    const agent = new Agent({ keepAlive: true })
    const slow = post(transport.url, agent).then(
      () => 'answered',
      () => 'cut',
    )
    await eventually(() => finish.length === 1)
    let isClosed = false
    const closed = transport.close().then(() => {
      isClosed = true
    })
    clock.advance(1_999)
    for (let turns = 0; turns < 20; turns += 1) await turn()
    expect(isClosed).toBe(false)
    clock.advance(1)
    await closed
    expect(await slow).toBe('cut')
    finish[0]?.()
    await eventually(() => clock.pending === 0)
  })

  it('does not wait for a body that is still to come: its sender is told to come again', async () => {
    const clock = new Clock()
    const transport = await open({ timer: clock.timer }, async () => 'accepted')
    const headers = { 'content-type': type, 'content-length': '10' }
    const asked = request(transport.url, { method: 'POST', headers })
    asked.write('half')
    await eventually(() => clock.pending === 1)
    const answered = once(asked, 'response') as Promise<[IncomingMessage]>
    asked.on('error', () => undefined)
    await transport.close()
    expect((await answered)[0].statusCode).toBe(503)
    asked.destroy()
  })

  it('cuts off requests in a server of the caller, which goes on', async () => {
    const clock = new Clock()
    const { receive, finish } = held()
    const options = { timer: clock.timer, closeTimeoutMs: 2_000 }
    const mounted = http(options)
    await mounted.start(receive)
    const server = createServer((asked, response) => {
      if (asked.url === '/didcomm') mounted.handler()(asked, response)
      else response.end('other')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const posted = codeOf(fetch(`${url}/didcomm`, { method: 'POST', headers: { 'content-type': type }, body: bytes }))
    await eventually(() => finish.length === 1)
    const closed = mounted.close()
    clock.advance(2_000)
    await closed
    expect(await posted).not.toBe('no error')
    expect(await (await fetch(`${url}/other`)).text()).toBe('other')
    server.close()
    server.closeAllConnections()
    await eventually(() => clock.pending === 0)
  })

  it('cuts off its own requests, also over a connection that was used before', async () => {
    const clock = new Clock()
    let requests = 0
    const answersOnce = await serve((asked, response) => {
      requests += 1
      asked.resume()
      if (requests === 1) response.writeHead(202).end()
    })
    const transport = await sender({ timer: clock.timer, closeTimeoutMs: 2_000 })
    await transport.send(answersOnce.url, { bytes })
    const sent = codeOf(transport.send(answersOnce.url, { bytes }))
    await eventually(() => requests === 2)
    const closed = transport.close()
    clock.advance(2_000)
    await closed
    expect(await sent).toBe('ERR_TRANSPORT_UNREACHABLE')
    expect([requests, clock.pending]).toEqual([2, 0])
  })
})

describe('closing a WebSocket transport', () => {
  it('cuts off what takes longer than it may', async () => {
    const clock = new Clock()
    const { receive, finish } = held()
    const transport = ws({ listen: { port: 0 }, timer: clock.timer, closeTimeoutMs: 2_000 })
    await transport.start(receive)
    const socket = new WebSocket(transport.url ?? '')
    await once(socket, 'open')
    socket.send('{"a":1}')
    await eventually(() => finish.length === 1)
    let isClosed = false
    const closed = transport.close().then(() => {
      isClosed = true
    })
    clock.advance(1_999)
    for (let turns = 0; turns < 20; turns += 1) await turn()
    expect([isClosed, socket.readyState]).toEqual([false, WebSocket.OPEN])
    clock.advance(1)
    await closed
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(1006)
  })

  it('takes no more connections than twice its number, whatever they say', async () => {
    const transport = ws({ listen: { port: 0 }, maxConnections: 1 })
    await transport.start(async () => 'accepted')
    const { hostname, port } = new URL(transport.url ?? '')
    const sockets = [1, 2, 3].map(() => connect(Number(port), hostname))
    for (const socket of sockets) socket.on('error', () => undefined)
    const [, , third] = sockets
    if (third) await closeOf(third)
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([false, false, true])
    for (const socket of sockets) socket.destroy()
    await transport.close()
  })
})
