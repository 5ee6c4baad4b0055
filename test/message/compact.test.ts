import { deepStrictEqual } from 'node:assert'
import {
  type CompactType,
  type Json,
  type JsonObject,
  type Message,
  type Packable,
  parseCompact,
  resolveSenml,
  type SenmlRecord,
  senmlFromCbor,
  senmlToCbor,
  serializeCompact,
  typeRegistry,
} from 'didcomm-mote/message'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CborValue, decodeHex, encodeCbor, encodeHex, Tagged } from '../../runtime/bytes/index.ts'
import { messages } from './arbitrary.ts'

const malformed = expect.objectContaining({ code: 'ERR_MESSAGE_MALFORMED' })

const PING = 'https://didcomm.org/trust-ping/2.0/ping'
const REPORT = 'https://example.com/telemetry/1.0/report'
const LUNCH = 'https://example.com/lunch/1.0/proposal'

const report: CompactType = {
  code: 1,
  type: REPORT,
  body: {
    toCbor: ({ senml, ...others }) =>
      Array.isArray(senml) && Object.keys(others).length === 0 ? senmlToCbor(senml as SenmlRecord[]) : undefined,
    fromCbor: (value) => ({ senml: senmlFromCbor(value) as JsonObject[] }),
  },
}
const types = typeRegistry([report, { code: 3, type: PING }])
const implied = { from: 'did:example:sensor', to: 'did:example:gateway' }
const addressed = { from: implied.from, to: [implied.to] }

function hexOf(message: Packable, given: { from?: string; to?: string } = implied): string {
  return encodeHex(serializeCompact(message, { types, implied: given }))
}

function parse(item: CborValue, given: { from?: string; to?: string } = implied): Message {
  return parseCompact(encodeCbor(item), { types, implied: given, id: 'derived' })
}

function roundTrip(message: Packable, given: { from?: string; to?: string } = implied): Message {
  return parseCompact(serializeCompact(message, { types, implied: given }), { types, implied: given, id: 'derived' })
}

describe('a compact plaintext', () => {
  it('is its type and body where the envelope says the rest', () => {
    expect(hexOf({ type: PING, body: {} })).toBe('8203a0')
    expect(hexOf({ ...addressed, type: PING, typ: 'application/didcomm-plain+json', body: {} })).toBe('8203a0')
    expect(parse([3, new Map()])).toEqual({ id: 'derived', type: PING, ...addressed, body: {} })
  })

  it('is its type, body and time where that is all', () => {
    expect(hexOf({ type: PING, body: { a: 1 }, created_time: 1_516_269_022 })).toBe('8303a16161011a5a606dde')
    expect(parse([3, new Map([['a', 1]]), 1_516_269_022])).toEqual({
      id: 'derived',
      type: PING,
      ...addressed,
      created_time: 1_516_269_022,
      body: { a: 1 },
    })
  })

  it('is a map with numbers for the standard headers, and text for others', () => {
    const message = {
      id: 'i',
      type: LUNCH,
      from: 'did:example:a',
      to: ['did:example:b', 'did:example:c'],
      created_time: 1,
      expires_time: 2,
      thid: 't',
      pthid: 'p',
      from_prior: 'j',
      return_route: 'all',
      attachments: [{ data: { base64: 'aGk' } }],
      body: { x: true },
    }
    const map = new Map<CborValue, CborValue>([
      [1, 'i'],
      [2, LUNCH],
      [3, 'did:example:a'],
      [4, ['did:example:b', 'did:example:c']],
      [5, 1],
      [6, { x: true }],
      [7, 2],
      [8, 't'],
      [9, 'p'],
      [10, [{ data: { base64: decodeHex('6869') } }]],
      [11, 'j'],
      ['return_route', 'all'],
    ])
    expect(hexOf(message)).toBe(encodeHex(encodeCbor(map)))
    expect(parse(map)).toEqual(message)
  })

  it('leaves an empty body out of a map', () => {
    expect(hexOf({ type: PING, thid: 't', body: {} })).toBe('a20203086174')
    expect(
      parse(
        new Map<CborValue, CborValue>([
          [2, 3],
          [8, 't'],
        ]),
      ),
    ).toEqual({ id: 'derived', type: PING, ...addressed, thid: 't', body: {} })
  })

  it('of an anonymous sender names nobody, unless the message does', () => {
    const anonymous = { to: implied.to }
    expect(roundTrip({ type: PING, body: {} }, anonymous)).not.toHaveProperty('from')
    expect(roundTrip({ type: PING, from: implied.from, body: {} }, anonymous)).toHaveProperty('from', implied.from)
    expect(roundTrip({ type: PING, body: {} }, {})).toEqual({ id: 'derived', type: PING, body: {} })
  })

  it('says who it is from and to where that is not what the envelope says', () => {
    const message = { id: '1', type: PING, from: 'did:example:other', to: [], body: {} }
    expect(roundTrip(message)).toEqual(message)
    const more = { id: '1', type: PING, from: implied.from, to: [implied.to, 'did:example:c'], body: {} }
    expect(roundTrip(more)).toEqual(more)
    expect(hexOf(more)).not.toContain(encodeHex(new TextEncoder().encode(implied.from)))
  })

  it('survives, whatever it holds', () => {
    fc.assert(
      fc.property(messages(), (message) => {
        const given = { from: 'did:example:alice', to: 'did:example:bob' }
        // A message without a sender or recipients is read as one that names those of the envelope.
        const expected = { from: given.from, to: [given.to], ...message }
        deepStrictEqual(roundTrip(message, given), expected)
        deepStrictEqual(roundTrip(message, {}), message)
      }),
      { numRuns: 500 },
    )
  })

  it('has 0 for -0', () => {
    expect(roundTrip({ type: PING, body: { zero: -0 } }).body['zero']).toBe(0)
    expect(parseCompact(decodeHex('8203a16161f98000'), { types, implied, id: '1' }).body['a']).toBe(0)
  })

  it('leaves out members that are undefined', () => {
    expect(hexOf({ type: PING, body: { a: undefined }, thid: undefined as never })).toBe('8203a0')
  })

  it.each([
    ['canonical base64url', 'aGkgCg', true],
    ['nothing', '', true],
    ['padding', 'aGkgCg==', false],
    ['the other alphabet', '+/+/', false],
    ['stray bits at the end', 'aGkgCh', false],
    ['characters too few', 'aGkgC', false],
    ['white space', 'aGkg Cg', false],
  ])('carries an attachment of %s as it came', (_, base64, isBytes) => {
    const message = { id: '1', type: LUNCH, ...addressed, body: {}, attachments: [{ id: 'a', data: { base64 } }] }
    expect(roundTrip(message)).toEqual(message)
    const text = encodeHex(encodeCbor({ base64 }))
    expect(hexOf(message).includes(text)).toBe(!isBytes)
  })
})

