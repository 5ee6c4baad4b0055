import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { didKeyIdentity, type ErrorCode } from 'didcomm-mote'
import { crypto, sha256 } from 'didcomm-mote/crypto'
import { pack, unpack } from 'didcomm-mote/envelope'
import { ENCRYPTED } from 'didcomm-mote/message'
import { inboxTopic } from 'didcomm-mote/transports/mqtt'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startCloud } from '../../examples/cloud.ts'
import { startGateway } from '../../examples/gateway.ts'
import { startMediator } from '../../examples/mediator.ts'
import { startSensor } from '../../examples/sensor.ts'
import { freePort, startBroker } from '../../examples/weather/broker.ts'
import { readings } from '../../examples/weather/readings.ts'
import { packContext } from './pack-context.ts'

// Every way into the running system, on real parts: bad input is refused with a code and counted, and the honest
// reading behind it still arrives.

type Closable = { close(): Promise<void> }
const reading = readings()[0]!
const seed = () => new Uint8Array(randomBytes(32))

let folder: string
let broker: Awaited<ReturnType<typeof startBroker>>
let mediator: Awaited<ReturnType<typeof startMediator>>
let cloud: Awaited<ReturnType<typeof startCloud>>
let gateway: Awaited<ReturnType<typeof startGateway>>
let sensor: Awaited<ReturnType<typeof startSensor>>
let stranger: Awaited<ReturnType<typeof startSensor>>
let attacker: MqttClient
let mediatorUrl: string
let inbox: string
const arrived: (string | undefined)[] = []
const strangerSeed = seed()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'didcomm-mote-test-'))
  broker = await startBroker()
  const port = await freePort()
  mediatorUrl = `http://127.0.0.1:${port}/`
  mediator = await startMediator({ port, dataDir: folder, seed: seed() })
  const onReport = (_: unknown, id: string | undefined) => void arrived.push(id)
  const gatewaySeed = seed()
  const { did: gatewayDid } = didKeyIdentity(crypto, gatewaySeed)
  cloud = await startCloud({ mediatorDid: mediator.did, seed: seed(), gatewayDid, onReport })
  const sensorSeed = seed()
  const { did } = didKeyIdentity(crypto, sensorSeed)
  const mqttUrl = broker.url
  const sensors = [{ did, name: 'attic' }]
  gateway = await startGateway({ mqttUrl, cloudDid: cloud.did, sensors, dataDir: folder, seed: gatewaySeed })
  sensor = await startSensor({ mqttUrl, gatewayDid: gateway.did, seed: sensorSeed })
  stranger = await startSensor({ mqttUrl, gatewayDid: gateway.did, seed: strangerSeed })
  attacker = await connectAsync(mqttUrl)
  inbox = inboxTopic(gateway.did, sha256)
})

afterAll(async () => {
  await attacker.endAsync()
  for (const part of [sensor, stranger, gateway, cloud, mediator, broker] as Closable[]) await part.close()
  rmSync(folder, { recursive: true })
})

const refusedByGateway = () => gateway.gateway.agent.counters().refused
const refusedByMediator = () => mediator.agent.counters().refused
const total = (refused: Partial<Record<ErrorCode, number>>) => Object.values(refused).reduce((sum, n) => sum + n, 0)

async function publish(payload: Uint8Array, options: { retain?: boolean } = {}): Promise<void> {
  await attacker.publishAsync(inbox, Buffer.from(payload), { qos: 1, ...options })
}

async function post(body: Uint8Array | string, contentType = ENCRYPTED): Promise<number> {
  const response = await fetch(mediatorUrl, {
    method: 'POST',
    body: Buffer.from(body),
    headers: { 'content-type': contentType },
  })
  await response.arrayBuffer()
  return response.status
}

/** Sends an honest reading, and waits for it at the far end. */
async function honest(): Promise<void> {
  const outgoing = await sensor.prepare(reading)
  await sensor.agent.transmit(outgoing)
  await vi.waitFor(() => expect(arrived.filter((id) => id === outgoing.id)).toHaveLength(1), { timeout: 10_000 })
}

