import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect as connectSocket, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'

/** A broker on a free loopback port. */
export interface Broker {
  readonly url: string
  /** Breaks every connection; there can be new ones when it resolves. */
  interrupt(): Promise<void>
  stop(): Promise<void>
}

/** A broker that can die, and come back at the same address with what it has on disk. */
export interface MortalBroker extends Broker {
  /** The file with what it would have after a restart. */
  readonly database: string
  /** Writes that file, as mosquitto does by itself from time to time. */
  save(): void
  kill(): Promise<void>
  /** Ends it as a system does that is shut down. */
  end(): Promise<void>
  restart(): Promise<void>
}

/** A broker in this process. It speaks MQTT 3.1.1 and keeps sessions in memory. */
export interface AedesBroker extends Broker {
  readonly aedes: Aedes
  /** Breaks every connection, as a bad network does. */
  disconnectAll(): void
}

export async function startAedes(): Promise<AedesBroker> {
  const aedes = await Aedes.createBroker()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    aedes.handle(socket)
  })
  const port = await listen(server)
  const disconnectAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    aedes,
    url: `mqtt://127.0.0.1:${port}`,
    disconnectAll,
    interrupt: async () => disconnectAll(),
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await new Promise<void>((resolve) => aedes.close(() => resolve()))
      disconnectAll()
      await closed
    },
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A port that was free a moment ago, for programs that cannot take port 0. */
async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}

const mosquittoProgram = process.env['MOSQUITTO'] ?? 'mosquitto'

/** Whether a mosquitto is here: on the PATH, or named by `MOSQUITTO`. Says so where it is not. */
export const hasMosquitto = (() => {
  const found = spawnSync(mosquittoProgram, ['-h']).error === undefined
  if (!found) process.stderr.write('skipped: what needs mosquitto, which is not on the PATH (or set MOSQUITTO)\n')
  return found
})()

/** Starts mosquitto with persistence. */
export async function startMosquitto(lines: readonly string[] = []): Promise<MortalBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'))
  const port = await freePort()
  const config = join(folder, 'mosquitto.conf')
  const persistence = ['persistence true', `persistence_location ${folder}/`]
  const owner = process.getuid?.() === 0 ? ['user root'] : []
  writeFileSync(
    config,
    [`listener ${port} 127.0.0.1`, 'allow_anonymous true', ...owner, ...persistence, ...lines, ''].join('\n'),
  )
  let child = await run(config, port)
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  const restart = async () => {
    child = await run(config, port)
  }
  return {
    url: `mqtt://127.0.0.1:${port}`,
    database: join(folder, 'mosquitto.db'),
    save: () => {
      child.kill('SIGUSR1')
    },
    kill: () => kill('SIGKILL'),
    restart,
    interrupt: async () => {
      // It writes what it holds before it ends.
      await kill('SIGTERM')
      await restart()
    },
    end: () => kill('SIGTERM'),
    stop: async () => {
      await kill('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function run(config: string, port: number): Promise<ChildProcess> {
  const child = spawn(mosquittoProgram, ['-c', config], { stdio: 'ignore' })
  for (let tries = 0; tries < 500; tries += 1) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`)
    if (await answers(port)) return child
  }
  child.kill('SIGKILL')
  throw new Error('mosquitto does not listen')
}

async function answers(port: number): Promise<boolean> {
  const socket = connectSocket(port, '127.0.0.1')
  const answered = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  })
  socket.destroy()
  if (!answered) await new Promise((resolve) => setTimeout(resolve, 10))
  return answered
}
