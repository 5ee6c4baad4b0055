import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** The connections that servers in this process accept from now on. */
export interface AcceptedSockets {
  /** Breaks all of those to one port. */
  cut(port: number): void
  /** How many bytes were read from those to one port. */
  readOn(port: number): number
  stop(): void
}

/** Node tells of every connection that any of its servers accepts, those too that a transport keeps to itself. */
const channel = 'net.server.socket'

export function watchAcceptedSockets(): AcceptedSockets {
  const sockets: { socket: Socket; port: number | undefined }[] = []
  const add = (message: unknown) => {
    const { socket } = message as { socket: Socket }
    sockets.push({ socket, port: socket.localPort })
  }
  const socketsOn = (port: number) => sockets.filter((one) => one.port === port).map(({ socket }) => socket)
  subscribe(channel, add)
  return {
    cut: (port) => {
      for (const socket of socketsOn(port)) socket.destroy()
    },
    readOn: (port) => socketsOn(port).reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    stop: () => {
      unsubscribe(channel, add)
    },
  }
}
