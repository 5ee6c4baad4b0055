import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach } from 'vitest'
import type { Receive } from '../../runtime/transport.ts'
import { type HttpOptions, type HttpTransport, http } from '../../transports/http/http.ts'

export const type = 'application/didcomm-encrypted+json'
export const bytes = new TextEncoder().encode('{"a":1}')
export const accept: Receive = async () => 'accepted'

/** Opens transports and servers for one test file, and closes them after each test. */
export function httpRig() {
  const cleanups: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  return {
    /** A transport that listens. */
    async open(options: HttpOptions, receive: Receive): Promise<HttpTransport & { url: string }> {
      const transport = http({ listen: { port: 0 }, allowPrivateAddresses: true, ...options })
      await transport.start(receive)
      cleanups.push(() => transport.close())
      return transport as HttpTransport & { url: string }
    },

    /** A transport that only sends. */
    async sender(options: HttpOptions = {}, receive: Receive = accept): Promise<HttpTransport> {
      const transport = http({ allowPrivateAddresses: true, ...options })
      await transport.start(receive)
      cleanups.push(() => transport.close())
      return transport
    },

    /** A server that is no transport. */
    async serve(handle: (request: IncomingMessage, response: ServerResponse) => void) {
      const server: Server = createServer(handle).listen(0, '127.0.0.1')
      await once(server, 'listening')
      cleanups.push(() => {
        server.close()
        server.closeAllConnections()
      })
      return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
    },
  }
}

export interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

/** One request, with everything of it in the hands of the test. */
export async function ask(
  url: string,
  headers: Record<string, string>,
  body?: Uint8Array,
  method = 'POST',
): Promise<Answer> {
  const asked = request(url, { method, headers })
  asked.on('error', () => undefined)
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode ?? 0, headers: response.headers, body: text }
}

/** Waits for the end of a socket, whatever the reason. */
export const closeOf = (socket: Socket) => new Promise<void>((resolve) => socket.on('close', () => resolve()))
