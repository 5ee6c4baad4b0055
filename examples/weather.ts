// The whole path on one machine: ten sensors, an MQTT broker, a gateway, a mediator and a cloud agent.
//   npm start                      runs until Ctrl-C
//   npm start -- --readings 1000   ends by itself; exit code 1 if a reading was lost or came twice
//   npm start -- --json            prints the summary as JSON on the last line
// MQTT_URL uses a broker of yours, MEDIATOR_DID a mediator that runs elsewhere (examples/mediator.ts).
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { didKeyIdentity } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import type { SenmlRecord } from 'didcomm-mote/message'
import { startCloud } from './cloud.ts'
import { startGateway } from './gateway.ts'
import { startMediator } from './mediator.ts'
import { brokerOf } from './program.ts'
import { startSensor } from './sensor.ts'
import { freePort, startBroker } from './weather/broker.ts'
import { jsonSize } from './weather/json-size.ts'
import { readings } from './weather/readings.ts'
import { Tally } from './weather/tally.ts'
import { view } from './weather/view.ts'

const SENSORS = 10
/** Between two readings of one sensor, where no number of readings is asked. */
const PAUSE_MS = 1000
/** How many readings may be on their way, where a number is asked: as fast as they arrive. */
const WINDOW = 4 * SENSORS
/** A run with a number of readings gives up when so long nothing has arrived. */
const PATIENCE_MS = 60_000
/** The same after Ctrl-C. */
const LAST_PATIENCE_MS = 3000
const RETRY_MS = 200
/** Every so many readings are packed as DIDComm JSON as well, only to see their size. */
const JSON_SAMPLE = 10

const { values: args } = parseArgs({
  options: { readings: { type: 'string' }, json: { type: 'boolean', default: false } },
})
const wanted = args.readings === undefined ? undefined : Number(args.readings)
if (wanted !== undefined && !(Number.isSafeInteger(wanted) && wanted > 0)) {
  console.error('--readings expects a positive whole number')
  process.exit(2)
}

const seed = () => new Uint8Array(randomBytes(32))
const folder = mkdtempSync(join(tmpdir(), 'didcomm-mote-'))
const names = Array.from({ length: SENSORS }, (_, index) => `sensor-${index + 1}`)
const screen = view(process.stdout, names)
const tally = new Tally()
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
process.once('SIGTERM', () => stop.abort())

const rows = new Map(
  names.map((name) => [name, { name, reading: '', messages: 0, bytes: 0, latencyMs: 0 as number | undefined }]),
)

/** The cloud agent has a reading: it names the sensor, and the id of the sensor's message. */
function onReport(records: SenmlRecord[], messageId: string | undefined): void {
  const latencyMs = tally.delivered(messageId ?? '', performance.now())
  const row = rows.get(records[0]?.n?.split(':')[0] ?? '')
  if (!row || latencyMs === undefined) return
  row.reading = records.map(({ v, u }) => `${v} ${u === 'Cel' ? '°C' : u}`).join('  ')
  row.messages += 1
  row.latencyMs = latencyMs
  screen.delivered({ ...row })
}

const broker = process.env['MQTT_URL'] ? undefined : await startBroker()
const mqttUrl = process.env['MQTT_URL'] ?? broker!.url
const mediator = process.env['MEDIATOR_DID']
  ? undefined
  : await startMediator({ port: await freePort(), dataDir: folder, seed: seed() })
const mediatorDid = process.env['MEDIATOR_DID'] ?? mediator!.did
const gatewaySeed = seed()
const { did: gatewayDid } = didKeyIdentity(crypto, gatewaySeed)
const cloud = await startCloud({ mediatorDid, seed: seed(), gatewayDid, onReport })

const onError = (error: Error) => screen.note(`MQTT: ${error.message}`)
const seeds = names.map(seed)
const sensorDids = seeds.map((sensorSeed) => didKeyIdentity(crypto, sensorSeed).did)
const gateway = await startGateway({
  mqttUrl,
  cloudDid: cloud.did,
  sensors: names.map((name, index) => ({ name, did: sensorDids[index]! })),
  dataDir: folder,
  seed: gatewaySeed,
  onError,
})
const gatewayOfSensors = { mqttUrl, gatewayDid: gateway.did, onError }
const sensors = await Promise.all(seeds.map((seed) => startSensor({ ...gatewayOfSensors, seed })))

screen.note(`${SENSORS} sensors → ${brokerOf(mqttUrl).url} → gateway → mediator → cloud agent. Ctrl-C ends it.\n`)
const replay = readings()
let started = 0

/** One sensor: it sends the next reading when the broker has taken the last one. */
async function run(index: number): Promise<void> {
  const sensor = sensors[index]!
  const row = rows.get(names[index]!)!
  let hour = index * Math.floor(replay.length / SENSORS)
  while (!stop.signal.aborted && (wanted === undefined || started < wanted)) {
    if (started++ % JSON_SAMPLE === 0) tally.asJson(await jsonSize(seeds[index]!, gateway.did, replay[hour]!))
    const outgoing = await sensor.prepare(replay[hour]!)
    hour = (hour + 1) % replay.length
    row.bytes = outgoing.packet.bytes.length
    tally.sent(outgoing.id, outgoing.packet.bytes.length, performance.now())
    while (!(await sent(() => sensor.agent.transmit(outgoing)))) await pause(RETRY_MS)
    if (wanted === undefined) await pause(PAUSE_MS)
    while (wanted !== undefined && tally.missing >= WINDOW && !stop.signal.aborted) await pause(5)
  }
}

async function sent(transmit: () => Promise<void>): Promise<boolean> {
  try {
    await transmit()
    return true
  } catch (error) {
    if (stop.signal.aborted) return true
    screen.note(`not sent yet: ${error instanceof Error ? error.message : error}`)
    return false
  }
}

async function pause(delayMs: number): Promise<void> {
  await sleep(delayMs, undefined, { signal: stop.signal }).catch(() => undefined)
}

/** Waits until everything has arrived, or nothing has for too long. */
async function drained(): Promise<void> {
  let missing = tally.missing
  let sinceMs = performance.now()
  while (tally.missing > 0) {
    await sleep(20)
    if (tally.missing !== missing) sinceMs = performance.now()
    missing = tally.missing
    const patienceMs = stop.signal.aborted ? LAST_PATIENCE_MS : PATIENCE_MS
    if (performance.now() - sinceMs > patienceMs) return
  }
}

await Promise.all(sensors.map((_, index) => run(index)))
await drained()

for (const part of [...sensors, gateway, cloud, mediator, broker]) await part?.close()
rmSync(folder, { recursive: true })

const summary = tally.summary()
screen.close(summary)
if (args.json) console.log(JSON.stringify(summary))
process.exitCode = summary.lost > 0 || summary.duplicated > 0 ? 1 : 0
