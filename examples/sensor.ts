// A sensor: it sends its readings as compact CBOR envelopes to its gateway, over MQTT.
//   MQTT_URL=mqtt://127.0.0.1:1883 GATEWAY_DID=did:key:… tsx examples/sensor.ts
import { contactBook, createAgent, didKeyIdentity, firstOf } from 'didcomm-mote'
import { crypto, memorySecrets, sha256 } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { compact } from 'didcomm-mote/envelope'
import { report, telemetry } from 'didcomm-mote/protocols/telemetry'
import { inboxTopic, mqtt } from 'didcomm-mote/transports/mqtt'
import { world } from 'didcomm-mote/world'
import { connect } from 'mqtt'
import { brokerOf, keptSeed, runs, stopped } from './program.ts'
import { type Reading, readings } from './weather/readings.ts'

export interface SensorOptions {
  mqttUrl: string
  gatewayDid: string
  /** 32 random bytes that the device keeps. They are its identity. */
  seed: Uint8Array
}

export async function startSensor({ mqttUrl, gatewayDid, seed }: SensorOptions) {
  const { did, secretKeys } = didKeyIdentity(crypto, seed)
  const resolve = firstOf(didKey(crypto))
  const contacts = contactBook(crypto, resolve)
  await contacts.add({
    did: gatewayDid,
    uri: `${brokerOf(mqttUrl)}/${inboxTopic(gatewayDid, sha256)}`,
    encoding: 'compact',
  })

  // The transport comes before the connection, so that nothing arrives unheard.
  const client = connect(mqttUrl)
  const agent = createAgent({
    ...world(),
    did,
    crypto,
    secrets: memorySecrets(crypto, secretKeys),
    resolve,
    contacts,
    envelopes: [compact()],
    transports: [mqtt({ client, broker: brokerOf(mqttUrl) })],
    protocols: [telemetry()],
  })
  await agent.start()

  return {
    did,
    agent,
    /** Packs a reading: three SenML records. The gateway knows their units. */
    prepare: (reading: Reading) => agent.prepare(report(records(reading)), { to: gatewayDid }),
    async close() {
      await agent.close()
      await client.endAsync()
    },
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
  const sensor = await startSensor({ mqttUrl, gatewayDid, seed: keptSeed('sensor') })
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
