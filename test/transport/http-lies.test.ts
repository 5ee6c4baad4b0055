import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { Clock, eventually } from './clock.ts'
import { codeOf } from './codes.ts'
import { bytes, httpRig, type } from './http-rig.ts'

const { sender } = httpRig()
const mebibyte = 1024 * 1024
const servers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of servers.splice(0)) await stop()
})

/** A server by hand that says what it likes once a request has come. */
async function serve(respond: (socket: Socket, number: number) => void): Promise<{ url: string; sockets: Socket[] }> {
  const sockets: Socket[] = []
  let number = 0
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => respond(socket, number++))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, sockets }
}

/** Writes `text` for as long as somebody takes it. */
function pour(socket: Socket, text: string): void {
  const more = (): void => void (socket.destroyed || socket.write(text, more))
  more()
}

const ok = 'HTTP/1.1 200 OK\r\n'
const honest = 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n'

it.each([
  { lie: 'headers without end', start: ok, more: `X: ${'x'.repeat(1000)}\r\n`.repeat(8) },
  { lie: 'one header without end', start: `${ok}X: `, more: 'x'.repeat(8192) },
  { lie: 'a status line without end', start: 'HTTP/1.1 200 ', more: 'x'.repeat(8192) },
])('gives up a response with $lie', async ({ start, more }) => {
  const { url, sockets } = await serve((socket) => {
    socket.write(start)
    pour(socket, more)
  })
  expect(await codeOf((await sender()).send(url, { bytes }))).toBe('ERR_TRANSPORT_UNREACHABLE')
  await eventually(() => sockets.every(({ destroyed }) => destroyed))
  expect(sockets[0]?.bytesWritten).toBeLessThan(16 * mebibyte)
})

it.each([
  { lie: 'a body without end', head: '' },
  { lie: 'a Content-Length that is enormous', head: 'Content-Length: 9007199254740991\r\n' },
])('takes no packet from a response with $lie, and ends it', async ({ head }) => {
  const got: unknown[] = []
  const { url, sockets } = await serve((socket) => {
    socket.write(`${ok}Content-Type: ${type}\r\n${head}\r\n`)
    pour(socket, 'x'.repeat(65_536))
  })
  const transport = await sender({}, async (packet) => {
    got.push(packet)
    return 'accepted'
  })
  await transport.send(url, { bytes })
  await eventually(() => sockets.every(({ destroyed }) => destroyed))
  expect(sockets[0]?.bytesWritten).toBeLessThan(16 * mebibyte)
  expect(got).toEqual([])
})

it('takes no packet that is shorter than its Content-Length', async () => {
  const got: unknown[] = []
  const { url } = await serve((socket) => {
    socket.end(`${ok}Content-Type: ${type}\r\nContent-Length: 100\r\n\r\n{"a":1}`)
  })
  const transport = await sender({}, async (packet) => {
    got.push(packet)
    return 'accepted'
  })
  await transport.send(url, { bytes })
  expect(got).toEqual([])
})

it('does not take bytes after the Content-Length for the next response', async () => {
  const forged = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'
  const { url } = await serve((socket, number) => socket.write(number === 0 ? honest + forged : honest))
  const transport = await sender()
  await transport.send(url, { bytes })
  await transport.send(url, { bytes })
})

it('gives up interim responses without end when its time is over', async () => {
  const clock = new Clock()
  const { url, sockets } = await serve((socket) => pour(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(20)))
  const transport = await sender({ requestTimeoutMs: 1000, timer: clock.timer })
  const sent = codeOf(transport.send(url, { bytes }))
  await eventually(() => (sockets[0]?.bytesWritten ?? 0) > mebibyte / 4)
  clock.advance(1000)
  expect(await sent).toBe('ERR_TRANSPORT_UNREACHABLE')
  await eventually(() => sockets.every(({ destroyed }) => destroyed))
})
