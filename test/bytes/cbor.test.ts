import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CborValue, decodeCbor, decodeHex, encodeCbor, encodeHex, Tagged } from '../../runtime/bytes/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { ownVectors } from '../vectors.ts'

interface AppendixA {
  vectors: {
    hex: string
    value?: CborValue
    note?: string
    bigint?: string
    tag?: number
    bytes?: string
    map?: [CborValue, CborValue][]
    float?: boolean
    rejects?: string
  }[]
}

const named: Record<string, CborValue> = {
  '-0': -0,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
  undefined: undefined,
  '["a", {"b": "c"}]': ['a', new Map([['b', 'c']])],
}

function expected(vector: AppendixA['vectors'][number]): CborValue {
  if (vector.tag !== undefined) {
    return new Tagged(vector.tag, vector.bytes === undefined ? vector.value : decodeHex(vector.bytes))
  }
  if (vector.bigint !== undefined) return BigInt(vector.bigint)
  if (vector.bytes !== undefined) return decodeHex(vector.bytes)
  if (vector.map !== undefined) return new Map(vector.map)
  return vector.note === undefined ? vector.value : named[vector.note]
}

function decode(hex: string): CborValue {
  return decodeCbor(decodeHex(hex))
}

function encode(value: CborValue): string {
  return encodeHex(encodeCbor(value))
}

/** Expects the refusal and returns the offset that its message names. */
function offsetOfRefusal(hex: string): number {
  try {
    decode(hex)
  } catch (error) {
    if (!isDidCommError(error, 'ERR_BYTES_MALFORMED')) throw error
    const offset = /at offset (\d+)$/.exec(error.message)?.[1]
    expect(offset, error.message).toBeDefined()
    return Number(offset)
  }
  throw new Error(`${hex} was decoded`)
}

describe('RFC 8949 appendix A', () => {
  for (const vector of ownVectors<AppendixA>('rfc8949-appendix-a.json').vectors) {
    if (vector.rejects !== undefined) {
      it(`${vector.hex} is refused: ${vector.rejects}`, () => {
        offsetOfRefusal(vector.hex)
      })
    } else {
      it(`${vector.hex} is decoded${vector.float ? '' : ' and encoded'}`, () => {
        expect(decode(vector.hex)).toStrictEqual(expected(vector))
        if (!vector.float) expect(encode(expected(vector))).toBe(vector.hex)
      })
    }
  }
})

describe('RFC 8949 appendix F', () => {
  const { source: _, ...groups } = ownVectors<Record<string, string[]>>('rfc8949-appendix-f.json')
  for (const [group, items] of Object.entries(groups)) {
    it(`what is not well-formed (${group}) is refused with an offset inside of the input`, () => {
      for (const hex of items) expect(offsetOfRefusal(hex), hex).toBeLessThanOrEqual(hex.length / 2)
    })
  }
})

