import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Transport } from '../../../runtime/transport.ts'
import { watchAcceptedSockets } from '../accepted-sockets.ts'
import type { Pair } from '../compliance/scene.ts'
import { type RawClient, rawClient } from '../raw-client.ts'
import { type Relay, startRelay } from '../relay.ts'

export const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** Two servers that mount something, on ports of their own. */
export async function startServers(mount: readonly ((server: Server) => unknown)[], listener?: RequestListener) {
  return Promise.all(
    mount.map(async (onServer) => {
      const server = listener ? createServer(listener) : createServer()
      onServer(server)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
}

/** What pairs over TCP, without anything in between, have in common. */
export function overTcp<T extends Transport>(
  ends: { readonly a: T; readonly b: T },
  scheme: string,
  portOfEnd: (end: T) => number,
  throwAt: (client: RawClient, junk: Uint8Array) => Promise<void>,
): Pair {
  const { a, b } = ends
  const accepted = watchAcceptedSockets()
  let relay: Relay | undefined
  let client: RawClient | undefined
  return {
    a,
    b,
    uriOf: (end) => `${scheme}://127.0.0.1:${portOfEnd(end as T)}/didcomm`,
    unreachable: async () => `${scheme}://127.0.0.1:1/`,
    interrupt: async () => {
      for (const end of [a, b]) accepted.cut(portOfEnd(end))
    },
    garbage: async (junk) => {
      client ??= rawClient(portOfEnd(b))
      await throwAt(client, junk)
    },
    slow: async () => {
      relay = await startRelay(portOfEnd(b))
      relay.slow(20)
      return `${scheme}://127.0.0.1:${relay.port}/`
    },
    taken: () => accepted.readOn(portOfEnd(b)),
    held: () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    close: async () => {
      client?.close()
      accepted.stop()
      await relay?.stop()
    },
  }
}
