import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { http } from '../../transports/http.ts'
import { transportCompliance } from './compliance.ts'

const promises = { order: false, reply: true, again: 'sender', refusal: true, media: true } as const
const deadUri = 'http://127.0.0.1:1/'

transportCompliance('http', promises, async () => {
  const options = { listen: { port: 0 }, maxPacketBytes: 100_000, allowPrivateAddresses: true }
  const [a, b] = [http(options), http(options)]
  return {
    a,
    b,
    uriOf: (end) => (end === a ? (a.url ?? '') : (b.url ?? '')),
    unreachable: async () => deadUri,
    held: () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    close: async () => undefined,
  }
})

transportCompliance('http in a server of the caller', promises, async () => {
  const ends = [
    http({ maxPacketBytes: 100_000, allowPrivateAddresses: true }),
    http({ maxPacketBytes: 100_000, allowPrivateAddresses: true }),
  ] as const
  const servers = await Promise.all(
    ends.map(async (end) => {
      const server = createServer(end.handler()).listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const uris = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/didcomm`)
  return {
    a: ends[0],
    b: ends[1],
    uriOf: (end) => uris[end === ends[0] ? 0 : 1] ?? '',
    unreachable: async () => deadUri,
    held: () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    close: async () => {
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
})