describe('a body with a codec', () => {
  const senml = [{ n: 't', u: 'Cel', v: 21.5 }]

  it('travels in its dense form', () => {
    expect(hexOf({ type: REPORT, body: { senml } })).toBe(`820181a30061740163${'43656c02f94d60'}`)
    const { body } = roundTrip({ type: REPORT, body: { senml } })
    expect(body).toEqual({ senml })
    expect(resolveSenml(body['senml'] as JsonObject[])).toEqual(senml)
  })

  it('travels as a map where it has no dense form', () => {
    const body = { senml, comment: 'hot' }
    expect(roundTrip({ type: REPORT, body }).body).toEqual(body)
    expect(roundTrip({ type: REPORT, body: {} }).body).toEqual({})
    expect(roundTrip({ type: REPORT, body: {}, thid: 't' }).body).toEqual({})
  })

  it('is found by the URI of the type as well as by its number', () => {
    expect(parse([REPORT, [new Map([[2, 1]])]]).body).toEqual({ senml: [{ v: 1 }] })
  })

  it('that gives a map is a mistake of the program', () => {
    for (const dense of [new Map(), {}]) {
      const confused = { code: 1, type: REPORT, body: { toCbor: () => dense, fromCbor: () => ({}) } }
      const options = { types: typeRegistry([confused]), implied: {} }
      expect(() => serializeCompact({ type: REPORT, body: {} }, options)).toThrow(TypeError)
    }
  })

  it('is malformed where the codec says so', () => {
    expect(() => parse([1, 'text'])).toThrow(malformed)
    expect(() => hexOf({ type: REPORT, body: { senml: [1] } })).toThrow(malformed)
  })
})

