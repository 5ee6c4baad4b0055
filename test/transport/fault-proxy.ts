import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type Direction = 'up' | 'down'

/** What becomes of one connection. */
export interface Fault {
  /** Both sides are closed when so many bytes have gone this way, which still arrive. */
  readonly cut?: { readonly direction: Direction; readonly afterBytes: number }
  /** So many bytes at a time, each in a packet of its own. */
  readonly dripBytes?: number
}

/** A TCP proxy on the loopback that does to each connection what the test says. It never makes bytes up or repeats them. */
export interface FaultProxy {
  readonly port: number
  /** How many connections there have been, and how many of them were cut. */
  readonly connections: number
  readonly cuts: number
  /** How many connections are open now. */
  readonly open: number
  /** From now on nothing passes any more over what is open, and nobody is told: half-open sockets. */
  silence(): void
  close(): Promise<void>
}

interface Pair {
  readonly sockets: readonly [Socket, Socket]
  silent: boolean
}

/**
 * @param target the port, asked for with each new connection
 * @param faultOf decides with each new connection
 */
export async function faultProxy(target: () => number, faultOf: () => Fault): Promise<FaultProxy> {
  const pairs = new Set<Pair>()
  let connections = 0
  let cuts = 0
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: target(), host: '127.0.0.1', noDelay: true })
    const pair: Pair = { sockets: [client, upstream], silent: false }
    const fault = faultOf()
    connections += 1
    pairs.add(pair)
    const cut = () => {
      cuts += 1
      pair.silent = true
      // The bytes before the cut are to arrive: a reset would overtake them.
      for (const socket of pair.sockets) socket.end(() => socket.destroy())
    }
    forward(pair, { from: client, to: upstream, direction: 'up', fault, cut })
    forward(pair, { from: upstream, to: client, direction: 'down', fault, cut })
    endWith(pair, client, upstream)
    endWith(pair, upstream, client)
    client.once('close', () => pairs.delete(pair))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    get cuts() {
      return cuts
    },
    get open() {
      return pairs.size
    },
    silence() {
      for (const pair of pairs) pair.silent = true
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const { sockets } of pairs) for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** A side that ends takes the other with it, unless nobody is to be told. */
function endWith(pair: Pair, socket: Socket, other: Socket): void {
  // It is followed by "close".
  socket.on('error', () => undefined)
  socket.on('close', () => pair.silent || other.destroySoon())
}

interface Way {
  readonly from: Socket
  readonly to: Socket
  readonly direction: Direction
  readonly fault: Fault
  readonly cut: () => void
}

function forward(pair: Pair, { from, to, direction, fault, cut }: Way): void {
  let left = fault.cut?.direction === direction ? fault.cut.afterBytes : Number.POSITIVE_INFINITY
  from.on('data', (chunk: Buffer) => {
    if (pair.silent) return
    const passing = chunk.subarray(0, left)
    left -= passing.length
    const step = fault.dripBytes ?? passing.length
    for (let at = 0; at < passing.length; at += step) to.write(passing.subarray(at, at + step))
    if (left === 0) cut()
    else if (to.writableLength > 65_536) {
      from.pause()
      to.once('drain', () => from.resume())
    }
  })
}
