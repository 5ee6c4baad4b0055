import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

type Direction = 'up' | 'down'

interface Pipe {
  readonly near: Socket
  readonly far: Socket
  readonly silent: Set<Direction>
  breaksNext: boolean
}

/** A network between a client and a server on this machine, which can fall silent without saying so. */
export interface Wire {
  readonly port: number
  /** How many connections were opened over it. */
  readonly opened: number
  /** Everything that is open now carries nothing any more: no byte, no end. What is opened later works. */
  silence(...directions: Direction[]): void
  /** Ends everything that is open now, on both sides. */
  cut(): void
  /** Does that in the middle of the next bytes, of which a half is carried. */
  cutInTheMiddle(): void
  close(): Promise<void>
}

/** Makes a TCP proxy to a local port. `up` is from the client to the server. */
export async function wire(port: number): Promise<Wire> {
  const pipes = new Set<Pipe>()
  let opened = 0
  const server = createServer((near) => {
    opened += 1
    const far = connect(port, '127.0.0.1')
    const pipe: Pipe = { near, far, silent: new Set(), breaksNext: false }
    pipes.add(pipe)
    join(pipe, near, far, 'up')
    join(pipe, far, near, 'down')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  function join(pipe: Pipe, from: Socket, to: Socket, direction: Direction): void {
    const isSilent = () => pipe.silent.has(direction)
    from.on('data', (bytes) => {
      if (isSilent()) return
      if (pipe.breaksNext) to.end(bytes.subarray(0, bytes.length >> 1), () => end(pipe))
      else to.write(bytes)
    })
    from.on('error', () => undefined)
    from.on('close', () => {
      // The end of one side is not carried to the other either.
      if (isSilent()) return
      to.destroy()
      pipes.delete(pipe)
    })
  }

  function end(pipe: Pipe): void {
    pipe.near.destroy()
    pipe.far.destroy()
    pipes.delete(pipe)
  }

  function cut(): void {
    for (const pipe of pipes) end(pipe)
  }

  return {
    port: (server.address() as AddressInfo).port,
    get opened() {
      return opened
    },
    silence(...directions) {
      for (const { silent } of pipes) for (const direction of directions) silent.add(direction)
    },
    cut,
    cutInTheMiddle() {
      for (const pipe of pipes) pipe.breaksNext = true
    },
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
