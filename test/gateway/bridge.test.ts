import {
  contactBook,
  DidCommError,
  firstOf,
  memoryOutbox,
  type Outbox,
  type OutboxEntry,
  type Resolve,
  type Unpacked,
} from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { type Attachment, type Message, resolveSenml, type SenmlRecord } from 'didcomm-mote/message'
import { pack, REPORT } from 'didcomm-mote/protocols/telemetry'
import { BATCH, type Batch, readBatch } from 'didcomm-mote/protocols/telemetry-batch'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { describe, expect, it } from 'vitest'
import { bridge, type Device } from '../../gateway/bridge.ts'
import { party } from '../agent/world.ts'

const CREATED = 1_767_225_600

interface Bench {
  outbox: Outbox
  /** Hands a report with these records to the bridge. */
  take(records: unknown[]): Promise<unknown>
  /** The same, and returns what the cloud makes of it. */
  carry(records: unknown[]): Promise<SenmlRecord[]>
  /** The same for a report with attachments. */
  carryAttached(attachments: Attachment[]): Promise<Attachment[] | undefined>
  /** Hands on a report that says when it expires; returns what is stored, and what the cloud reads. */
  carryExpiring(expiresTime: number): Promise<[OutboxEntry | undefined, Message | undefined]>
  /** The same for the body of a batch. */
  carryBatch(body: object): Promise<Batch>
}

async function bench(device: Partial<Device> = {}, changes: { resolve?: Resolve } = {}): Promise<Bench> {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const gateway = party('g', [network.transport('gateway')], { contacts, ...changes })
  const cloud = party('c', [network.transport('cloud')])
  let arrived: Unpacked | undefined
  for (const type of [REPORT, BATCH]) {
    cloud.agent.on(type, (received) => {
      arrived = received
      return undefined
    })
  }
  await contacts.add({ did: cloud.did, uri: 'memory:cloud', encoding: 'json' })

  const outbox = memoryOutbox()
  const known = { did: 'did:example:attic', name: 'attic', ...device }
  const carries = bridge({
    agent: gateway.agent,
    cloudDid: cloud.did,
    device: () => known,
    outbox,
    wake: () => undefined,
  })
  const take: Bench['take'] = (records) => takeBody(REPORT, { senml: records })
  const takeBody = async (type: string, body: object, more: Partial<Message> = {}) => {
    const message = { id: '1', type, created_time: CREATED, body: body as Message['body'], ...more }
    return carries({
      message,
      sender: known.did,
      encrypted: true,
      nonRepudiable: false,
      encoding: 'compact',
      layers: [],
    })
  }
  const arrivedMessage = async () => {
    const [entry] = await outbox.due(0, 1)
    await cloud.agent.receive({ bytes: entry?.bytes ?? new Uint8Array(0) })
    return arrived?.message
  }
  const arrivedBody = async () => (await arrivedMessage())?.body ?? {}
  return {
    outbox,
    take,
    async carry(records) {
      await take(records)
      return resolveSenml(pack(await arrivedBody()))
    },
    async carryAttached(attachments) {
      await takeBody(REPORT, { senml: [{ n: 't', v: 1 }] }, { attachments })
      return (await arrivedMessage())?.attachments
    },
    async carryExpiring(expiresTime) {
      await takeBody(REPORT, { senml: [{ n: 't', v: 1 }] }, { expires_time: expiresTime })
      return [(await outbox.due(0, 1))[0], await arrivedMessage()]
    },
    async carryBatch(body) {
      await takeBody(BATCH, body)
      return readBatch(await arrivedBody())
    },
  }
}