describe('the MQTT inbox of the gateway', () => {
  it('refuses random bytes', async () => {
    const before = total(refusedByGateway())
    for (let length = 1; length <= 200; length++) await publish(randomBytes(length))
    await honest()
    expect(total(refusedByGateway()) - before).toBe(200)
  })

  it('refuses an envelope that is cut off anywhere', async () => {
    const { packet } = await sensor.prepare(reading)
    const before = total(refusedByGateway())
    for (let length = 1; length < packet.bytes.length; length++) await publish(packet.bytes.subarray(0, length))
    await honest()
    expect(total(refusedByGateway()) - before).toBe(packet.bytes.length - 1)
  })

  it('refuses an envelope with any one bit flipped', async () => {
    const { packet } = await sensor.prepare(reading)
    const before = total(refusedByGateway())
    for (let bit = 0; bit < 8 * packet.bytes.length; bit++) {
      const flipped = packet.bytes.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      await publish(flipped)
    }
    await honest()
    expect(total(refusedByGateway()) - before).toBe(8 * packet.bytes.length)
  })

  it('refuses a sender that the gateway does not know, compact or JSON', async () => {
    const before = refusedByGateway().ERR_SENDER_UNKNOWN ?? 0
    await publish((await stranger.prepare(reading)).packet.bytes)
    const message = {
      id: '1',
      type: 'https://didcomm.org/trust-ping/2.0/ping',
      body: {},
      from: stranger.did,
      to: [gateway.did],
    }
    const options = { from: stranger.did, to: gateway.did }
    await publish((await pack(message, options, packContext(strangerSeed))).bytes)
    await honest()
    expect(refusedByGateway().ERR_SENDER_UNKNOWN).toBe(before + 2)
  })

  it('takes a replayed envelope once', async () => {
    const outgoing = await sensor.prepare(reading)
    const before = gateway.gateway.agent.counters().duplicate
    await publish(outgoing.packet.bytes)
    for (let copy = 0; copy < 10; copy++) await publish(outgoing.packet.bytes)
    await honest()
    await vi.waitFor(() => expect(arrived).toContain(outgoing.id))
    expect(arrived.filter((id) => id === outgoing.id)).toHaveLength(1)
    expect(gateway.gateway.agent.counters().duplicate).toBe(before + 10)
  })

  it('drops what is too large, and what was retained', async () => {
    const before = { ...gateway.drops }
    await publish(randomBytes(2 << 20))
    await honest()
    expect(gateway.drops['too-large']).toBe(before['too-large'] + 1)
    await publish((await sensor.prepare(reading)).packet.bytes, { retain: true })
    await publish(new Uint8Array(0), { retain: true })
    await honest()
  })
})

