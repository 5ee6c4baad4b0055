import { deepStrictEqual } from 'node:assert'
import {
  type Implied,
  type Json,
  type JsonObject,
  type Message,
  parseCompact,
  parseMessage,
  serializeCompact,
  serializeMessage,
  typeRegistry,
} from 'didcomm-mote/message'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CborValue, encodeCbor } from '../../runtime/bytes/index.ts'
import { readMessage } from '../envelope/compact-reference/index.ts'
import { jsonValues, messages } from './arbitrary.ts'

/** A plaintext as JSON text, as a message and as CBOR is one and the same (`docs/compact-envelope.md`, "JSON and CBOR"). */

const PING = 'https://didcomm.org/trust-ping/2.0/ping'
const types = typeRegistry([{ code: 3, type: PING }])
const none: Implied = {}
const toCbor = (message: Message): Uint8Array => serializeCompact(message, { types, implied: none })
const fromCbor = (bytes: Uint8Array): Message => parseCompact(bytes, { types, implied: none, id: 'none' })
const toJson = (message: Message): Uint8Array => new TextEncoder().encode(JSON.stringify(message))
const textOf = (message: Message): Json => JSON.parse(new TextDecoder().decode(serializeMessage(message)))
const malformed = expect.objectContaining({ code: 'ERR_MESSAGE_MALFORMED' })

/** The same JSON with the members of every object in another order. */
function shuffled(value: Json | undefined, seed: number): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, seed) as Json)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, item]) => [name, shuffled(item, seed)] as const)
  return Object.fromEntries(
    entries.sort(([a], [b]) => ((a.length + seed) % 3) - ((b.length + seed) % 3) || (a < b ? 1 : -1)),
  )
}

/** Messages with headers under names that look like numbers, or like those of other places. */
function awkward(): fc.Arbitrary<Message> {
  const names = fc.constantFrom(
    '1',
    '6',
    '11',
    '12',
    '-1',
    'Id',
    'THID',
    'data',
    'base64',
    'é',
    '\u0000',
    ' ',
    '😀',
    'constructor',
    '',
  )
  const headers = fc.dictionary(names, jsonValues(6), { maxKeys: 6, noNullPrototype: true })
  return fc.tuple(messages(), headers).map(([message, more]) => ({ ...more, ...message }))
}

describe('a message survives', () => {
  test('from JSON to CBOR and back', () => {
    fc.assert(
      fc.property(awkward(), (message) => {
        const parsed = parseMessage(toJson(message))
        deepStrictEqual(textOf(fromCbor(toCbor(parsed))), textOf(message))
      }),
      { numRuns: 400 },
    )
  })

  test('from CBOR to JSON and back, byte by byte', () => {
    fc.assert(
      fc.property(awkward(), (message) => {
        const bytes = toCbor(message)
        const { typ: _, ...back } = parseMessage(serializeMessage(fromCbor(bytes)))
        deepStrictEqual(toCbor(back as Message), bytes)
      }),
      { numRuns: 400 },
    )
  })

  test('in whatever order its members are', () => {
    fc.assert(
      fc.property(awkward(), fc.nat(2), (message, seed) => {
        deepStrictEqual(toCbor(shuffled(message as unknown as JsonObject, seed) as unknown as Message), toCbor(message))
      }),
      { numRuns: 200 },
    )
  })

  test('to the reader that was written from the document alone', () => {
    fc.assert(
      fc.property(awkward(), (message) => {
        const read = readMessage(Buffer.from(toCbor(message)), { id: 'none', types: { 3: PING } })
        deepStrictEqual(read, { ...message })
      }),
      { numRuns: 200 },
    )
  })

  test('from CBOR that another writer has chosen, which the second time is that of this one', () => {
    const labels = fc.record(
      {
        1: fc.constant('id-1'),
        5: fc.maxSafeNat(),
        6: fc.dictionary(fc.string({ maxLength: 5 }), jsonValues(3), { maxKeys: 3, noNullPrototype: true }),
        8: fc.constant('t'),
        10: fc.constant([{ data: { base64: 'aGk' } }, { data: { json: null } }]),
      },
      { requiredKeys: [], noNullPrototype: true },
    )
    const type = fc.constantFrom<CborValue>(3, PING, 'https://example.com/a/1.0/b')
    fc.assert(
      fc.property(labels, type, (headers, typeItem) => {
        const entries = Object.entries(headers).map(([label, item]): [CborValue, CborValue] => [
          Number(label),
          item as CborValue,
        ])
        const foreign = encodeCbor(new Map<CborValue, CborValue>([...entries, [2, typeItem]]))
        let message: Message
        try {
          message = fromCbor(foreign)
        } catch (error) {
          // Only names that nothing may have.
          expect(error).toEqual(malformed)
          expect(JSON.stringify(headers)).toContain('__proto__')
          return
        }
        deepStrictEqual(fromCbor(toCbor(message)), message)
      }),
      { numRuns: 300 },
    )
  })
})