describe('the bridge', () => {
  it('puts the name of the sensor before every name, and its time into the records', async () => {
    const { carry } = await bench({ units: { t: 'Cel' } })
    expect(
      await carry([
        { n: 't', v: 21 },
        { n: 'p', v: 1000 },
      ]),
    ).toEqual([
      { n: 'attic:t', u: 'Cel', t: CREATED, v: 21 },
      { n: 'attic:p', t: CREATED, v: 1000 },
    ])
  })

  it('carries a batch with its numbers', async () => {
    const { carryBatch } = await bench()
    const senml = [
      { n: 't', v: 21, t: CREATED - 60 },
      { n: 't', v: 22, t: CREATED },
    ]
    expect(await carryBatch({ first: 7, last: 9, senml })).toEqual({
      first: 7,
      last: 9,
      records: [{ bn: 'attic:', ...senml[0] }, senml[1]],
    })
  })

  it('carries attachments, and those in CBOR as JSON', async () => {
    const { carryAttached } = await bench()
    const cbor = { base64: 'oWF0-U1g' }
    const others = [
      { id: '2', media_type: 'image/png', data: { base64: 'AQID' } },
      { id: '3', media_type: 'application/cbor', data: { ...cbor, jws: { signature: 'AQID' } } },
      { id: '4', media_type: 'application/cbor', data: { json: { a: 1 } } },
    ]
    const first = { id: '1', media_type: 'application/cbor', data: { ...cbor, hash: 'zQm' } }
    expect(await carryAttached([first, ...others])).toEqual([
      { id: '1', media_type: 'application/json', data: { json: { t: 21.5 } } },
      ...others,
    ])
  })

  it.each([
    ['no CBOR', '_w', 'ERR_BYTES_MALFORMED'],
    ['no base64url', '*', 'ERR_MESSAGE_MALFORMED'],
  ])('refuses an attachment in CBOR that is %s', async (_, base64, code) => {
    const { carryAttached, outbox } = await bench()
    const attached = carryAttached([{ media_type: 'application/cbor', data: { base64 } }])
    await expect(attached).rejects.toMatchObject({ code })
    expect((await outbox.depth()).waiting).toBe(0)
  })

  it('refuses a batch whose numbers do not fit', async () => {
    const { carryBatch, outbox } = await bench()
    const senml = [
      { n: 't', v: 21 },
      { n: 't', v: 22 },
    ]
    await expect(carryBatch({ first: 7, last: 7, senml })).rejects.toMatchObject({ code: 'ERR_MESSAGE_MALFORMED' })
    expect((await outbox.depth()).waiting).toBe(0)
  })

  it('lets no sensor speak under the name of another', async () => {
    const { carry } = await bench()
    expect(
      await carry([
        { bn: 'cellar:', n: 't', v: 21 },
        { n: 'p', v: 1 },
        { bn: 'roof:', n: 'w', v: 2 },
      ]),
    ).toEqual([
      { n: 'attic:cellar:t', t: CREATED, v: 21 },
      { n: 'attic:cellar:p', t: CREATED, v: 1 },
      { n: 'attic:roof:w', t: CREATED, v: 2 },
    ])
  })

  it('keeps a time that the sensor gives in full', async () => {
    const { carry } = await bench()
    expect(await carry([{ n: 't', v: 21, t: CREATED - 60 }])).toEqual([{ n: 'attic:t', t: CREATED - 60, v: 21 }])
  })

  it('counts a time that the sensor gives in relation to now from the time of its message', async () => {
    const { carry } = await bench()
    const records = [
      { bt: -60, n: 't', v: 21, t: -5 },
      { n: 't', v: 22 },
      { bt: -10, n: 't', v: 23 },
    ]
    expect((await carry(records)).map(({ t }) => t)).toEqual([CREATED - 65, CREATED - 60, CREATED - 10])
  })

  it('finds no unit for the name of what every object has', async () => {
    const { carry } = await bench({ units: { t: 'Cel' } })
    expect(await carry([{ n: '__proto__', v: 1 }])).toEqual([{ n: 'attic:__proto__', t: CREATED, v: 1 }])
  })

  it('lets what it stores expire when the message of the sensor does', async () => {
    const { carryExpiring, take, outbox } = await bench()
    const [stored, message] = await carryExpiring(CREATED + 60)
    expect(stored?.expiresAtMs).toBe((CREATED + 60) * 1000)
    expect(message?.expires_time).toBe(CREATED + 60)
    await outbox.ack(stored?.key ?? '')
    await take([{ n: 't', v: 21 }])
    expect((await outbox.due(0, 9)).some((entry) => 'expiresAtMs' in entry)).toBe(false)
  })

  it('refuses what the cloud could not read', async () => {
    const { take, outbox } = await bench()
    await expect(take([{ n: 't', v: 21, t: 'noon' }])).rejects.toMatchObject({ code: 'ERR_MESSAGE_MALFORMED' })
    await expect(take([{ n: 'no name', v: 21 }])).rejects.toMatchObject({ code: 'ERR_MESSAGE_MALFORMED' })
    expect((await outbox.depth()).waiting).toBe(0)
  })

  it('does not take a report while the cloud cannot be addressed', async () => {
    const away: Resolve = async () => {
      throw new DidCommError('ERR_DID_NOT_FOUND', 'its document is away')
    }
    const { take } = await bench({}, { resolve: away })
    // What is refused is acknowledged, and lost; this error lets the transport keep it.
    await expect(take([{ n: 't', v: 21 }])).rejects.toMatchObject({ code: 'ERR_TRANSPORT_UNREACHABLE' })
  })
})
