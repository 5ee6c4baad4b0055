import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { afterEach } from 'vitest'
import type { DidCommError } from '../../runtime/errors.ts'
import type { Receive } from '../../runtime/transport.ts'
import { type MqttConnection, type MqttConnectionOptions, mqttConnection } from '../../transports/mqtt/connect.ts'
import { world } from '../../transports/world.ts'
import type { Clock } from './clock.ts'
import { sha256 } from './sha256.ts'

const programFile = fileURLToPath(new URL('mqtt-connection-program.ts', import.meta.url))

export interface Opened {
  readonly connection: MqttConnection
  readonly errors: DidCommError[]
  /** What was received, as text. */
  readonly got: string[]
  /** `true` for each begin of a connection, `false` for each end. */
  readonly changes: boolean[]
}

/** A timer that stands still until the clock is moved, but does at once what has no delay. */
export const timerOf =
  (clock: Clock): typeof clock.timer =>
  (delayMs, run) =>
    delayMs === 0 ? world().timer(0, run) : clock.timer(delayMs, run)

/** Opens connections and servers for one test file, and closes them after each test. */
export function connectionRig() {
  const cleanups: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  const make = (options: Partial<MqttConnectionOptions> & { url: string }): Opened => {
    const errors: DidCommError[] = []
    const changes: boolean[] = []
    const connection = mqttConnection({
      did: 'did:example:alice',
      sha256,
      timeoutMs: 2_000,
      onError: (error) => errors.push(error),
      onConnection: (connected) => changes.push(connected),
      ...options,
    })
    cleanups.push(() => connection.close())
    return { connection, errors, got: [], changes }
  }

  return {
    cleanups,
    make,

    /** Makes a connection and starts it. */
    async open(options: Partial<MqttConnectionOptions> & { url: string }): Promise<Opened> {
      const opened = make(options)
      const receive: Receive = async ({ bytes }) => {
        opened.got.push(new TextDecoder().decode(bytes))
        return 'accepted'
      }
      await opened.connection.start(receive)
      return opened
    },

    /** A client that is no transport. */
    async plain(url: string, options: IClientOptions = {}): Promise<MqttClient> {
      const client = await connectAsync(url, options)
      cleanups.push(() => client.endAsync(true))
      return client
    },

    /** Starts a connection in a process of its own (`mqtt-connection-program.ts`), and waits until it is there. */
    async program(args: string[], env: NodeJS.ProcessEnv = {}): Promise<{ child: ChildProcess; printed: string[] }> {
      const child = spawn(process.execPath, ['--import', 'tsx', programFile, ...args], {
        env: { ...process.env, ...env },
      })
      cleanups.push(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      })
      const printed: string[] = []
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => printed.push(`${data}`))
      await once(child.stdout, 'data')
      return { child, printed }
    },

    /** A server on a free loopback port that does with each connection what it is told; returns its URL. */
    async serve(handle: (socket: Socket) => void): Promise<{ url: string; server: Server }> {
      const sockets = new Set<Socket>()
      const server = createServer((socket) => {
        sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => sockets.delete(socket))
        handle(socket)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      cleanups.push(() => {
        server.close()
        for (const socket of sockets) socket.destroy()
      })
      return { url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
    },
  }
}
