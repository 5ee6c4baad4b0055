import { contactBook, type Draft, firstOf, type Unpacked } from 'didcomm-mote'
import { crypto } from 'didcomm-mote/crypto'
import { didKey } from 'didcomm-mote/did'
import { type SenmlRecord, senmlToCbor } from 'didcomm-mote/message'
import { pack, REPORT, report, reportType, telemetry } from 'didcomm-mote/protocols/telemetry'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { party } from '../agent/world.ts'

const RECORDS: SenmlRecord[] = [
  { n: 't', v: 21.5 },
  { n: 'p', v: 1016.6 },
]

async function carry(draft: Draft, encoding: 'json' | 'compact') {
  const network = memoryNetwork()
  const contacts = contactBook(crypto, firstOf(didKey(crypto)))
  const sensor = party('s', [network.transport('s')], { protocols: [telemetry()], contacts })
  const gateway = party('g', [network.transport('g')], { protocols: [telemetry()], contacts })
  await contacts.add({ did: gateway.did, uri: 'memory:g' })
  await contacts.add({ did: sensor.did, uri: 'memory:s' })
  const got: Unpacked[] = []
  gateway.agent.on(REPORT, (received) => void got.push(received) as undefined)
  await sensor.agent.start()
  await gateway.agent.start()
  const { packet, uri } = await sensor.agent.prepare(draft, { to: gateway.did, encoding })
  await sensor.agent.transmit({ packet, uri })
  return { bytes: packet.bytes.length, body: got[0]?.message.body, refused: gateway.agent.counters().refused }
}

describe('a report', () => {
  it.each(['json', 'compact'] as const)('comes out in %s as it went in', async (encoding) => {
    const { body } = await carry(report(RECORDS), encoding)
    expect(body).toEqual({ senml: RECORDS })
    expect(pack(body ?? {})).toEqual(RECORDS)
  })

  it('has its SenML pack alone for a body in a compact envelope', async () => {
    expect(reportType.body?.toCbor({ senml: RECORDS as never })).toEqual(senmlToCbor(RECORDS))
    const dense = await carry(report(RECORDS), 'compact')
    const spelled = await carry({ type: REPORT, body: { senml: RECORDS as never, more: 1 } }, 'compact')
    expect(spelled.body).toEqual({ senml: RECORDS, more: 1 })
    expect(spelled.bytes - dense.bytes).toBeGreaterThan(15)
  })

  it.each([
    ['no pack', {}],
    ['text', { senml: 'hot' }],
    ['null', { senml: null }],
    ['an object', { senml: { n: 't', v: 1 } }],
    ['an empty list', { senml: [] }],
    ['a list of text', { senml: ['hot'] }],
    ['a record with text for a number', { senml: [{ n: 't', v: 'hot' }] }],
    ['a record that must be understood', { senml: [{ n: 't', v: 1, later_: 1 }] }],
    ['two values', { senml: [{ n: 't', v: 1, vs: 'one' }] }],
    ['a pack of another version', { senml: [{ n: 't', v: 1, bver: 11 }] }],
  ])('with %s can be sent and read in both encodings, and is no pack', async (_, body) => {
    expect(reportType.body?.toCbor(body as never)).toBeUndefined()
    for (const encoding of ['json', 'compact'] as const) {
      const carried = await carry({ type: REPORT, body: body as never }, encoding)
      expect(carried.body).toEqual(body)
      expect(() => pack(carried.body ?? {})).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_MALFORMED' }))
    }
  })

  it('is refused with ERR_MESSAGE_MALFORMED where its CBOR is no SenML', () => {
    for (const value of [
      1,
      'x',
      [],
      [[]],
      [new Map([[0, 1]])],
      [new Map([[99, 1]])],
      null,
      undefined,
      new Uint8Array(3),
    ]) {
      expect(() => reportType.body?.fromCbor(value as never)).toThrow(
        expect.objectContaining({ code: 'ERR_MESSAGE_MALFORMED' }),
      )
    }
  })

  it('never fails to be packed, and is never changed, whatever JSON is in it', () => {
    const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: true } as never)
    fc.assert(
      fc.property(
        fc.oneof(json, fc.array(fc.dictionary(fc.constantFrom('n', 'v', 'u', 'vs', 'bn', 't', 'x'), json))),
        (senml) => {
          const dense = reportType.body?.toCbor({ senml: senml as never })
          if (dense === undefined) return
          const back = reportType.body?.fromCbor(dense)
          // -0 becomes 0, as JSON.stringify makes it.
          expect(back).toEqual(JSON.parse(JSON.stringify({ senml })))
        },
      ),
    )
  })

  it('of a program that puts in what is no JSON is its mistake', () => {
    const senml = [
      { n: 't', v: 1, x: undefined },
      { n: 'u', v: 1, x: () => 1 },
    ]
    expect(() => reportType.body?.toCbor({ senml: senml as never })).toThrow(TypeError)
  })
})