describe('decodeCbor', () => {
  it('refuses everything but the shortest form of a number', () => {
    for (const hex of [
      '1817',
      '190018',
      '1900ff',
      '1a0000ffff',
      '1b00000000ffffffff',
      '3817',
      '5801ff',
      '7800',
      '9800',
      'b800',
      'd801f6',
    ]) {
      expect(offsetOfRefusal(hex), hex).toBe(0)
    }
  })

  it('refuses a float that fits a shorter one', () => {
    for (const hex of [
      'fa3fc00000',
      'fa00000000',
      'fa80000000',
      'fa33800000',
      'fb3ff8000000000000',
      'fb3ff8000020000000',
      'f97e01',
      'f9fe00',
      'fa7fc00001',
      'fb7ff8000000000001',
    ]) {
      expect(offsetOfRefusal(hex), hex).toBe(0)
    }
    for (const hex of ['fa33000000', 'fa33800001', 'fa33800001', 'fa38801000'])
      expect(encode(decode(hex)), hex).toBe(hex)
  })

  it('refuses map keys that are out of order, twice, or equal as numbers', () => {
    expect(offsetOfRefusal('a202000100')).toBe(3)
    expect(offsetOfRefusal('a201000100')).toBe(3)
    expect(offsetOfRefusal('a2616200616100')).toBe(4)
    expect(offsetOfRefusal('a2010000f93c0000')).toBe(3)
    expect(offsetOfRefusal('a20000f9800000')).toBe(3)
    expect(offsetOfRefusal('a2626161006162 00'.replace(' ', ''))).toBe(5)
  })

  it('orders keys bytewise, not by length first', () => {
    expect(
      encode(
        new Map<CborValue, CborValue>([
          ['aa', 1],
          [100, 2],
          [-1, 3],
          ['z', 4],
          [[100], 5],
          [10, 6],
          [false, 7],
        ]),
      ),
    ).toBe('a70a06186402200361 7a046261610181186405f407'.replace(' ', ''))
  })

  it('refuses what follows the one data item, and no input at all', () => {
    expect(offsetOfRefusal('0000')).toBe(1)
    expect(offsetOfRefusal('')).toBe(0)
  })

  it('refuses text that is not UTF-8, short or long', () => {
    expect(offsetOfRefusal('62c328')).toBe(0)
    expect(offsetOfRefusal(`8101${'00'}`.replace('8101', '82007863') + 'ff'.repeat(98))).toBeGreaterThan(0)
  })

  it('keeps a byte order mark at the start of a text', () => {
    expect(decode('63efbbbf')).toBe('\ufeff')
  })

  it('refuses what lies in more than 16 arrays, maps and tags, and takes 16', () => {
    expect(decode(`${'81'.repeat(16)}00`)).toBeDefined()
    expect(encode(decode(`${'c1'.repeat(16)}80`))).toBe(`${'c1'.repeat(16)}80`)
    expect(offsetOfRefusal(`${'81'.repeat(17)}00`)).toBe(17)
    expect(offsetOfRefusal(`${'c1'.repeat(17)}00`)).toBe(17)
    expect(offsetOfRefusal('a1'.repeat(100_000))).toBe(17)
  })

  it('refuses a count that the input cannot hold, and reserves nothing for it', () => {
    expect(offsetOfRefusal('9affffffff00')).toBe(6)
    expect(offsetOfRefusal('bb001fffffffffffff')).toBe(9)
    expect(offsetOfRefusal('5affffffff00')).toBe(5)
  })

  it('holds to the limits that it was given', () => {
    const tooLarge = expect.objectContaining({ code: 'ERR_TOO_LARGE' })
    const list = encodeCbor([1, [2, 3]])
    expect(decodeCbor(list, { maxItems: 5, maxDepth: 2, maxBytes: 5 })).toEqual([1, [2, 3]])
    expect(() => decodeCbor(list, { maxItems: 4 })).toThrow(tooLarge)
    expect(() => decodeCbor(list, { maxBytes: 4 })).toThrow(tooLarge)
    expect(() => decodeCbor(list, { maxDepth: 1 })).toThrow(expect.objectContaining({ code: 'ERR_BYTES_MALFORMED' }))
    expect(() => decodeCbor(new Uint8Array(2 ** 20 + 1))).toThrow(tooLarge)
    const tooMany = new Uint8Array(70_005)
    tooMany.set(decodeHex('9a00011170'))
    expect(() => decodeCbor(tooMany)).toThrow(tooLarge)
  })

  it('returns byte strings as views into the input, wherever that starts', () => {
    const input = decodeHex('ffff4401020304ff').subarray(2, 7)
    const value = decodeCbor(input)
    expect(value).toEqual(decodeHex('01020304'))
    expect((value as Uint8Array).buffer).toBe(input.buffer)
    expect(decodeCbor(decodeHex('ffff8419010219fffefa477fff01fb3ff199999999999aff').subarray(2, 23))).toEqual([
      258, 65534, 65535.00390625, 1.1,
    ])
  })

  it('throws nothing but DidCommError, whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          const value = decodeCbor(bytes)
          expect(decodeCbor(encodeCbor(value))).toEqual(value)
        } catch (error) {
          expect(isDidCommError(error), String(error)).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('encodeCbor', () => {
  it('encodes plain objects as maps, without properties that are undefined', () => {
    expect(encode({ b: 1, a: undefined, c: null })).toBe('a26162016163f6')
    expect(encode(JSON.parse('{"__proto__": 1}'))).toBe('a1695f5f70726f746f5f5f01')
  })

  it('refuses what has no CBOR form', () => {
    const cycle: CborValue[] = []
    cycle.push(cycle)
    expect(() => encodeCbor(cycle)).toThrow(RangeError)
    expect(() => encodeCbor(2n ** 64n)).toThrow(RangeError)
    expect(() => encodeCbor('\ud800')).toThrow(TypeError)
    expect(() => encodeCbor(`${'x'.repeat(100)}\udc00`)).toThrow(TypeError)
    expect(() => encodeCbor(new Date() as unknown as CborValue)).toThrow(TypeError)
    expect(() => encodeCbor((() => 1) as unknown as CborValue)).toThrow(TypeError)
    expect(() =>
      encodeCbor(
        new Map<CborValue, CborValue>([
          [1, 1],
          [1n, 2],
        ]),
      ),
    ).toThrow(TypeError)
    expect(() => new Tagged(-1, 0)).toThrow(RangeError)
  })

  it('encodes -2^53, which is no safe integer, as the integer it is when it is a bigint', () => {
    expect(encode(-(2n ** 53n))).toBe('3b001fffffffffffff')
    expect(decode('3b001fffffffffffff')).toBe(-(2n ** 53n))
    expect(decode('3b001ffffffffffffe')).toBe(Number.MIN_SAFE_INTEGER)
    expect(encode(2 ** 53)).toBe('fa5a000000')
  })

  it('survives a getter that encodes in the middle of an encoding', () => {
    const value = {
      a: 'first',
      get b(): number {
        return encodeCbor(['x'.repeat(1000)]).length
      },
      c: 'last',
    }
    expect(decodeCbor(encodeCbor(value))).toEqual(
      new Map<string, CborValue>([
        ['a', 'first'],
        ['b', 1004],
        ['c', 'last'],
      ]),
    )
  })

  it('round-trips every value exactly, and always in the same bytes', () => {
    const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium', maxDepth: 8 },
        fc.oneof(
          fc.integer(),
          fc.maxSafeInteger(),
          fc.double(),
          fc.float(),
          fc.double({ min: -2, max: 2, noNaN: true }).map((n) => Math.round(n * 64) / 64),
          fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
          fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }),
        ),
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        fc.boolean(),
        fc.constantFrom(null, undefined),
        fc.uint8Array({ maxLength: 300 }),
        fc.array(tie('value'), { maxLength: 30 }),
        fc
          .uniqueArray(fc.tuple(fc.oneof(fc.integer(), fc.string()), tie('value')), {
            selector: ([key]) => key,
            maxLength: 30,
          })
          .map((entries) => new Map<CborValue, CborValue>(entries)),
        fc.tuple(fc.nat(), tie('value')).map(([tag, item]) => new Tagged(tag, item)),
      ),
    }))
    fc.assert(
      fc.property(value, (input) => {
        const bytes = encodeCbor(input)
        const output = decodeCbor(bytes)
        expect(sorted(output)).toStrictEqual(sorted(input))
        expect(encodeCbor(output)).toEqual(bytes)
      }),
      { numRuns: 300 },
    )
  })
})

/** Orders map entries by their encoded keys, since Maps are compared in order and `toStrictEqual` must tell -0 from 0. */
function sorted(value: CborValue): CborValue {
  if (Array.isArray(value)) return value.map(sorted)
  if (value instanceof Tagged) return new Tagged(value.tag, sorted(value.value))
  if (!(value instanceof Map)) return value
  const entries = [...value].map(([key, item]): [string, CborValue] => [encode(key), sorted(item)])
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
