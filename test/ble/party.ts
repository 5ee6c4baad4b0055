import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import dbus from 'dbus-next'
import { type AgentOptions, contactBook, createAgent, didKeyIdentity, firstOf } from 'didcomm-mote'
import { crypto, memorySecrets, sha256 } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { compact } from 'didcomm-mote/envelope'
import { agentName, type BleCentral, type BleTransport, ble } from 'didcomm-mote/transports/ble'
import { bluezPeripheral } from 'didcomm-mote/transports/ble-bluez'
import { nodeBleCentral } from 'didcomm-mote/transports/ble-central'
import { world } from 'didcomm-mote/world'
import { createBluetooth } from 'node-ble'

export type Role = 'sensor' | 'gateway'

/** A number, and filling to make a message of some length. */
export interface Numbered {
  readonly number: number
  readonly fill: string
}

export const numberedType = 'https://didcomm.org/ble-machine/1.0/numbered'
const folder = (role: Role) => `/run/${role}`
const gotFile = (role: Role) => `${folder(role)}/got`
const outbox = (role: Role) => `${folder(role)}/outbox`
const seedOf = (role: Role) => new Uint8Array(32).fill(role === 'sensor' ? 1 : 2)
const other = (role: Role): Role => (role === 'sensor' ? 'gateway' : 'sensor')
export const didOf = (role: Role): string => didKeyIdentity(crypto, seedOf(role)).did
const uriOf = (role: Role): string => `ble:${agentName(didOf(role), sha256)}`

/** What a party has handled, over all its lives. */
export function gotOf(role: Role): number[] {
  if (!existsSync(gotFile(role))) return []
  return readFileSync(gotFile(role), 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1])
    .filter((number) => number !== undefined)
    .map(Number)
}

/** How many messages of a party wait in its outbox. */
export const leftOf = (role: Role): number => (existsSync(outbox(role)) ? readdirSync(outbox(role)).length : 0)

function transportOf(role: Role): BleTransport {
  const name = agentName(didOf(role), sha256)
  // Shorter than by default, so that what is lost shows within a test.
  const timeoutMs = 30_000
  const onDisconnect = (_: string, fault?: Error) => say(`ended ${fault ?? ''}`)
  if (role === 'sensor') {
    const bus = dbus.systemBus()
    return ble({
      name,
      timeoutMs,
      onDisconnect,
      peripheral: bluezPeripheral({ dbus, bus, adapter: 'hci0', onError: tell }),
    })
  }
  const { bluetooth } = createBluetooth()
  const central = nodeBleCentral({ bluetooth, adapter: 'hci1', scanMs: 5_000, onError: tell })
  const connect: BleCentral['connect'] = async (...args) => {
    try {
      return await central.connect(...args)
    } catch (error) {
      tell(error)
      throw error
    }
  }
  return ble({ name, timeoutMs, onDisconnect, central: { connect, close: () => central.close() } })
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const tell = (error: unknown): void => say(`error ${error}`)

/** The key by which an agent asks its store for a message: a part of the digest of who has sent it and its id. */
const keyOf = (sender: string, id: string) =>
  Buffer.from(sha256(new TextEncoder().encode(`${sender} ${id.toLowerCase()}`)))
    .toString('hex')
    .slice(0, 32)

/**
 * A store of one line a message, with its number: that it was handled and that it was seen become true at once. What has a key that is not
 * that of a handled message gets no number, and so is missed.
 */
function seenIn(file: string): { seen: NonNullable<AgentOptions['seen']>; handled: Map<string, number> } {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  const keys = new Set(lines.map((line) => line.split(' ')[0]))
  const handled = new Map<string, number>()
  return {
    handled,
    seen: {
      check: async (key) => (keys.has(key) ? 'seen' : 'new'),
      remember: async (key) => {
        const number = handled.get(key)
        handled.delete(key)
        keys.add(key)
        appendFileSync(file, number === undefined ? `${key}\n` : `${key} ${number}\n`)
      },
    },
  }
}

/** One life of a party: it sends what is in its outbox until it is taken, and writes down what it gets. */
export async function live(role: Role): Promise<void> {
  mkdirSync(outbox(role), { recursive: true })
  const { did, secretKeys } = didKeyIdentity(crypto, seedOf(role))
  const resolve = firstOf(didKey(crypto))
  const contacts = contactBook(crypto, resolve)
  await contacts.add({ did: didOf(other(role)), uri: uriOf(other(role)), encoding: 'compact' })
  const transport = transportOf(role)
  const { handled, seen } = seenIn(gotFile(role))
  const agent = createAgent({
    ...world(),
    did,
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    resolve,
    contacts,
    seen,
    envelopes: [compact()],
    transports: [transport],
    onEvent: (event) => {
      if (event.kind === 'duplicate') say('duplicate')
    },
  })
  agent.on(numberedType, async ({ message }) => {
    handled.set(keyOf(didOf(other(role)), message.id), (message.body as unknown as Numbered).number)
    return undefined
  })
  const lines = createInterface({ input: process.stdin })
  say('loaded')
  await once(lines, 'line')
  await agent.start()
  if (role === 'gateway') transport.stayLinked(uriOf('sensor'))
  say('ready')
  lines.on('line', (line) => {
    const { number, fill } = JSON.parse(line) as Numbered
    const draft = { type: numberedType, body: { number, fill } }
    agent.prepare(draft, { to: didOf(other(role)) }).then(({ packet }) => {
      writeFileSync(`${outbox(role)}/${String(number).padStart(6, '0')}`, packet.bytes)
    }, tell)
  })
  for (;;) {
    const files = readdirSync(outbox(role)).sort().slice(0, 32)
    const sent = files.map(async (file) => {
      const path = `${outbox(role)}/${file}`
      await agent.transmit({ uri: uriOf(other(role)), packet: { bytes: new Uint8Array(readFileSync(path)) } })
      unlinkSync(path)
    })
    const failed = (await Promise.allSettled(sent)).some(({ status }) => status === 'rejected')
    if (failed || files.length === 0) await new Promise((wake) => setTimeout(wake, failed ? 300 : 20))
  }
}
