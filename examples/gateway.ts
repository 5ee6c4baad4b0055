// A gateway: it takes the compact envelopes of its sensors from MQTT, and sends their readings on to a cloud agent.
//   MQTT_URL=mqtt://127.0.0.1:1883 CLOUD_DID=did:peer:4… SENSORS=did:key:…,did:key:… tsx examples/gateway.ts
import { join } from 'node:path'
import { cached, didKeyIdentity, firstOf } from 'didcomm-mote'
import { crypto, memorySecrets, sha256 } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import { createGateway, type Device, openStore } from 'didcomm-mote/gateway'
import { http } from 'didcomm-mote/transports/http'
import { mqttConnection } from 'didcomm-mote/transports/mqtt-connect'
import { world } from 'didcomm-mote/world'
import { brokerOf, dataDir, keptSeed, runs, stopped } from './program.ts'

/** What the sensors measure, so that they need not send it with each reading. */
const UNITS = { t: 'Cel', p: 'hPa', w: 'm/s' }

export interface GatewayProgramOptions {
  mqttUrl: string
  cloudDid: string
  sensors: readonly Omit<Device, 'units'>[]
  dataDir: string
  seed: Uint8Array
  /** Is told why there is no connection to the broker. */
  onError?: (error: Error) => void
}

export async function startGateway(options: GatewayProgramOptions) {
  const { mqttUrl, cloudDid, sensors, dataDir, seed, onError = () => undefined } = options
  const { did, secretKeys } = didKeyIdentity(crypto, seed)
  const store = openStore(join(dataDir, 'gateway.lmdb'))
  /** Messages that were no packets: retained, or too large. */
  const drops = { retained: 0, 'too-large': 0, unsettled: 0 }
  const onDrop = (reason: keyof typeof drops) => {
    drops[reason] += 1
  }
  const gateway = await createGateway({
    ...world(),
    did,
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    resolve: cached(firstOf(didKey(crypto), didPeer(crypto)), { maxEntries: 1000, ttlMs: 3_600_000, now: Date.now }),
    transports: [
      // With a session that the broker keeps: what arrives while the gateway is away waits for it.
      mqttConnection({ ...brokerOf(mqttUrl), did, sha256, onDrop, onError }),
      http({ allowPrivateAddresses: true }),
    ],
    cloudDid,
    devices: sensors.map((sensor) => ({ ...sensor, units: UNITS })),
    outbox: store.outbox,
    seen: store.seen,
  })
  await gateway.start()
  return {
    did,
    gateway,
    drops,
    async close() {
      await gateway.close()
      await store.close()
    },
  }
}

if (runs(import.meta.url)) {
  const { MQTT_URL: mqttUrl = 'mqtt://127.0.0.1:1883', CLOUD_DID: cloudDid, SENSORS = '' } = process.env
  if (!cloudDid) throw new Error('CLOUD_DID is not set: the cloud agent prints it')
  const sensors = SENSORS.split(',')
    .filter(Boolean)
    .map((did, index) => ({ did, name: `sensor-${index + 1}` }))
  const running = await startGateway({
    mqttUrl,
    cloudDid,
    sensors,
    dataDir: dataDir('gateway'),
    seed: keptSeed('gateway'),
    onError: console.error,
  })
  console.log(`gateway ${running.did}`)
  await stopped()
  await running.close()
}