describe('numbers', () => {
  const roundTrip = (json: string): Json => {
    const message = parseMessage(new TextEncoder().encode(`{"id":"1","type":"${PING}","body":{"n":${json}}}`))
    return fromCbor(toCbor(message)).body['n'] as Json
  }

  test.each([
    '0',
    '-1',
    '23',
    '24',
    '255',
    '256',
    '65535',
    '65536',
    '4294967295',
    '4294967296',
    '9007199254740991',
    '-9007199254740991',
    '0.1',
    '1.5',
    '-4.1',
    '5e-324',
    '1.7976931348623157e308',
    '65504',
    '65504.5',
    '3.4028234663852886e38',
    '5.960464477539063e-8',
    '1e-7',
    '1.0',
    '1e3',
  ])('%s are the same number', (json) => {
    expect(roundTrip(json)).toBe(JSON.parse(json))
  })

  test('beyond 2^53 - 1 are the doubles that JSON makes of them, however they are written', () => {
    for (const json of ['9007199254740992', '9007199254740994', '1e17', '18446744073709551615', '1e300']) {
      expect(roundTrip(json)).toBe(JSON.parse(json))
    }
  })

  test('that are -0 become 0, and out of range are refused', () => {
    expect(Object.is(roundTrip('-0'), 0)).toBe(true)
    expect(() => roundTrip('1e400')).toThrow(expect.objectContaining({ code: 'ERR_BYTES_MALFORMED' }))
  })

  test('that are integers of 64 bits in CBOR have no JSON that is the same everywhere, and are refused', () => {
    for (const large of [2n ** 53n, -(2n ** 53n), 2n ** 64n - 1n]) {
      const bytes = encodeCbor(
        new Map<CborValue, CborValue>([
          [1, 'id'],
          [2, 3],
          [6, { n: large }],
        ]),
      )
      expect(() => fromCbor(bytes)).toThrow(malformed)
    }
  })
})

describe('what only one of JSON and CBOR can say', () => {
  const body = (value: Json): Message => ({ id: '1', type: PING, body: { value } })

  test.each<[string, () => unknown, RegExp]>([
    ['half of a surrogate pair', () => toCbor(body('\ud800')), /surrogate/],
    ['half of a surrogate pair in a name', () => toCbor(body({ '\udfff': 1 })), /surrogate/],
    ['the name __proto__', () => toCbor(body(JSON.parse('{"__proto__":1}'))), /__proto__/],
    ['nesting that is too deep', () => toCbor(body(JSON.parse('['.repeat(16) + ']'.repeat(16)))), /deeper than 16/],
    [
      'a byte string',
      () =>
        fromCbor(
          encodeCbor(
            new Map<CborValue, CborValue>([
              [1, 'i'],
              [2, 3],
              [6, { b: new Uint8Array(1) }],
            ]),
          ),
        ),
      /JSON/,
    ],
    [
      'a map with a number for a name',
      () =>
        fromCbor(
          encodeCbor(
            new Map<CborValue, CborValue>([
              [1, 'i'],
              [2, 3],
              [6, new Map([[1, 1]])],
            ]),
          ),
        ),
      /no text/,
    ],
    [
      'a header without a name',
      () =>
        fromCbor(
          encodeCbor(
            new Map<CborValue, CborValue>([
              [1, 'i'],
              [2, 3],
              [12, 1],
            ]),
          ),
        ),
      /number/,
    ],
    [
      'a header by a name that has a number',
      () =>
        fromCbor(
          encodeCbor(
            new Map<CborValue, CborValue>([
              [1, 'i'],
              [2, 3],
              ['thid', 't'],
            ]),
          ),
        ),
      /thid/,
    ],
  ])('%s is refused, and named', (_, work, words) => {
    expect(work).toThrow(malformed)
    expect(work).toThrow(words)
  })
})
