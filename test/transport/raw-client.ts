import { connect, type Socket } from 'node:net'
import { turns } from './compliance/scene.ts'

/** A client that follows no protocol. */
export interface RawClient {
  /** Writes pieces over a connection of their own, which is left as it is. */
  write(...pieces: readonly (string | Uint8Array)[]): Promise<void>
  close(): void
}

export function rawClient(port: number): RawClient {
  const sockets: Socket[] = []
  return {
    write: async (...pieces) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      // What comes back is of no interest, but must not stay in the way.
      socket.resume()
      sockets.push(socket)
      for (const piece of pieces) {
        if (!socket.destroyed) await new Promise<void>((resolve) => socket.write(piece, () => resolve()))
        await turns(5)
      }
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}