describe('what no compact plaintext may hold', () => {
  it.each<[string, CborValue]>([
    ['a number', 1],
    ['text', 'text'],
    ['a byte string', new Uint8Array(2)],
    ['null', null],
    ['a tag', new Tagged(1, [3, new Map()])],
    ['an empty array', []],
    ['a type alone', [3]],
    ['four items', [3, new Map(), 1, 1]],
    ['an empty map', new Map()],
    ['an unknown type number', [99, new Map()]],
    ['a fraction as type', [0.5, new Map()]],
    ['a large integer as type', [2n ** 60n, new Map()]],
    ['null as type', [null, new Map()]],
    ['a type that is no URI', ['ping', new Map()]],
    ['a body that is an array', [3, []]],
    ['a body that is null', [3, null]],
    ['a body that is undefined', [3, undefined]],
    ['a time that is undefined', [3, new Map(), undefined]],
    ['a time that is text', [3, new Map(), '1']],
    ['a negative time', [3, new Map(), -1]],
  ])('%s is refused', (_, value) => {
    expect(() => parse(value)).toThrow(malformed)
  })

  it.each<[string, CborValue, CborValue]>([
    ['an unknown number', 12, 1],
    ['a negative number', -1, 1],
    ['a standard header as text', 'thid', 't'],
    ['the id as text', 'id', 't'],
    ['typ', 'typ', 'application/didcomm-plain+json'],
    ['__proto__', '__proto__', new Map([['polluted', true]])],
    ['a byte string as name', new Uint8Array(1), 1],
    ['an id of other characters', 1, 'a b'],
    ['a sender with a fragment', 3, 'did:example:a#1'],
    ['a thread that is a byte string', 8, new Uint8Array(2)],
    ['attachments that are a map', 10, new Map()],
    ['an attachment that is a number', 10, [1]],
    ['attachment data that are a byte string', 10, [new Map([['data', new Uint8Array(2)]])]],
    ['an attachment of a number as base64', 10, [new Map([['data', new Map([['base64', 1]])]])]],
    ['a byte string in attached JSON', 10, [{ data: { json: { base64: new Uint8Array(1) } } }]],
    ['a byte string in another header', 'x', new Uint8Array(1)],
    ['NaN', 'x', Number.NaN],
    ['an infinity', 'x', Number.NEGATIVE_INFINITY],
    ['undefined', 'x', [undefined]],
    ['a large integer', 'x', 2n ** 53n],
    ['a large negative integer', 'x', -(2n ** 53n)],
    ['a tag', 'x', new Tagged(4, [-1, 1])],
    ['a map with numbers as keys', 'x', new Map([[1, 1]])],
    ['__proto__ deep inside', 'x', [new Map([['__proto__', 1]])]],
  ])('the header %s is refused', (_, label, item) => {
    const map = new Map<CborValue, CborValue>([[2, 3]])
    expect(() => parse(map.set(label, item))).toThrow(malformed)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('the name __proto__ is not sent either, at any depth', () => {
    const body = JSON.parse('{"a":[{"__proto__":{"polluted":true}}]}') as JsonObject
    expect(() => hexOf({ type: PING, body })).toThrow(malformed)
    const message = { type: PING, ...JSON.parse('{"__proto__":1,"body":{}}') } as Packable
    expect(() => hexOf(message)).toThrow(malformed)
  })

  it('names that objects inherit are names like others', () => {
    const body = { constructor: 1, toString: 'x', hasOwnProperty: null }
    expect(roundTrip({ type: PING, body } as Packable).body).toEqual(body)
    expect(roundTrip({ type: PING, body: {}, constructor: 'c' } as Packable)['constructor']).toBe('c')
  })

  it('halves of surrogate pairs are not sent, in values or names', () => {
    expect(() => hexOf({ type: PING, body: { a: '\ud83d' } })).toThrow(malformed)
    expect(() => hexOf({ type: PING, body: { '\udc00': 1 } })).toThrow(malformed)
    expect(roundTrip({ type: PING, body: { '😀': '😀' } }).body).toEqual({ '😀': '😀' })
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, Symbol('s'), () => 1, [undefined]])(
    '%s is no JSON to send',
    (value) => {
      expect(() => hexOf({ type: PING, body: { value: value as Json } })).toThrow(TypeError)
    },
  )

  it('what is nested too deep is refused at both ends, and what is just not is taken', () => {
    const nested = (depth: number): Json => (depth === 0 ? 1 : [nested(depth - 1)])
    const deepest = { type: PING, body: { a: nested(14) } }
    expect(roundTrip(deepest).body).toEqual(deepest.body)
    expect(roundTrip({ ...deepest, thid: 't' }).body).toEqual(deepest.body)
    expect(() => hexOf({ type: PING, body: { a: nested(15) } })).toThrow(malformed)
    // What encodeCbor does not write: [3, {"a": [[[ … 1 … ]]]}]
    const tooDeep = decodeHex(`8203a16161${'81'.repeat(15)}01`)
    expect(() => parseCompact(tooDeep, { types, implied, id: '1' })).toThrow(
      expect.objectContaining({ code: 'ERR_BYTES_MALFORMED' }),
    )
  })

  it('bytes that are no deterministic CBOR are refused', () => {
    for (const hex of ['', '82', '8203a0ff', '8203bfff', '821803a0', '8203a2616101616102']) {
      expect(() => parseCompact(decodeHex(hex), { types, implied, id: '1' })).toThrow(
        expect.objectContaining({ code: 'ERR_BYTES_MALFORMED' }),
      )
    }
    expect(() => parseCompact(new Uint8Array(2 ** 20 + 1), { types, implied, id: '1' })).toThrow(
      expect.objectContaining({ code: 'ERR_TOO_LARGE' }),
    )
  })

  it('no bytes cause another error than DidCommError', () => {
    const whole = serializeCompact(
      { type: REPORT, body: { senml: [{ n: 'a', v: 1.1 }] }, thid: 't' },
      { types, implied },
    )
    const damaged = fc
      .tuple(fc.nat(whole.length - 1), fc.nat(255))
      .map(([at, byte]) => whole.map((before, i) => (i === at ? byte : before)))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), damaged), (bytes) => {
        try {
          parseCompact(bytes, { types, implied, id: '1' })
        } catch (error) {
          expect(error).toHaveProperty('name', 'DidCommError')
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