describe('the HTTP endpoint of the mediator', () => {
  it('refuses random bytes, with a status that tells nothing', async () => {
    const before = total(refusedByMediator())
    for (let length = 1; length <= 100; length++) expect(await post(randomBytes(length))).toBe(400)
    await honest()
    expect(total(refusedByMediator()) - before).toBe(100)
  })

  it('refuses an envelope that is cut off or has a bit flipped', async () => {
    const { packet } = await gateway.gateway.agent.prepare({ type: 'https://example.org/x/1.0/y' }, { to: cloud.did })
    const { bytes } = packet
    const before = total(refusedByMediator())
    for (let at = 1; at < bytes.length; at += 37) {
      expect(await post(bytes.subarray(0, at))).toBe(400)
      const flipped = bytes.slice()
      flipped[at]! ^= 1
      expect(await post(flipped)).toBe(400)
    }
    await honest()
    expect(total(refusedByMediator()) - before).toBe(2 * Math.ceil((bytes.length - 1) / 37))
  })

  it('refuses what is too large, of another media type, or no POST', async () => {
    expect(await post(randomBytes(2 << 20)).catch(() => 413)).toBe(413)
    expect(await post('hello', 'text/plain')).toBe(415)
    expect((await fetch(mediatorUrl)).status).toBe(405)
    await honest()
  })

  it('refuses a forward for a party that it does not serve', async () => {
    const before = refusedByMediator().ERR_RECIPIENT_UNKNOWN ?? 0
    const forward = {
      id: 'forward-1',
      type: 'https://didcomm.org/routing/2.0/forward',
      body: { next: stranger.did },
      attachments: [{ id: '1', data: { json: { ciphertext: 'x' } } }],
    }
    const { bytes } = await pack(forward, { to: mediator.did }, packContext(strangerSeed))
    expect(await post(bytes)).toBe(400)
    await honest()
    expect(refusedByMediator().ERR_RECIPIENT_UNKNOWN).toBe(before + 1)
  })

  it('keeps a forward that comes twice once', async () => {
    const before = mediator.agent.counters().duplicate
    const report = {
      type: 'https://didcomm.org/telemetry/1.0/report',
      pthid: 'twice',
      body: { senml: [{ n: 't', v: 1 }] },
    }
    const { packet } = await gateway.gateway.agent.prepare(report, { to: cloud.did })
    for (let copy = 0; copy < 3; copy++) expect(await post(packet.bytes)).toBe(202)
    await honest()
    expect(arrived.filter((id) => id === 'twice')).toHaveLength(1)
    expect(mediator.agent.counters().duplicate).toBe(before + 2)
  })

  it('shows nobody the mailbox of another', async () => {
    const request = {
      id: 'r1',
      type: 'https://didcomm.org/messagepickup/3.0/delivery-request',
      body: { limit: 10, recipient_did: cloud.did },
    }
    const message = { ...request, from: stranger.did, to: [mediator.did], return_route: 'all' }
    const { bytes } = await pack(message, { from: stranger.did, to: mediator.did }, packContext(strangerSeed))
    const response = await fetch(mediatorUrl, {
      method: 'POST',
      body: Buffer.from(bytes),
      headers: { 'content-type': ENCRYPTED },
    })
    expect(response.status).toBe(200)
    const answer = await unpack(new Uint8Array(await response.arrayBuffer()), packContext(strangerSeed))
    expect(answer.message).toMatchObject({
      type: 'https://didcomm.org/messagepickup/3.0/status',
      body: { message_count: 0 },
    })
  })
})

describe('the cloud agent', () => {
  it('takes no report of a stranger, whatever sensor it names', async () => {
    const body = { senml: [{ bn: 'attic:', n: 't', v: 99 }] }
    const type = 'https://didcomm.org/telemetry/1.0/report'
    const report = { id: 'forged', type, pthid: 'forged', from: stranger.did, to: [cloud.did], body }
    const { bytes } = await pack(report, { from: stranger.did, to: cloud.did }, packContext(strangerSeed))
    expect(await cloud.agent.receive({ bytes })).toBe('refused')
    expect(arrived).not.toContain('forged')
    await honest()
  })
})

describe('garbage without end', () => {
  it('does not make the gateway grow', { timeout: 60_000 }, async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { agent } = gateway.gateway
    const { packet } = await sensor.prepare(reading)
    const flood = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const bytes = packet.bytes.slice()
        bytes.set(randomBytes(4), i % (bytes.length - 4))
        await agent.receive({ bytes })
      }
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = await flood(1000)
    const after = await flood(5000)
    expect(after - before).toBeLessThan(4 << 20)
    await honest()
  })
})

it('an MQTT_URL with a password works, and the password goes into no address', async () => {
  const mqttUrl = broker.url.replace('://', '://user:secret@')
  const guest = await startSensor({ mqttUrl, gatewayDid: gateway.did, seed: seed() })
  const outgoing = await guest.prepare(reading)
  expect(outgoing.uri).not.toContain('secret')
  await guest.agent.transmit(outgoing)
  await guest.close()
})
