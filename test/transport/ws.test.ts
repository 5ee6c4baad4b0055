import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Packet, Receive } from '../../runtime/transport.ts'
import { type WsOptions, type WsTransport, ws } from '../../transports/ws/ws.ts'
import { Clock, eventually } from './clock.ts'
import { codeOf } from './codes.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const encode = (text: string) => new TextEncoder().encode(text)
const decode = ({ bytes }: Packet) => new TextDecoder().decode(bytes)
const accept: Receive = async () => 'accepted'

async function open(options: WsOptions, receive: Receive): Promise<WsTransport & { url: string }> {
  const transport = ws({ allowPrivateAddresses: true, ...options })
  await transport.start(receive)
  cleanups.push(() => transport.close())
  return transport as WsTransport & { url: string }
}

const listen = (receive: Receive, options: WsOptions = {}) => open({ listen: { port: 0 }, ...options }, receive)

/** A client that is no transport. */
async function dial(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url)
  socket.on('error', () => undefined)
  cleanups.push(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

/** A server that is no transport. */
async function serve(take: (socket: WebSocket) => void, options = {}): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  server.on('connection', take)
  await once(server, 'listening')
  cleanups.push(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}/`
}

test('JSON goes out as text, CBOR and what is no UTF-8 as binary, each in one message [M6]', async () => {
  const seen: [string, boolean][] = []
  const url = await serve((socket) => {
    socket.on('message', (data, isBinary) => seen.push([String(data), isBinary]))
  })
  const transport = await open({}, accept)
  for (const bytes of [encode('{"a":1}'), encode('\u00d0x'), Uint8Array.of(0x7b, 0xff)]) {
    await transport.send(url, { bytes })
  }
  expect(seen.map(([, isBinary]) => isBinary)).toEqual([false, true, true])
  expect(seen[0]?.[0]).toBe('{"a":1}')
})

test('text, binary and fragments are taken as one packet each [M6]', async () => {
  const got: Packet[] = []
  const { url } = await listen(async (packet) => {
    got.push(packet)
    return 'accepted'
  })
  const socket = await dial(url)
  socket.send('{"a":1}')
  socket.send(encode('{"b":2}'))
  socket.send('{"c"', { fin: false })
  socket.send(':3}', { fin: true })
  await eventually(() => got.length === 3)
  expect(got.map(decode)).toEqual(['{"a":1}', '{"b":2}', '{"c":3}'])
  expect(got.map(({ persistent }) => persistent)).toEqual([true, true, true])
  expect(new Set(got.map(({ reply }) => reply)).size).toBe(1)
})

test('nothing comes back on the socket but what reply is given, whatever becomes of a packet [M2, M6]', async () => {
  let turn = 0
  const { url } = await listen(async () => {
    turn += 1
    return turn === 1 ? 'refused' : 'accepted'
  })
  const socket = await dial(url)
  const back: unknown[] = []
  socket.on('message', (data) => back.push(data))
  socket.send('{"a":1}')
  socket.send('{"b":2}')
  socket.ping('done')
  await once(socket, 'pong')
  await eventually(() => turn === 2)
  expect(back).toEqual([])
})

test('reply sends any number of packets until the socket closes, then fails with ERR_CLOSED [M9]', async () => {
  let reply: Packet['reply']
  const { url } = await listen(async (packet) => {
    reply = packet.reply
    return 'accepted'
  })
  const got: string[] = []
  const client = await open({}, async (packet) => {
    got.push(decode(packet))
    return 'accepted'
  })
  await client.send(url, { bytes: encode('hello') })
  await eventually(() => reply !== undefined)
  for (const text of ['one', 'two', 'three']) await reply?.({ bytes: encode(text) })
  await eventually(() => got.length === 3)
  expect(got).toEqual(['one', 'two', 'three'])
  expect(reply && (await codeOf(reply({ bytes: new Uint8Array(1_048_577) })))).toBe('ERR_TOO_LARGE')
  await client.close()
  const codes: string[] = []
  await eventually(
    () => codes.includes('ERR_CLOSED'),
    () => void reply?.({ bytes: encode('x') }).catch(({ code }) => codes.push(code)),
  )
})

test('what comes back over a socket of ours is received like any packet, without a listener [M9]', async () => {
  const url = await serve((socket) => socket.on('message', () => socket.send('{"back":1}')))
  const got: string[] = []
  const client = await open({}, async (packet) => {
    got.push(decode(packet))
    return 'accepted'
  })
  await client.send(url, { bytes: encode('{"a":1}') })
  await eventually(() => got.length === 1)
  expect(got).toEqual(['{"back":1}'])
})

test('many sends share one connection, also while it opens', async () => {
  let connections = 0
  const url = await serve(() => {
    connections += 1
  })
  const client = await open({}, accept)
  await Promise.all(['a', 'b', 'c'].map((text) => client.send(url, { bytes: encode(text) })))
  await client.send(url, { bytes: encode('d') })
  expect(connections).toBe(1)
})

test('a connection that has ended is told, and opened again by the next send', async () => {
  const sockets: WebSocket[] = []
  const ended: string[] = []
  const url = await serve((socket) => sockets.push(socket))
  const client = await open({ onDisconnect: (uri) => ended.push(uri) }, accept)
  await client.send(url, { bytes: encode('a') })
  sockets[0]?.terminate()
  await eventually(() => ended.length === 1)
  expect(ended).toEqual([url])
  await client.send(url, { bytes: encode('b') })
  expect(sockets.length).toBe(2)
})

test('a send whose connection breaks before the pong fails with ERR_TRANSPORT_UNREACHABLE', async () => {
  const url = await serve((socket) => socket.on('message', () => socket.terminate()), { autoPong: false })
  const client = await open({}, accept)
  expect(await codeOf(client.send(url, { bytes: encode('a') }))).toBe('ERR_TRANSPORT_UNREACHABLE')
})

test('a send that the other side does not read fails in time, and ends the connection', async () => {
  const clock = new Clock()
  let messages = 0
  const count = (socket: WebSocket) =>
    socket.on('message', () => {
      messages += 1
    })
  const url = await serve(count, { autoPong: false })
  const ended: string[] = []
  const client = await open({ timer: clock.timer, timeoutMs: 1_000, onDisconnect: (uri) => ended.push(uri) }, accept)
  const sent = codeOf(client.send(url, { bytes: encode('a') }))
  await eventually(() => messages === 1)
  clock.advance(1_000)
  expect(await sent).toBe('ERR_TRANSPORT_UNREACHABLE')
  expect(ended).toEqual([url])
})

test('a server that never upgrades is given up in time', async () => {
  const clock = new Clock()
  const { createServer } = await import('node:net')
  let connected = false
  const server = createServer(() => {
    connected = true
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => server.close())
  const client = await open({ timer: clock.timer, timeoutMs: 1_000 }, accept)
  const sent = codeOf(
    client.send(`ws://127.0.0.1:${(server.address() as { port: number }).port}`, { bytes: encode('a') }),
  )
  await eventually(() => connected)
  clock.advance(1_000)
  expect(await sent).toBe('ERR_TRANSPORT_UNREACHABLE')
})

