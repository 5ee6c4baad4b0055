// A mediator: it keeps forwarded messages for parties that are not online, until they pick them up.
//   PORT=8090 tsx examples/mediator.ts
import { join } from 'node:path'
import { cached, createAgent, didPeer2Identity, firstOf, refusals } from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import { json } from 'didcomm-mote/envelope'
import { openStore } from 'didcomm-mote/gateway'
import { mediator } from 'didcomm-mote/protocols/coordinate-mediation'
import { pickupMediator } from 'didcomm-mote/protocols/messagepickup'
import { routing } from 'didcomm-mote/protocols/routing'
import { trustPing } from 'didcomm-mote/protocols/trust-ping'
import { http } from 'didcomm-mote/transports/http'
import { world } from 'didcomm-mote/world'
import { dataDir, keptSeed, runs, stopped } from './program.ts'

export interface MediatorOptions {
  /** The loopback port of its endpoint; it is part of the mediator's DID. */
  port: number
  dataDir: string
  seed: Uint8Array
}

export async function startMediator({ port, dataDir, seed }: MediatorOptions) {
  const endpoint = { uri: `http://127.0.0.1:${port}`, accept: ['didcomm/v2'], routingKeys: [] }
  const { did, secretKeys } = didPeer2Identity(crypto, seed, [endpoint])
  const store = openStore(join(dataDir, 'mediator.lmdb'))
  const { mailbox } = store
  const agent = createAgent({
    ...world(),
    did,
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    resolve: cached(firstOf(didKey(crypto), didPeer(crypto)), { maxEntries: 1000, ttlMs: 3_600_000, now: Date.now }),
    envelopes: [json()],
    transports: [http({ listen: { port, host: '127.0.0.1' }, allowPrivateAddresses: true })],
    protocols: [
      routing({ crypto, mailbox }),
      // Anybody may register here; `mayMediate` would say who.
      mediator({ routingDids: [did], mailbox }),
      pickupMediator({ mailbox }),
      trustPing(),
    ],
    seen: store.seen,
    refusals: refusals(),
  })
  await agent.start()
  return {
    did,
    agent,
    async close() {
      await agent.close()
      await store.close()
    },
  }
}

if (runs(import.meta.url)) {
  const port = Number(process.env['PORT'] ?? 8090)
  const running = await startMediator({ port, dataDir: dataDir('mediator'), seed: keptSeed('mediator') })
  console.log(`mediator ${running.did}`)
  await stopped()
  await running.close()
}
