// One end of a run under load: `load-party.ts sender|receiver BROKER VERSION FOLDER`. A line `stop` ends the sending. Each second it says
// in a line of JSON how far it is, and how large the heap is after a collection (`node --expose-gc`).
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { contactBook, createAgent, didKeyIdentity, firstOf } from 'didcomm-mote'
import { crypto, memorySecrets, sha256 } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { compact } from 'didcomm-mote/envelope'
import { openStore, outboxWorker } from 'didcomm-mote/gateway'
import { inboxTopic } from 'didcomm-mote/transports/mqtt'
import { mqttConnection } from 'didcomm-mote/transports/mqtt-connect'
import { world } from 'didcomm-mote/world'

/** What a party says of itself. */
export interface Progress {
  /** Stored in the outbox, or handled for the first time. */
  readonly count: number
  /** Handled again. */
  readonly again: number
  /** How many wait in the outbox. */
  readonly waiting: number
  readonly heapBytes: number
  readonly stopped: boolean
}

const numbered = 'https://didcomm.org/test-load/1.0/numbered'
const maxWaiting = 64
const [role = '', url = '', version = '', folder = ''] = process.argv.slice(2)
const isSender = role === 'sender'
const seedOf = (sender: boolean) => new Uint8Array(32).fill(sender ? 1 : 2)
const { did, secretKeys } = didKeyIdentity(crypto, seedOf(isSender))
const { did: peer } = didKeyIdentity(crypto, seedOf(!isSender))
const resolve = firstOf(didKey(crypto))
const contacts = contactBook(crypto, resolve)
await contacts.add({ did: peer, uri: `${url}/${inboxTopic(peer, sha256)}`, encoding: 'compact' })
const store = openStore(join(folder, `${role}.lmdb`))
const agent = createAgent({
  ...world(),
  did,
  crypto,
  secrets: memorySecrets(crypto, secretKeys),
  resolve,
  contacts,
  envelopes: [compact()],
  transports: [
    mqttConnection({
      url,
      did,
      sha256,
      protocolVersion: version === '4' ? 4 : 5,
      ...(isSender && { inboxTopics: [] }),
    }),
  ],
  seen: store.seen,
})

let count = 0
let again = 0
let stopped = false
const handled = new Uint8Array(1_000_000)
agent.on(numbered, ({ message }) => {
  const { number } = message.body as { number: number }
  if (handled[number] === 1) again += 1
  else count += 1
  handled[number] = 1
  return undefined
})
await agent.start()

async function fill(): Promise<void> {
  const worker = outboxWorker({
    outbox: store.outbox,
    now: Date.now,
    timer: world().timer,
    random: Math.random,
    retry: { baseMs: 50, maxMs: 500 },
    send: (uri, bytes) => agent.transmit({ uri, packet: { bytes } }),
  })
  worker.start()
  while (!stopped) {
    if ((await store.outbox.depth()).waiting >= maxWaiting) {
      await sleep(2)
      continue
    }
    const { id, uri, packet } = await agent.prepare({ type: numbered, body: { number: count } }, { to: peer })
    await store.outbox.enqueue(id, uri, packet.bytes)
    count += 1
    worker.wake()
  }
}

createInterface(process.stdin).on('line', () => {
  stopped = true
})
if (isSender) void fill()
for (;;) {
  await sleep(1000)
  global.gc?.()
  const { waiting } = await store.outbox.depth()
  const progress: Progress = { count, again, waiting, heapBytes: process.memoryUsage().heapUsed, stopped }
  process.stdout.write(`${JSON.stringify(progress)}\n`)
}
