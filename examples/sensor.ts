// A sensor: it sends its readings as compact CBOR envelopes to its gateway, over MQTT.
//   MQTT_URL=mqtt://127.0.0.1:1883 GATEWAY_DID=did:key:… tsx examples/sensor.ts
import { contactBook, createAgent, didKeyIdentity, firstOf } from 'didcomm-mote'
import { crypto, memorySecrets, sha256 } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { compact } from 'didcomm-mote/envelope'
import { report, telemetry } from 'didcomm-mote/protocols/telemetry'
import { inboxTopic } from 'didcomm-mote/transports/mqtt'
import { mqttConnection } from 'didcomm-mote/transports/mqtt-connect'
import { world } from 'didcomm-mote/world'
import { brokerOf, keptSeed, runs, stopped } from './program.ts'
import { type Reading, readings } from './weather/readings.ts'

export interface SensorOptions {
  mqttUrl: string
  gatewayDid: string
  /** 32 random bytes that the device keeps. They are its identity. */
  seed: Uint8Array
  /** Is told why there is no connection to the broker. */
  onError?: (error: Error) => void
}

export async function startSensor({ mqttUrl, gatewayDid, seed, onError = () => undefined }: SensorOptions) {
  const { did, secretKeys } = didKeyIdentity(crypto, seed)
  const resolve = firstOf(didKey(crypto))
  const broker = brokerOf(mqttUrl)
  const contacts = contactBook(crypto, resolve)
  await contacts.add({
    did: gatewayDid,
    uri: `${broker.url}/${inboxTopic(gatewayDid, sha256)}`,
    encoding: 'compact',
  })

  const agent = createAgent({
    ...world(),
    did,
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    resolve,
    contacts,
    envelopes: [compact()],
    transports: [mqttConnection({ ...broker, did, sha256, inboxTopics: [], onError })],
    protocols: [telemetry()],
  })
  await agent.start()

  return {
    did,
    agent,
    /** Packs a reading: three SenML records. The gateway knows their units. */
    prepare: (reading: Reading) => agent.prepare(report(records(reading)), { to: gatewayDid }),
    close: () => agent.close(),
  }
}

export function records(reading: Reading) {
  return [
    { n: 't', v: reading.temperatureCelsius },
    { n: 'p', v: reading.pressureHectopascal },
    { n: 'w', v: reading.windMetersPerSecond },
  ]
}

if (runs(import.meta.url)) {
  const { MQTT_URL: mqttUrl = 'mqtt://127.0.0.1:1883', GATEWAY_DID: gatewayDid } = process.env
  if (!gatewayDid) throw new Error('GATEWAY_DID is not set: the gateway prints it')
  const sensor = await startSensor({ mqttUrl, gatewayDid, seed: keptSeed('sensor'), onError: console.error })
  console.log(`sensor ${sensor.did}`)
  const replay = readings()
  let hour = 0
  const timer = setInterval(async () => {
    const outgoing = await sensor.prepare(replay[hour++ % replay.length]!)
    await sensor.agent.transmit(outgoing).then(
      () => console.log(`sent ${outgoing.packet.bytes.length} bytes`),
      (error: unknown) => console.error(`not sent: ${error}`),
    )
  }, 2000)
  await stopped()
  clearInterval(timer)
  await sensor.close()
}