test('a message over the limit ends the connection, and its sender learns ERR_TOO_LARGE [M7]', async () => {
  const got: Packet[] = []
  const { url } = await listen(
    async (packet) => {
      got.push(packet)
      return 'accepted'
    },
    { maxPacketBytes: 1_000 },
  )
  const client = await open({}, accept)
  expect(await codeOf(client.send(url, { bytes: new Uint8Array(1_001) }))).toBe('ERR_TOO_LARGE')
  expect(await codeOf(client.send(url, { bytes: new Uint8Array(1_000) }))).toBe('no error')
  await eventually(() => got.length === 1)
})

test('a connection on which no pong comes is ended at the second look', async () => {
  const clock = new Clock()
  const { url } = await listen(accept, { timer: clock.timer, pingIntervalMs: 10_000 })
  const socket = new WebSocket(url, { autoPong: false })
  cleanups.push(() => socket.terminate())
  let pings = 0
  let isOver = false
  socket.on('ping', () => {
    pings += 1
  })
  socket.on('close', () => {
    isOver = true
  })
  await once(socket, 'open')
  await eventually(() => clock.pending > 0)
  clock.advance(10_000)
  await eventually(() => pings === 1)
  expect(isOver).toBe(false)
  clock.advance(10_000)
  await eventually(() => isOver)
})

