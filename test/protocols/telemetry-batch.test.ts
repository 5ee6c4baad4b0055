import { type Draft, memorySeenStore } from 'didcomm-mote'
import { decodeCbor, encodeCbor } from 'didcomm-mote/bytes'
import { resolveSenml, senmlToCbor } from 'didcomm-mote/message'
import { report, telemetry } from 'didcomm-mote/protocols/telemetry'
import {
  BATCH,
  type Batch,
  backlog,
  batch,
  batches,
  batchType,
  readBatch,
  sequelOf,
} from 'didcomm-mote/protocols/telemetry-batch'
import { memoryNetwork } from 'didcomm-mote/transports/memory'
import { describe, expect, it } from 'vitest'
import { pair } from './telemetry-pair.ts'

const T = 1_767_225_600
const reading = (i: number) => ({ n: 'attic:t', u: 'Cel', t: T + 60 * i, v: 20 + i / 10 })
const malformed = expect.objectContaining({ code: 'ERR_MESSAGE_MALFORMED' })

describe('a batch', () => {
  it.each(['json', 'compact'] as const)(
    'carries what waited in %s, and is forgotten when it is acknowledged',
    async (encoding) => {
      const got: Batch[] = []
      const { sensor, gateway } = await pair(
        memoryNetwork(),
        [batches(() => undefined)],
        [batches((made) => void got.push(made))],
        {
          seen: memorySeenStore(),
        },
      )
      const waiting = backlog({ first: 7 })
      for (let i = 0; i < 30; i++) waiting.add(reading(i))
      const made = waiting.next()!
      await sensor.agent.send(batch(made), { to: gateway.did, encoding })
      expect(got).toEqual([made])
      expect([made.first, made.last]).toEqual([7, 36])
      expect(resolveSenml(got[0]!.records)).toEqual(Array.from({ length: 30 }, (_, i) => reading(i)))
      waiting.confirm(made.last)
      expect(waiting.next()).toBeUndefined()
    },
  )

  it('of thirty readings takes an eighth of the bytes of thirty reports', async () => {
    const { sensor, gateway } = await pair(memoryNetwork(), [telemetry(), batches(() => undefined)], [])
    const waiting = backlog()
    for (let i = 0; i < 30; i++) waiting.add(reading(i))
    const bytes = async (draft: Draft) =>
      (await sensor.agent.prepare(draft, { to: gateway.did, encoding: 'compact' })).packet.bytes.length
    expect([await bytes(report([reading(0)])), await bytes(batch(waiting.next()!))]).toEqual([112, 417])
  })

  it('says its last number in a compact envelope only where readings are missing', () => {
    const senml = [{ n: 'a', v: 1 }, { v: 2 }]
    for (const [last, length] of [
      [6, 2],
      [9, 3],
    ] as const) {
      const body = { first: 5, last, senml }
      const dense = batchType.body!.toCbor(body)
      expect(dense).toHaveLength(length)
      expect(batchType.body!.fromCbor(decodeCbor(encodeCbor(dense)))).toEqual(body)
    }
    for (const body of [
      { first: 5, senml },
      { first: -1, last: 2, senml },
      { first: 5, last: 6, senml: [] },
      { first: 5, last: 6, senml, x: 1 },
    ]) {
      expect(batchType.body!.toCbor(body)).toBeUndefined()
    }
  })

  it.each([
    ['fewer numbers than readings', { first: 5, last: 5, senml: [{ n: 'a', v: 1 }, { v: 2 }] }],
    ['no numbers', { senml: [{ n: 'a', v: 1 }] }],
    ['a number that is none', { first: 0.5, last: 1, senml: [{ n: 'a', v: 1 }] }],
    ['no pack', { first: 0, last: 1 }],
  ])('with %s is refused', (_, body) => {
    expect(() => readBatch(body)).toThrow(malformed)
  })

  it('in CBOR is an array of 2 or 3', () => {
    const pack = [new Map<never, never>()]
    for (const value of [
      1,
      [],
      [1],
      [0, 1, pack, 1],
      [-1, senmlToCbor([{ v: 1 }])],
      ['0', senmlToCbor([{ v: 1 }])],
      [0, 1],
    ]) {
      expect(() => batchType.body!.fromCbor(value as never)).toThrow(malformed)
    }
    expect(BATCH).toBe(batchType.type)
  })
})

describe('a backlog', () => {
  it('drops the oldest where there is no room, so that the gap shows in the numbers', () => {
    const waiting = backlog({ maxRecords: 3 })
    for (let i = 0; i < 5; i++) waiting.add(reading(i))
    expect(waiting.counts()).toEqual({ waiting: 3, dropped: 2 })
    const made = waiting.next(2)!
    expect([made.first, made.last]).toEqual([2, 3])
    expect(sequelOf(-1, made)).toEqual({ kind: 'gap', last: 3, missing: { first: 0, last: 1 } })
    waiting.confirm(1)
    expect(waiting.next()!.first).toBe(2)
    waiting.confirm(2)
    expect([waiting.next()!.first, waiting.next()!.last]).toEqual([3, 4])
    waiting.confirm(99)
    expect(waiting.next()).toBeUndefined()
    waiting.add(reading(9))
    expect(waiting.next()!.first).toBe(5)
  })

  it('takes readings alone', () => {
    expect(() => backlog().add({ bn: 'a' })).toThrow(TypeError)
    expect(() => backlog({ maxRecords: 0 })).toThrow(RangeError)
  })
})

describe('the sequel of batches', () => {
  it.each([
    [undefined, 5, 9, { kind: 'next', last: 9 }],
    [4, 5, 9, { kind: 'next', last: 9 }],
    [4, 6, 9, { kind: 'gap', last: 9, missing: { first: 5, last: 5 } }],
    [9, 5, 9, { kind: 'repeat', last: 9 }],
    [7, 5, 9, { kind: 'repeat', last: 9 }],
    [9, 0, 3, { kind: 'restart', last: 3 }],
  ])('after %s, %d to %d', (highest, first, last, sequel) => {
    expect(sequelOf(highest, { first, last })).toEqual(sequel)
  })
})
