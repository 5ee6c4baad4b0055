import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Packet, Receive } from '../../runtime/transport.ts'
import { type WsOptions, type WsTransport, ws } from '../../transports/ws/ws.ts'
import { Clock, eventually, turn } from './clock.ts'
import { codeOf } from './codes.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const encode = (text: string) => new TextEncoder().encode(text)
const decode = ({ bytes }: Packet) => new TextDecoder().decode(bytes)

async function listen(receive: Receive, options: WsOptions = {}): Promise<WsTransport & { url: string }> {
  const transport = ws({ allowPrivateAddresses: true, listen: { port: 0 }, ...options })
  await transport.start(receive)
  cleanups.push(() => transport.close())
  return transport as WsTransport & { url: string }
}

/** A client that is no transport, and answers no ping by itself. */
async function dial(url: string) {
  const socket = new WebSocket(url, { autoPong: false })
  socket.on('error', () => undefined)
  const pings: Buffer[] = []
  const got: string[] = []
  let isOver = false
  socket.on('ping', (data) => pings.push(data))
  socket.on('message', (data) => got.push(String(data)))
  socket.on('close', () => {
    isOver = true
  })
  cleanups.push(() => socket.terminate())
  await once(socket, 'open')
  return { socket, pings, got, isOver: () => isOver }
}

/** A server that keeps the packets it has got. */
async function keeping(options: WsOptions = {}) {
  const packets: Packet[] = []
  const transport = await listen(async (packet) => {
    packets.push(packet)
    return 'accepted'
  }, options)
  const client = await dial(transport.url)
  client.socket.send('{"hello":1}')
  await eventually(() => packets.length === 1)
  const [packet] = packets as [Packet]
  const reply = (text: string) => packet.reply?.({ bytes: encode(text) }) ?? Promise.reject(new Error('no way back'))
  return { ...client, transport, packets, packet, reply }
}

test('reply resolves when the other side has read the packet, not when it is written [M9]', async () => {
  const { socket, got, pings, reply } = await keeping()
  let resolved = 0
  const replies = ['one', 'two'].map((text) => reply(text).then(() => (resolved += 1)))
  await eventually(() => got.length === 2 && pings.length === 1)
  for (let turns = 0; turns < 20; turns += 1) await turn()
  expect(resolved).toBe(0)
  socket.pong(pings[0])
  await eventually(() => resolved === 1 && pings.length === 2)
  socket.pong(pings[1])
  await Promise.all(replies)
  expect(resolved).toBe(2)
})

test('a reply that nobody reads fails with ERR_CLOSED in time, and ends the connection, which is told [M9]', async () => {
  const clock = new Clock()
  const { got, isOver, packet, packets, reply, socket } = await keeping({ timer: clock.timer, timeoutMs: 1_000 })
  let isEnded = false
  void packet.ended?.then(() => {
    isEnded = true
  })
  socket.send('{"again":1}')
  await eventually(() => packets.length === 2)
  expect(packets[1]?.ended).toBe(packet.ended)
  const sent = codeOf(reply('lost'))
  await eventually(() => got.length === 1)
  clock.advance(999)
  for (let turns = 0; turns < 5; turns += 1) await turn()
  expect([isOver(), isEnded]).toEqual([false, false])
  clock.advance(1)
  expect(await sent).toBe('ERR_CLOSED')
  await eventually(() => isOver() && isEnded)
  expect(await codeOf(reply('late'))).toBe('ERR_CLOSED')
  expect(clock.pending).toBe(0)
})

test('a pong that answers nothing confirms nothing', async () => {
  const { socket, pings, reply } = await keeping()
  let isResolved = false
  const sent = reply('x').then(() => {
    isResolved = true
  })
  await eventually(() => pings.length === 1)
  for (const data of ['', '0', '2', `${pings[0]}0`]) socket.pong(data)
  for (let turns = 0; turns < 20; turns += 1) await turn()
  expect(isResolved).toBe(false)
  socket.pong(pings[0])
  await sent
})

test('what comes while a transport closes gets no pong, so that its sender knows that it is lost', async () => {
  let finish: () => void = () => undefined
  const got: string[] = []
  const transport = await listen(async (packet) => {
    got.push(decode(packet))
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    return 'accepted'
  })
  const sender = ws({ allowPrivateAddresses: true })
  await sender.start(async () => 'refused')
  cleanups.push(() => sender.close())
  await sender.send(transport.url, { bytes: encode('before') })
  await eventually(() => got.length === 1)
  const closed = transport.close()
  const late = codeOf(sender.send(transport.url, { bytes: encode('late') }))
  for (let turns = 0; turns < 20; turns += 1) await turn()
  finish()
  await closed
  expect(await late).toBe('ERR_TRANSPORT_UNREACHABLE')
  expect(got).toEqual(['before'])
})

test('closing lets a packet that came before be answered, and its answer be read', async () => {
  let finish: () => void = () => undefined
  const codes: string[] = []
  const transport = await listen(async ({ reply }) => {
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    if (reply) codes.push(await codeOf(reply({ bytes: encode('answer') })))
    return 'accepted'
  })
  const answers: string[] = []
  const client = ws({ allowPrivateAddresses: true })
  await client.start(async (packet) => {
    answers.push(decode(packet))
    return 'accepted'
  })
  cleanups.push(() => client.close())
  await client.send(transport.url, { bytes: encode('question') })
  const closed = transport.close()
  finish()
  await closed
  expect(codes).toEqual(['no error'])
  expect(answers).toEqual(['answer'])
})

test('who asks without reading the replies is not read on, and nothing else waits for that', async () => {
  let count = 0
  const answer = new Uint8Array(50_000).fill(0x20)
  const { url } = await listen(
    async ({ reply }) => {
      count += 1
      void reply?.({ bytes: answer }).catch(() => undefined)
      return 'accepted'
    },
    { maxPacketBytes: 100_000 },
  )
  const { socket } = await dial(url)
  socket.pause()
  const total = 5_000
  for (let i = 0; i < total; i += 1) socket.send('{"a":1}')
  let before = -1
  await eventually(() => {
    const isStill = count === before && count > 0
    before = count
    return isStill
  }, turn)
  for (let turns = 0; turns < 200; turns += 1) await turn()
  expect(count).toBeLessThan(1_000)
  const other = await dial(url)
  other.socket.send('{"b":1}')
  await eventually(() => other.got.length === 1)
  socket.on('ping', (data) => socket.pong(data))
  socket.resume()
  await eventually(() => count === total + 1)
})

test('a connection that brings no packet in time is ended, and one that has brought some stays', async () => {
  const clock = new Clock()
  const { url } = await listen(async () => 'accepted', {
    timer: clock.timer,
    timeoutMs: 1_000,
    pingIntervalMs: 100_000,
    maxConnections: 2,
  })
  const [silent, speaks] = [await dial(url), await dial(url)]
  speaks.socket.send('{"a":1}')
  // Pings and pongs say nothing.
  for (const { socket } of [speaks, silent]) {
    socket.ping('read')
    await once(socket, 'pong')
  }
  clock.advance(1_000)
  await eventually(() => silent.isOver())
  expect(speaks.isOver()).toBe(false)
  const next = await dial(url)
  expect(next.socket.readyState).toBe(WebSocket.OPEN)
})