test('a connection that answers pings stays', async () => {
  const clock = new Clock()
  const { url } = await listen(accept, { timer: clock.timer, pingIntervalMs: 10_000 })
  const socket = await dial(url)
  socket.send('{"a":1}')
  socket.ping('read')
  await once(socket, 'pong')
  let pings = 0
  socket.on('ping', () => {
    pings += 1
  })
  for (let looks = 1; looks <= 3; looks += 1) {
    clock.advance(10_000)
    await eventually(() => pings === looks)
    // Our pong is read before our ping is answered.
    socket.ping('read')
    await once(socket, 'pong')
  }
  expect(socket.readyState).toBe(WebSocket.OPEN)
})

test('no more is read than may wait, and all arrives in order once there is room', async () => {
  let goOn: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const got: string[] = []
  const { url } = await listen(
    async (packet) => {
      got.push(decode(packet))
      await gate
      return 'accepted'
    },
    { maxQueued: 20 },
  )
  const client = await open({}, accept)
  const big = 'x'.repeat(100_000)
  let confirmed = 0
  const sends = Array.from({ length: 200 }, async (_, index) => {
    await client.send(url, { bytes: encode(`${index} ${big}`) })
    confirmed += 1
  })
  await eventually(() => got.length === 16)
  for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve))
  expect(got.length).toBe(16)
  expect(confirmed).toBeLessThan(150)
  goOn()
  await Promise.all(sends)
  await eventually(() => got.length === 200)
  expect(got.map((text) => Number(text.split(' ')[0]))).toEqual(Array.from({ length: 200 }, (_, index) => index))
})

test('over the number of connections new ones get 503, and ours make room where one has nothing to do', async () => {
  const { url } = await listen(accept, { maxConnections: 1 })
  await dial(url)
  const second = new WebSocket(url)
  const [error] = (await once(second, 'error')) as [Error]
  expect(error.message).toContain('503')

  const urls = await Promise.all([serve(() => undefined), serve(() => undefined)])
  const client = await open({ maxConnections: 1 }, accept)
  for (const target of [...urls, ...urls]) {
    expect(await codeOf(client.send(target, { bytes: encode('a') }))).toBe('no error')
  }
})

test('what is no WebSocket gets an answer or is closed, and the listener goes on', async () => {
  const { url } = await listen(accept)
  const { port } = new URL(url)
  const answers: string[] = []
  const junk = [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    '\u0000\u0001\u0002\r\n\r\n',
  ]
  for (const text of junk) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.setEncoding('latin1')
    socket.end(text)
    let answer = ''
    for await (const chunk of socket) answer += chunk
    answers.push(answer.slice(0, 12))
  }
  expect(answers).toEqual(['HTTP/1.1 426', 'HTTP/1.1 400', 'HTTP/1.1 400'])
  expect(await codeOf((await open({}, accept)).send(url, { bytes: encode('a') }))).toBe('no error')
})

test('frames that break the protocol end that connection only', async () => {
  const { url } = await listen(accept)
  const socket = await dial(url)
  const raw = (socket as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket
  // A client's frame without a mask.
  raw.write(Uint8Array.of(0x81, 0x01, 0x61))
  const [code] = (await once(socket, 'close')) as [number]
  expect(code).toBe(1002)
  const other = await dial(url)
  expect(other.readyState).toBe(WebSocket.OPEN)
})

test.each(['ws://user:secret@127.0.0.1/', 'http://127.0.0.1/', 'ws://127.0.0.1/#x'])(
  'the URI %s is refused without being repeated',
  async (uri) => {
    const client = await open({}, accept)
    const error = await client.send(uri, { bytes: encode('a') }).catch((failure: Error) => failure)
    expect(error).toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
    expect(String(error)).not.toContain('secret')
  },
)

test('closing lets a connection open for what was sent before', async () => {
  const { url } = await listen(accept)
  const client = await open({}, accept)
  const sent = codeOf(client.send(url, { bytes: encode('a') }))
  await client.close()
  expect(await sent).toBe('no error')
  expect(await codeOf(client.send(url, { bytes: encode('b') }))).toBe('ERR_CLOSED')
})
