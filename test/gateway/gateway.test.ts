import {
  type Agent,
  type AgentOptions,
  contactBook,
  DidCommError,
  didKeyIdentity,
  didPeer2Identity,
  didPeer4Identity,
  firstOf,
  memoryMailbox,
  memoryOutbox,
  memorySeenStore,
  type OutboxDepth,
  type Packet,
  type Transport,
} from 'didcomm-mote'
import { crypto, memorySecrets } from 'didcomm-mote/crypto'
import { didKey, didPeer } from 'didcomm-mote/did'
import { compact } from 'didcomm-mote/envelope'
import { createGateway, type Gateway, type GatewayOptions } from 'didcomm-mote/gateway'
import { mediator, requestMediation, updateRecipients } from 'didcomm-mote/protocols/coordinate-mediation'
import { pickUp, pickupMediator } from 'didcomm-mote/protocols/messagepickup'
import { routing } from 'didcomm-mote/protocols/routing'
import { pack, REPORT, report, telemetry } from 'didcomm-mote/protocols/telemetry'
import { type MemoryNetworkOptions, memoryNetwork } from 'didcomm-mote/transports/memory'
import { afterEach, describe, expect, it } from 'vitest'
import { party, START_MS } from '../agent/world.ts'
import { randomFrom } from '../oracle/random.ts'
import { Clock, eventually } from '../transport/clock.ts'

const closing: (Agent | Gateway)[] = []
const seed = (fill: number) => new Uint8Array(32).fill(fill)

afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close()
})

/** Sensors, a gateway, a mediator and a cloud agent on one network in memory, under one clock. */
async function plant(network: MemoryNetworkOptions = {}, options: Partial<GatewayOptions> = {}) {
  const clock = new Clock()
  const now = () => START_MS + clock.now()
  const net = memoryNetwork({ ...network, timer: clock.timer })
  const quiet = memoryNetwork()
  const world = { now, timer: clock.timer }
  const resolve = firstOf(didKey(crypto), didPeer(crypto))

  const mediatorOwn = didPeer2Identity(crypto, seed(1), [{ uri: 'memory:mediator' }])
  const mailbox = memoryMailbox()
  const mediatorOptions: Partial<AgentOptions> = {
    ...world,
    did: mediatorOwn.did,
    secrets: memorySecrets(crypto, mediatorOwn.secretKeys),
    seen: memorySeenStore(),
    protocols: [
      routing({ crypto, mailbox }),
      mediator({ routingDids: [mediatorOwn.did], mailbox }),
      pickupMediator({ mailbox }),
    ],
  }
  const mediatorAgent = party('-', [net.transport('mediator')], mediatorOptions).agent
  // The cloud agent speaks to its mediator over a network without faults: pickup has no retries of its own.
  const mediatorInside = party('-', [quiet.transport('mediator')], mediatorOptions).agent

  const cloudOwn = didPeer4Identity(crypto, seed(2), [{ uri: mediatorOwn.did }])
  const cloud = party('-', [quiet.transport('cloud')], {
    ...world,
    did: cloudOwn.did,
    secrets: memorySecrets(crypto, cloudOwn.secretKeys),
    seen: memorySeenStore(),
    protocols: [telemetry()],
  }).agent
  const arrived: { records: unknown; pthid: string | undefined; sender: string | undefined }[] = []
  cloud.on(REPORT, ({ message, sender }) => {
    arrived.push({ records: pack(message.body), pthid: message.pthid, sender })
    return undefined
  })

  const gatewayOwn = didKeyIdentity(crypto, seed(3))
  const sensorOwn = didKeyIdentity(crypto, seed(4))
  const random = randomFrom(7)
  const gateway = await createGateway({
    ...world,
    randomBytes: (length) => random.bytes(length),
    newId: () => 'unused',
    did: gatewayOwn.did,
    crypto,
    secrets: memorySecrets(crypto, gatewayOwn.secretKeys),
    resolve,
    transports: [net.transport('gateway')],
    cloudDid: cloudOwn.did,
    devices: [{ did: sensorOwn.did, name: 'attic', units: { t: 'Cel' } }],
    outbox: memoryOutbox(),
    seen: memorySeenStore(),
    ...options,
  })

  const contacts = contactBook(crypto, resolve)
  await contacts.add({ did: gatewayOwn.did, uri: 'memory:gateway', encoding: 'compact' })
  const sensorAt = (address: string, fill: number) => {
    const own = didKeyIdentity(crypto, seed(fill))
    const secrets = memorySecrets(crypto, own.secretKeys)
    const protocols = [telemetry()]
    return party('-', [net.transport(address)], {
      ...world,
      did: own.did,
      secrets,
      contacts,
      envelopes: [compact()],
      protocols,
    }).agent
  }
  const sensor = sensorAt('sensor', 4)
  const stranger = sensorAt('stranger', 5)

  closing.push(mediatorAgent, mediatorInside, cloud, gateway, sensor, stranger)
  for (const one of closing) await one.start()
  await requestMediation(cloud, mediatorOwn.did)
  await updateRecipients(cloud, mediatorOwn.did, [{ did: cloudOwn.did, action: 'add' }])
  const collect = async () => {
    while ((await pickUp(cloud, mediatorOwn.did)) > 0) {
      // Until nothing is left.
    }
  }
  return {
    clock,
    gateway,
    sensor,
    stranger,
    arrived,
    collect,
    gatewayDid: gatewayOwn.did,
    sensorDid: sensorOwn.did,
    mailbox,
    cloudOwn,
  }
}

