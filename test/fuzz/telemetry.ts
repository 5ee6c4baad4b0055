import { expect } from 'vitest'
import { decodeCbor, encodeCbor } from '../../runtime/bytes/index.ts'
import {
  type Message,
  parseCompact,
  resolveSenml,
  type SenmlRecord,
  senmlFromCbor,
  senmlToCbor,
  serializeCompact,
  typeRegistry,
} from '../../runtime/message/index.ts'
import { pack, REPORT, reportType } from '../../runtime/protocols/telemetry.ts'
import { ownVectors } from '../vectors.ts'
import { changedCbor } from './cbor.ts'
import { changedJson, withHostile } from './mutate.ts'
import type { Target } from './random.ts'

/** Readings of sensors in both encodings, and the compact plaintexts around them. */

const { packs } = ownVectors<{ packs: Record<string, SenmlRecord[]> }>('senml-rfc8428.json')
const genuine: readonly SenmlRecord[][] = Object.values(packs)
const types = typeRegistry([reportType])
const options = { types, implied: { from: 'did:example:alice', to: 'did:example:bob' }, id: 'derived' }

/** Whatever is taken for a pack resolves to records that stand alone, and goes through CBOR as it is. */
function expectWhole(records: readonly SenmlRecord[]): void {
  expect(senmlFromCbor(decodeCbor(encodeCbor(senmlToCbor(records))))).toEqual(records)
  for (const record of resolveSenml(records)) {
    expect(Object.keys(record).filter((label) => /^b[ntuvs]$/.test(label))).toEqual([])
    for (const value of [record.v, record.s, record.t]) expect(value === undefined || Number.isFinite(value)).toBe(true)
    expect(record.n).toMatch(/^[A-Za-z0-9]/)
  }
}

export function senmlTarget(): Target {
  const dense = genuine.map((records) => encodeCbor(senmlToCbor(records)))
  return {
    name: 'SenML',
    run(random) {
      if (random.below(2) === 0) {
        expectWhole(senmlFromCbor(decodeCbor(changedCbor(random.pick(dense), random, random.pick(dense)))))
        return 'CBOR'
      }
      const records = random.pick(genuine)
      const body = { senml: random.below(3) === 0 ? records.map((one) => withHostile(one, random)) : records }
      const changed = JSON.parse(
        JSON.stringify(changedJson(body as never, random, { senml: random.pick(genuine) } as never)),
      )
      expectWhole(pack(changed))
      return 'JSON'
    },
  }
}

/** A compact plaintext that was changed is no message, or one that is written and read again as it is. */
export function compactPlaintextTarget(): Target {
  const headers = { thid: 't-1', created_time: 1_767_225_600, ack: ['m-1'], x: { list: [1.5, null, 'x'] } }
  const attachments = [{ id: 'a', data: { base64: 'AAEC' } }]
  const written = [
    ...genuine.map((senml) => ({ type: REPORT, body: { senml } })),
    { id: 'm-2', type: 'https://example.org/a/1.0/b', body: { a: [1, { b: 'c' }] }, attachments, ...headers },
  ].map((message) => serializeCompact(message as unknown as Message, options))
  return {
    name: 'compact plaintexts',
    run(random) {
      const message = parseCompact(changedCbor(random.pick(written), random, random.pick(written)), options)
      expect([typeof message.id, typeof message.type, typeof message.body]).toEqual(['string', 'string', 'object'])
      expect(parseCompact(serializeCompact(message, options), options)).toEqual(message)
      return 'a message'
    },
  }
}
