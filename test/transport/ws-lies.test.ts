import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { Receive } from '../../runtime/transport.ts'
import { type WsTransport, ws } from '../../transports/ws/ws.ts'
import { Clock, eventually, turn } from './clock.ts'

const mebibyte = 1024 * 1024
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function listen(receive: Receive): Promise<WsTransport & { url: string }> {
  const transport = ws({ listen: { port: 0 }, allowPrivateAddresses: true, timer: new Clock().timer })
  await transport.start(receive)
  cleanups.push(() => transport.close())
  return transport as WsTransport & { url: string }
}

/** A client by hand, after its handshake (RFC 6455 §4.1). */
async function dial(url: string): Promise<Socket> {
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => undefined)
  cleanups.push(() => socket.destroy())
  const key = Buffer.alloc(16).toString('base64')
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}`
  socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n\r\n`)
  await once(socket, 'data')
  return socket
}

/** A frame (§5.2) with a mask of zeros, which changes nothing, and a length that is true or is not. */
function frame(first: number, payload: Uint8Array, length = payload.length): Buffer {
  const head = Buffer.alloc(14)
  head[0] = first
  if (length < 126) {
    head[1] = 0x80 | length
    return Buffer.concat([head.subarray(0, 6), payload])
  }
  head[1] = 0xff
  head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

/** Writes the same for as long as the other side takes it, and returns how many bytes it has taken. */
async function pour(socket: Socket, bytes: Buffer, limit: number): Promise<number> {
  let poured = 0
  while (!socket.destroyed && poured < limit) {
    if (!socket.write(bytes)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined)
    poured += bytes.length
  }
  return poured
}

it.each([2 * mebibyte, 2 ** 40, Number.MAX_SAFE_INTEGER])(
  'ends a connection whose frame is to have %d bytes',
  async (length) => {
    const got: unknown[] = []
    const { url } = await listen(async (packet) => {
      got.push(packet)
      return 'accepted'
    })
    const socket = await dial(url)
    const closed = once(socket, 'close')
    socket.resume().write(frame(0x82, new Uint8Array(10), length))
    await closed
    expect(got).toEqual([])
  },
)

it.each([1, 4096])('ends a message of fragments of %d bytes that does not end', async (size) => {
  const { url } = await listen(async () => 'accepted')
  const socket = await dial(url)
  socket.resume()
  socket.write(frame(0x02, new Uint8Array(size)))
  const fragment = frame(0x00, new Uint8Array(size))
  const many = Buffer.concat(Array.from({ length: Math.ceil(16_384 / size) }, () => fragment))
  expect(await pour(socket, many, 64 * mebibyte)).toBeLessThan(16 * mebibyte)
  await eventually(() => socket.destroyed)
})

it('ends a message of empty fragments that does not end', async () => {
  const { url } = await listen(async () => 'accepted')
  const socket = await dial(url)
  socket.resume()
  socket.write(frame(0x02, new Uint8Array(1)))
  const many = Buffer.concat(Array.from({ length: 10_000 }, () => frame(0x00, new Uint8Array(0))))
  expect(await pour(socket, many, 64 * mebibyte)).toBeLessThan(16 * mebibyte)
  await eventually(() => socket.destroyed)
})

it('answers the last ping of a flood, and keeps no pongs for who does not read', async () => {
  const { url } = await listen(async () => 'accepted')
  const socket = await dial(url)
  socket.pause()
  const payload = new Uint8Array(125).fill(1)
  const many = Buffer.concat(Array.from({ length: 500 }, () => frame(0x89, payload)))
  await pour(socket, many, 32 * mebibyte)
  socket.write(frame(0x89, new Uint8Array([9, 9, 9])))
  await eventually(() => socket.writableLength === 0)
  for (let turns = 0; turns < 100; turns += 1) await turn()
  let pongs = 0
  let tail = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    pongs += chunk.length
    tail = Buffer.concat([tail.subarray(-8), chunk.subarray(-8)])
  })
  socket.resume()
  await eventually(() => tail.subarray(-5).equals(Buffer.from([0x8a, 3, 9, 9, 9])))
  // A pong to each ping would be 31 MiB. What was sent waits in the buffers of the system.
  expect(pongs).toBeLessThan(16 * mebibyte)
})
