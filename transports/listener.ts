import { once } from 'node:events'
import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { SecureContextOptions } from 'node:tls'

/** The certificate of a server, and whether its clients have to have one. */
export interface ServerTls extends SecureContextOptions {
  /** Asks for a certificate that one of `ca` has signed; who has none is not let in. It tells nothing about who a message is from. */
  readonly requestCert?: boolean
}

/** Where to listen. */
export interface Listen {
  /** 0 takes any free one. */
  readonly port: number
  /** `127.0.0.1` where absent. */
  readonly host?: string
  /** Does TLS here; without it a reverse proxy does that. */
  readonly tls?: ServerTls
}

export interface ListenerOptions {
  readonly listen: Listen
  /** For a request, or the start of TLS, to arrive. */
  readonly timeoutMs: number
  readonly maxConnections?: number
  /** `http` or `ws`, without the `s`. */
  readonly scheme: string
}

/** TLS 1.2 with forward secrecy, or newer (DIDComm v2.1, "HTTPS"). */
const secure = {
  minVersion: 'TLSv1.2',
  ciphers:
    'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL',
} as const

/** A server of our own, with or without TLS. */
export interface Listener {
  readonly server: Server
  /** With the real port. */
  readonly url: string
  /** Shows another certificate to those who connect from now on. */
  setTls(tls: ServerTls): void
  /** Takes no new connections, and ends those that are idle; resolves when all have ended. */
  stop(): Promise<void>
}

/** Begins to listen; `prepare` adds what answers. */
export async function startListener(options: ListenerOptions, prepare: (server: Server) => void): Promise<Listener> {
  const { listen, timeoutMs, maxConnections, scheme } = options
  const { port, host = '127.0.0.1', tls } = listen
  const timeouts: ServerOptions = { headersTimeout: timeoutMs, requestTimeout: timeoutMs, keepAliveTimeout: 5_000 }
  const tlsServer = tls && createTlsServer({ ...timeouts, handshakeTimeout: timeoutMs, ...secure, ...tls })
  const server: Server = tlsServer ?? createServer(timeouts)
  if (maxConnections !== undefined) server.maxConnections = maxConnections
  prepare(server)
  server.listen(port, host)
  await once(server, 'listening')
  // What fails in accepting a connection, such as a lack of file descriptors, must not end the program.
  server.on('error', () => undefined)
  const address = server.address()
  const actualPort = typeof address === 'object' && address ? address.port : port
  return {
    server,
    url: `${scheme}${tls ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${actualPort}`,
    setTls: (renewed) => setTls(tlsServer, renewed),
    async stop() {
      if (!server.listening) return
      await new Promise<unknown>((resolve) => server.close(resolve))
    },
  }
}

function setTls(server: TlsServer | undefined, tls: ServerTls): void {
  if (!server) throw new TypeError('"setTls" was called on a transport without "listen.tls"')
  server.setSecureContext({ ...secure, ...tls })
}
