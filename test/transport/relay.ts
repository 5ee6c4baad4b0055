import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { turn } from './clock.ts'

/** A TCP relay on loopback: a medium in the hands of a test. */
export interface Relay {
  readonly port: number
  /** From now on carries so many bytes at a time in each direction of each connection, one time around the event loop after another. */
  slow(bytes: number): void
  /** Sends bytes to all who have connected, as if they came from the server. */
  inject(junk: Uint8Array): void
  stop(): Promise<void>
}

/** Relays to a port of this machine. */
export async function startRelay(targetPort: number): Promise<Relay> {
  const near = new Set<Socket>()
  let bytesAtOnce = Number.POSITIVE_INFINITY

  const carry = async (from: Socket, to: Socket) => {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (let start = 0; start < chunk.length; start += bytesAtOnce) {
          if (!to.write(chunk.subarray(start, start + bytesAtOnce))) await once(to, 'drain')
          if (Number.isFinite(bytesAtOnce)) await turn()
        }
      }
    } catch {
      // One of the two has broken.
    }
    to.destroy()
  }
  const server = createServer({ noDelay: true }, (socket) => {
    const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true })
    near.add(socket)
    socket.on('close', () => near.delete(socket))
    for (const [from, to] of [
      [socket, far],
      [far, socket],
    ] as const) {
      from.on('error', () => undefined)
      void carry(from, to)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    slow: (bytes) => {
      bytesAtOnce = bytes
    },
    inject: (junk) => {
      for (const socket of near) socket.write(junk)
    },
    stop: async () => {
      for (const socket of near) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}