describe('a gateway', () => {
  it('carries a report to the cloud, with the name of the sensor, units and time', async () => {
    const { sensor, arrived, collect, gatewayDid, mailbox, cloudOwn } = await plant()
    const id = await sensor.send(
      report([
        { n: 't', v: 21.5 },
        { n: 'p', u: 'Pa', v: 101_660 },
      ]),
      { to: gatewayDid },
    )
    await eventually(() => sensor.counters().sent === 1)
    let waiting = 0
    await eventually(
      () => waiting > 0,
      () => void mailbox.count(cloudOwn.shortDid).then((count) => (waiting = count)),
    )
    await collect()
    expect(arrived).toEqual([
      {
        records: [
          { bn: 'attic:', bt: START_MS / 1000, n: 't', v: 21.5, u: 'Cel' },
          { n: 'p', u: 'Pa', v: 101_660 },
        ],
        pthid: id,
        sender: gatewayDid,
      },
    ])
  })

  it('listens to the sensors that it serves, as long as it serves them', async () => {
    const { gateway, sensor, stranger, gatewayDid, sensorDid } = await plant()
    const draft = report([{ n: 't', v: 1 }])
    await expect(stranger.send(draft, { to: gatewayDid })).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
    await gateway.admit({ did: stranger.did, name: 'cellar' })
    await stranger.send(draft, { to: gatewayDid })
    gateway.dismiss(sensorDid)
    await expect(sensor.send(draft, { to: gatewayDid })).rejects.toMatchObject({ code: 'ERR_TRANSPORT_REJECTED' })
    expect(gateway.agent.counters()).toMatchObject({ received: 1, refused: { ERR_SENDER_UNKNOWN: 2 } })
  })

  it('serves no two sensors of one name, and none whose name could be read as two', async () => {
    const { gateway, stranger } = await plant()
    for (const name of ['attic', 'attic:t', '', 'über']) {
      await expect(gateway.admit({ did: stranger.did, name })).rejects.toThrow(TypeError)
    }
    await gateway.admit({ did: stranger.did, name: 'cellar' })
    await gateway.admit({ did: stranger.did, name: 'cellar-2' })
  })

  it('refuses what is anonymous, has no time, or is from last week', async () => {
    const { gateway, sensor, gatewayDid } = await plant()
    const draft = report([{ n: 't', v: 1 }])
    const old = { ...draft, created_time: START_MS / 1000 - 7 * 86_400 }
    await expect(sensor.send(draft, { to: gatewayDid, anonymous: true })).rejects.toThrow()
    await expect(sensor.send(old, { to: gatewayDid })).rejects.toThrow()
    expect(gateway.agent.counters().refused).toEqual({ ERR_SENDER_UNKNOWN: 1, ERR_MESSAGE_EXPIRED: 1 })
  })

  it('takes nothing while its outbox is full, and what waits is not lost', async () => {
    const { gateway, sensor, gatewayDid } = await plant({}, { outbox: memoryOutbox({ maxOutboxBytes: 100 }) })
    const outgoing = await sensor.prepare(report([{ n: 't', v: 1 }]), { to: gatewayDid })
    await expect(sensor.transmit(outgoing)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
    await expect(sensor.transmit(outgoing)).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
    expect(gateway.agent.counters()).toMatchObject({ received: 0, duplicate: 0, failed: 2 })
  })

  it('keeps the newest where it may drop the oldest, says until when they are of use, and how many wait', async () => {
    const sent: Packet[] = []
    const depths: OutboxDepth[] = []
    const outbox = memoryOutbox({ maxOutboxEntries: 3, whenOutboxFull: 'drop-oldest' })
    let isAway = true
    const toCloud: Transport = {
      schemes: ['memory'],
      maxPacketBytes: 1 << 20,
      start: async () => undefined,
      close: async () => undefined,
      async send(_, packet) {
        if (isAway) throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', 'away')
        sent.push(packet)
      },
    }
    const onOutboxDepth = (depth: OutboxDepth) => void depths.push(depth)
    const { gateway, sensor, clock, gatewayDid } = await plant({}, { outbox, onOutboxDepth, transports: [toCloud] })
    for (const expires of [1, 2, 3, 4, 5].map((n) => START_MS / 1000 + n * 1_000)) {
      const draft = { ...report([{ n: 't', v: 1 }]), expires_time: expires }
      const { packet } = await sensor.prepare(draft, { to: gatewayDid })
      expect(await gateway.agent.receive(packet)).toBe('accepted')
    }
    await eventually(() => depths.at(-1)?.dropped === 2)
    expect(depths.at(-1)).toMatchObject({ waiting: 3, discarded: 2, dropped: 2 })
    isAway = false
    await eventually(
      () => sent.length === 3,
      () => clock.advance(100),
    )
    expect(sent.map(({ expiresAtMs }) => expiresAtMs).sort()).toEqual([3, 4, 5].map((n) => START_MS + n * 1_000_000))
    await eventually(() => depths.at(-1)?.waiting === 0)
  })

  it('delivers every report once over a network that loses, doubles and reorders', { timeout: 30_000 }, async () => {
    const random = randomFrom(11)
    const faults = { latencyMs: 20, lossRate: 0.2, duplicateRate: 0.2, reorderRate: 0.3 }
    const fraction = () => (random.bytes(1)[0] ?? 0) / 256
    const { clock, sensor, arrived, collect, gatewayDid, mailbox, cloudOwn } = await plant({
      ...faults,
      random: fraction,
    })
    const sent: string[] = []
    let pending = 0
    for (let reading = 0; reading < 40; reading++) {
      const outgoing = await sensor.prepare(report([{ n: 't', v: reading }]), { to: gatewayDid })
      sent.push(outgoing.id)
      pending += 1
      const attempt = (): Promise<void> => sensor.transmit(outgoing).catch(attempt)
      void attempt().then(() => {
        pending -= 1
      })
    }
    let waiting = 0
    const move = () => {
      clock.advance(50)
      void mailbox.count(cloudOwn.shortDid).then((count) => (waiting = count))
    }
    await eventually(() => pending === 0 && waiting === sent.length, move)
    await collect()
    expect(arrived.map(({ pthid }) => pthid).sort()).toEqual(sent.sort())
  })
})
