import type { Server } from 'node:http'
import { type HttpTransport, http } from '../../../transports/http/http.ts'
import type { Pair } from '../compliance/scene.ts'
import type { RawClient } from '../raw-client.ts'
import { overTcp, portOf, startServers } from './servers.ts'

const options = { maxPacketBytes: 100_000, allowPrivateAddresses: true }
const head = 'POST /didcomm HTTP/1.1\r\nHost: x\r\nContent-Type: application/didcomm-encrypted+json\r\n'

/** Nonsense, a request that begins well, a body in chunks that are none, and a body that does not end. */
async function throwAt(client: RawClient, junk: Uint8Array): Promise<void> {
  await client.write(junk)
  await client.write('POST / HTTP/1.1\r\n', junk, '\r\n\r\n')
  await client.write(`${head}Transfer-Encoding: chunked\r\n\r\n`, junk)
  await client.write(`${head}Content-Length: ${junk.length + 1}\r\n\r\n`, junk)
}

export async function httpPair(): Promise<Pair> {
  const [a, b] = [http({ ...options, listen: { port: 0 } }), http({ ...options, listen: { port: 0 } })]
  const port = ({ url }: HttpTransport) => Number(new URL(url ?? '').port)
  return overTcp({ a, b }, 'http', port, throwAt)
}

/** In servers of the caller. */
export async function mountedHttpPair(): Promise<Pair> {
  const [a, b] = [http(options), http(options)]
  const mount = (end: HttpTransport) => (server: Server) => server.on('request', end.handler())
  const servers = await startServers([mount(a), mount(b)])
  const pair = overTcp({ a, b }, 'http', (end) => portOf(servers[end === a ? 0 : 1] as Server), throwAt)
  return {
    ...pair,
    close: async () => {
      await pair.close()
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}
