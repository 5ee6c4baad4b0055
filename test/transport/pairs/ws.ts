import type { Server } from 'node:http'
import type { Timer } from '../../../runtime/world.ts'
import { world } from '../../../transports/world.ts'
import { type WsTransport, ws } from '../../../transports/ws/ws.ts'
import type { Pair } from '../compliance/scene.ts'
import type { RawClient } from '../raw-client.ts'
import { overTcp, portOf, startServers } from './servers.ts'

const options = { maxPacketBytes: 100_000, maxQueued: 16, allowPrivateAddresses: true }

/** Time as it is, and as the test moves it: what waits is also run when it elapses. */
function hastyTimer(): { timer: Timer; elapse(): void } {
  const waiting = new Set<() => void>()
  const timer: Timer = (delayMs, run) => {
    // Only pauses before another attempt; not the limits of what takes too long.
    const once = () => {
      stop()
      run()
    }
    const cancel = world().timer(delayMs, once)
    const stop = () => {
      cancel()
      waiting.delete(once)
    }
    if (delayMs < 10_000) waiting.add(once)
    return stop
  }
  return {
    timer,
    elapse: () => {
      for (const run of [...waiting]) run()
    },
  }
}

const upgrade =
  'GET /didcomm HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** The first bytes of a frame of 16,000 bytes, masked with zeros (RFC 6455 §5.2). */
const longFrame = Uint8Array.of(0x82, 0xfe, 0x3e, 0x80, 0, 0, 0, 0)

/** Nonsense, nonsense in place of frames, and a message that does not end. */
async function throwAt(client: RawClient, junk: Uint8Array): Promise<void> {
  await client.write(junk)
  await client.write(upgrade, junk)
  await client.write(upgrade, longFrame, junk)
}

export async function wsPair(): Promise<Pair> {
  const { elapse, timer } = hastyTimer()
  const listen = { port: 0 }
  const [a, b] = [ws({ ...options, listen }), ws({ ...options, listen, timer })]
  const port = ({ url }: WsTransport) => Number(new URL(url ?? '').port)
  return { ...overTcp({ a, b }, 'ws', port, throwAt), elapse }
}

/** In servers of the caller. */
export async function mountedWsPair(): Promise<Pair> {
  const { elapse, timer } = hastyTimer()
  const [a, b] = [ws(options), ws({ ...options, timer })]
  const mount = (end: WsTransport) => (server: Server) => server.on('upgrade', end.upgrade())
  const servers = await startServers([mount(a), mount(b)])
  const pair = overTcp({ a, b }, 'ws', (end) => portOf(servers[end === a ? 0 : 1] as Server), throwAt)
  return {
    ...pair,
    elapse,
    close: async () => {
      await pair.close()
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}
