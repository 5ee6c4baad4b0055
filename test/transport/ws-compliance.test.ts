import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { world } from '../../transports/world.ts'
import { ws } from '../../transports/ws.ts'
import { transportCompliance } from './compliance.ts'

const promises = { order: true, reply: false, again: 'transport', refusal: false, media: false } as const
const deadUri = 'ws://127.0.0.1:1/'

/** Time as it is, and as the test moves it: what waits is also run when it elapses. */
function hastyTimer() {
  const waiting = new Set<() => void>()
  const timer = (delayMs: number, run: () => void) => {
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

transportCompliance('ws', promises, async () => {
  const { timer, elapse } = hastyTimer()
  const options = { listen: { port: 0 }, maxPacketBytes: 100_000, allowPrivateAddresses: true }
  const [a, b] = [ws(options), ws({ ...options, timer })]
  return {
    a,
    b,
    uriOf: (end) => (end === a ? (a.url ?? '') : (b.url ?? '')),
    unreachable: async () => deadUri,
    elapse,
    held: () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    close: async () => undefined,
  }
})

transportCompliance('ws in a server of the caller', promises, async () => {
  const { timer, elapse } = hastyTimer()
  const options = { maxPacketBytes: 100_000, allowPrivateAddresses: true }
  const ends = [ws(options), ws({ ...options, timer })] as const
  const servers = await Promise.all(
    ends.map(async (end) => {
      const server = createServer().on('upgrade', end.upgrade()).listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const uris = servers.map((server) => `ws://127.0.0.1:${(server.address() as AddressInfo).port}/didcomm`)
  return {
    a: ends[0],
    b: ends[1],
    uriOf: (end) => uris[end === ends[0] ? 0 : 1] ?? '',
    unreachable: async () => deadUri,
    elapse,
    held: () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    close: async () => {
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
})
