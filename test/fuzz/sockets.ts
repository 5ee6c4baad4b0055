import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { DidCommError } from '../../runtime/errors.ts'
import type { Packet } from '../../runtime/transport.ts'
import { http } from '../../transports/http/http.ts'
import { ws } from '../../transports/ws/ws.ts'
import { changedBytes, changedText } from './mutate.ts'
import type { Random, Target } from './random.ts'

/** Bytes of strangers at real sockets: whatever comes, the server hands on what is whole, and serves the next one. */

const maxPacketBytes = 2_000
const type = 'application/didcomm-encrypted+json'

/** A target that has a server to close. */
export interface SocketTarget extends Target {
  /** Sends one honest packet and closes the server. */
  end(): Promise<void>
}

/** What a server hands on. */
function received() {
  const packets: Packet[] = []
  return {
    packets,
    receive: async (packet: Packet) => {
      packets.push(packet)
      return 'accepted' as const
    },
    /** How many came since the last time. */
    take(): number {
      for (const { bytes } of packets) expect(bytes.length).toBeLessThanOrEqual(maxPacketBytes)
      return packets.splice(0).length
    },
  }
}

/** Sends bytes in pieces and then the end, and returns all that comes back. */
async function exchange(port: number, bytes: Uint8Array, random: Random): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  const at = random.below(4) === 0 ? random.below(bytes.length + 1) : bytes.length
  socket.write(bytes.subarray(0, at))
  socket.end(bytes.subarray(at))
  await closed
  return answer
}

const encode = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))
const concat = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

/** A frame of RFC 6455 §5.2, masked as a client has to, and with a length that it may not have. */
function frame(
  opcode: number,
  payload: Uint8Array,
  { length = payload.length, isFinal = true, isMasked = true } = {},
): Uint8Array {
  const first = (isFinal ? 0x80 : 0) | opcode
  const mask = isMasked ? 0x80 : 0
  const key = Uint8Array.of(1, 2, 3, 4)
  const head = length < 126 ? [first, mask | length] : [first, mask | 126, (length >> 8) & 255, length & 255]
  const wide = [
    first,
    mask | 127,
    0,
    0,
    0,
    0,
    (length >>> 24) & 255,
    (length >>> 16) & 255,
    (length >>> 8) & 255,
    length & 255,
  ]
  const body = isMasked ? payload.map((byte, index) => byte ^ (key[index % 4] ?? 0)) : payload
  return Uint8Array.of(...(length > 65_535 ? wide : head), ...(isMasked ? key : []), ...body)
}

const handshake = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '',
  '',
].join('\r\n')

function frames(random: Random): Uint8Array {
  const payload = random.pick([
    encode('{"a":1}'),
    encode(`{"a":"${'x'.repeat(random.below(2_500))}"}`),
    Uint8Array.of(0xd0, 0x83),
    Uint8Array.of(0xc3, 0x28),
    new Uint8Array(0),
    random.bytes(130),
  ])
  const opcode = random.pick([1, 1, 1, 2, 2, 0, 8, 9, 10, 3, 11])
  const odd = random.pick([
    {},
    {},
    {},
    { isMasked: false },
    { isFinal: false },
    { length: 0x7fffffff },
    { length: 70_000 },
    { length: 3 },
  ])
  return frame(opcode, payload, odd)
}

/** Frames of WebSockets at a server of ours. */
export async function wsTarget(): Promise<SocketTarget> {
  const { receive, packets, take } = received()
  const transport = ws({ listen: { port: 0 }, maxPacketBytes })
  await transport.start(receive)
  const url = transport.url ?? ''
  const port = Number(new URL(url).port)
  return {
    name: 'WebSocket frames',
    async run(random) {
      const opening = encode(
        random.below(6) === 0 ? changedText(handshake, random, handshake.toLowerCase()) : handshake,
      )
      const sent = Array.from({ length: 1 + random.below(4) }, () => frames(random))
      const all = concat(...sent)
      const bytes = concat(
        opening,
        random.below(3) === 0 ? changedBytes(all, random, all) : all,
        frame(8, new Uint8Array(0)),
      )
      const answer = await exchange(port, bytes, random)
      const count = take()
      expect(count).toBeLessThanOrEqual(sent.length + 1)
      if (!answer.startsWith('HTTP/1.1 101 ')) throw new DidCommError('ERR_TRANSPORT_REJECTED', 'no WebSocket')
      return count > 0 ? 'received' : 'closed'
    },
    async end() {
      const socket = new WebSocket(url)
      await once(socket, 'open')
      socket.send('{"a":1}')
      while (packets.length === 0) await new Promise<void>((resolve) => setImmediate(resolve))
      expect(take()).toBe(1)
      socket.terminate()
      await transport.close()
    },
  }
}

const odds: readonly string[] = [
  'Content-Length: 7\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 99999999999999999999\r\n',
  'Content-Length: -1\r\n',
  'Content-Type: text/plain\r\n',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
  `X: ${'y'.repeat(20_000)}\r\n`,
  'Content-Encoding: gzip\r\n',
  ': \r\n',
]

function httpRequest(random: Random): Uint8Array {
  const body = encode(random.pick(['{"a":1}', '', `{"a":"${'x'.repeat(random.below(2_500))}"}`, 'x']))
  const isChunked = random.below(4) === 0
  const length = random.below(5) === 0 ? random.below(5_000) : body.length
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  const odd = random.below(3) === 0 ? random.pick(odds) : ''
  const method = random.pick(['POST', 'POST', 'POST', 'POST', 'GET', 'PUT', 'BREW'])
  const head = encode(`${method} / HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n${framing}\r\n${odd}\r\n`)
  const chunk = encode(`${body.length.toString(16)}\r\n`)
  return isChunked
    ? concat(head, chunk, body, encode(`\r\n${body.length > 0 ? '0\r\n\r\n' : '\r\n'}`))
    : concat(head, body)
}

/** Requests at an HTTP server of ours. */
export async function httpTarget(): Promise<SocketTarget> {
  const { receive, take } = received()
  const transport = http({ listen: { port: 0 }, maxPacketBytes, allowPrivateAddresses: true })
  await transport.start(receive)
  const url = transport.url ?? ''
  const port = Number(new URL(url).port)
  return {
    name: 'HTTP requests',
    async run(random) {
      const requests = Array.from({ length: random.pick([1, 1, 2]) }, () => httpRequest(random))
      const all = concat(...requests)
      const answer = await exchange(port, random.below(3) === 0 ? changedBytes(all, random, all) : all, random)
      const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status ?? '')
      // Taken, or refused by us or by Node: none is a failure of the server.
      for (const status of statuses) expect(status, answer).toMatch(/^(?:100|202|4\d\d)$/)
      expect(take()).toBeGreaterThanOrEqual(statuses.filter((status) => status === '202').length)
      if (!statuses.includes('202')) throw new DidCommError('ERR_TRANSPORT_REJECTED', statuses.join())
      return 'accepted'
    },
    async end() {
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body: '{"a":1}' })
      expect([response.status, take()]).toEqual([202, 1])
      await transport.close()
    },
  }
}
