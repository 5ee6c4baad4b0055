// The MQTT broker of the rows of MQTT: mosquitto in a process of its own where it is installed, and aedes in this one where it is not.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

interface Broker {
  readonly url: string
  stop(): Promise<void>
}

/** The broker, for one that uses it together with others. */
export interface SharedBroker {
  readonly url: string
  /** Ends the use; the last one stops the broker. */
  release(): Promise<void>
}

/** Which mosquitto is here, if any. */
export const mosquittoVersion: string | undefined = /^mosquitto version (\S+)/.exec(
  spawnSync('mosquitto', ['-h'], { encoding: 'utf8' }).stdout ?? '',
)?.[1]

let running: Promise<Broker> | undefined
let users = 0

export async function useBroker(): Promise<SharedBroker> {
  users += 1
  running ??= mosquittoVersion === undefined ? startAedes() : startMosquitto()
  const { stop, url } = await running
  return {
    url,
    release: async () => {
      users -= 1
      if (users > 0) return
      running = undefined
      await stop()
    },
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function startAedes(): Promise<Broker> {
  const { Aedes } = await import('aedes')
  const aedes = await Aedes.createBroker()
  const server = createServer(aedes.handle)
  const url = `mqtt://127.0.0.1:${await listen(server)}`
  return {
    url,
    stop: async () => {
      await new Promise<void>((resolve) => aedes.close(resolve))
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Keeps nothing on disk, and holds no small packet back until the one before is acknowledged, which takes the client's system up to 40 ms. */
const settings = ['allow_anonymous true', 'persistence false', 'set_tcp_nodelay true', 'max_queued_messages 0']

async function startMosquitto(): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), 'didcomm-mote-bench-'))
  const config = join(folder, 'mosquitto.conf')
  const unused = createServer()
  const port = await listen(unused)
  await new Promise((resolve) => unused.close(resolve))
  const owner = process.getuid?.() === 0 ? ['user root'] : []
  writeFileSync(config, [`listener ${port} 127.0.0.1`, ...settings, ...owner, ''].join('\n'))
  const child = spawn('mosquitto', ['-c', config], { stdio: 'ignore' })
  const kill = () => child.kill()
  process.once('exit', kill)
  await untilItListens(child, port)
  return {
    url: `mqtt://127.0.0.1:${port}`,
    stop: async () => {
      process.removeListener('exit', kill)
      const ended = once(child, 'exit')
      kill()
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

/** @throws Error where it ends instead, or takes more than some seconds */
async function untilItListens(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 500 && child.exitCode === null; tries += 1) {
    const socket = connect(port, '127.0.0.1')
    const listens = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (listens) return
    await sleep(10)
  }
  child.kill()
  throw new Error('mosquitto does not listen')
}
