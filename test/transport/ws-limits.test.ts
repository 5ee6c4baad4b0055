import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Receive } from '../../runtime/transport.ts'
import { type WsOptions, type WsTransport, ws } from '../../transports/ws/ws.ts'
import { Clock, eventually, turn } from './clock.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function listen(receive: Receive, options: WsOptions = {}): Promise<WsTransport & { url: string }> {
  const transport = ws({ allowPrivateAddresses: true, listen: { port: 0 }, ...options })
  await transport.start(receive)
  cleanups.push(() => transport.close())
  return transport as WsTransport & { url: string }
}

async function dial(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url)
  socket.on('error', () => undefined)
  cleanups.push(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

/** Waits until the server has read what was sent. */
async function read(socket: WebSocket): Promise<void> {
  socket.ping('read')
  await once(socket, 'pong')
}

test('a message that does not arrive in time ends its connection, whatever comes between its fragments', async () => {
  const clock = new Clock()
  let received = 0
  const limits = { timer: clock.timer, timeoutMs: 1_000, pingIntervalMs: 100_000 }
  const { url } = await listen(async () => {
    received += 1
    return 'accepted'
  }, limits)
  const [slow, quick] = [await dial(url), await dial(url)]
  for (const socket of [slow, quick]) socket.send('{"first":1}')
  await eventually(() => received === 2)
  for (const socket of [slow, quick]) {
    socket.send('{"second"', { fin: false })
    await read(socket)
  }
  clock.advance(600)
  for (const socket of [slow, quick]) {
    socket.send(':', { fin: false })
    await read(socket)
  }
  quick.send('2}', { fin: true })
  await eventually(() => received === 3)
  const ended = once(slow, 'close')
  clock.advance(400)
  expect((await ended)[0]).toBe(1006)
  clock.advance(10_000)
  await read(quick)
  expect(quick.readyState).toBe(WebSocket.OPEN)
})

test('pings and pongs that come in pieces are no message that is late', async () => {
  const clock = new Clock()
  const { url } = await listen(async () => 'accepted', {
    timer: clock.timer,
    timeoutMs: 1_000,
    pingIntervalMs: 100_000,
  })
  const socket = await dial(url)
  socket.send('{"first":1}')
  await read(socket)
  const raw = (socket as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket
  // A ping of three bytes under a mask of zeros, cut in the middle.
  const frame = Uint8Array.of(0x89, 0x83, 0, 0, 0, 0, 0x61, 0x62, 0x63)
  for (let round = 0; round < 3; round += 1) {
    raw.write(frame.subarray(0, 4))
    for (let turns = 0; turns < 20; turns += 1) await turn()
    raw.write(frame.subarray(4))
    const [data] = (await once(socket, 'pong')) as [Buffer]
    expect(String(data)).toBe('abc')
    clock.advance(5_000)
  }
  expect(socket.readyState).toBe(WebSocket.OPEN)
})

test('connections that brought more than may wait are not read, and others are', async () => {
  let goOn: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    goOn = resolve
  })
  let received = 0
  const { url } = await listen(
    async () => {
      received += 1
      await gate
      return 'accepted'
    },
    { maxBufferedBytes: 300_000 },
  )
  const flood = ws({ allowPrivateAddresses: true })
  await flood.start(async () => 'refused')
  cleanups.push(() => flood.close())
  let confirmed = 0
  const sends = Array.from({ length: 60 }, async () => {
    await flood.send(url, { bytes: new Uint8Array(100_000) })
    confirmed += 1
  })
  await eventually(() => received >= 4)
  for (let turns = 0; turns < 100; turns += 1) await turn()
  // Without the limit 64 of them would wait.
  expect([received, confirmed].map((count) => count < 20)).toEqual([true, true])
  const before = received
  const other = await dial(url)
  other.send('{"a":1}')
  await eventually(() => received === before + 1)
  goOn()
  await Promise.all(sends)
  await eventually(() => received === 61)
})
