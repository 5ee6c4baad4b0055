import { Decoder } from 'cbor-x'
import { type JsonObject, resolveSenml, type SenmlRecord, senmlFromCbor, senmlToCbor } from 'didcomm-mote/message'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CborValue, decodeCbor, decodeHex, encodeCbor, encodeHex, Tagged } from '../../runtime/bytes/index.ts'
import { ownVectors } from '../vectors.ts'

const rfc = ownVectors<{
  packs: Record<string, SenmlRecord[]>
  resolved: { of: string; is: string }
  cbor: { of: string; hex: string }
}>('senml-rfc8428.json')

const malformed = expect.objectContaining({ code: 'ERR_MESSAGE_MALFORMED' })

function packNamed(name: string): SenmlRecord[] {
  const pack = rfc.packs[name]
  if (!pack) throw new Error(`no example ${name}`)
  return pack
}

/** The CBOR of one number, alone as a value. */
function hexOf(v: number): string {
  return encodeHex(encodeCbor(senmlToCbor([{ n: 'a', v }]))).slice('81a200616102'.length)
}

function roundTrip(pack: readonly SenmlRecord[]): SenmlRecord[] {
  return senmlFromCbor(decodeCbor(encodeCbor(senmlToCbor(pack))))
}

describe('SenML as CBOR', () => {
  it.each(Object.keys(rfc.packs))('example %s of RFC 8428 survives', (name) => {
    expect(roundTrip(packNamed(name))).toEqual(packNamed(name))
  })

  it('the CBOR of RFC 8428 §6 is the JSON of §5.1.2', () => {
    // Its map keys are not sorted, so that an independent, lenient decoder reads it.
    const lenient = new Decoder({ mapsAsObjects: false, useRecords: false })
    const expected = packNamed(rfc.cbor.of).map((record, i) => (i === 6 ? { ...record, t: 0 } : record))
    expect(senmlFromCbor(lenient.decode(decodeHex(rfc.cbor.hex)) as CborValue)).toEqual(expected)
  })

  it('an independent decoder reads the same values', () => {
    const lenient = new Decoder({ mapsAsObjects: false, useRecords: false })
    const pack = packNamed('5.1.5')
    expect(lenient.decode(encodeCbor(senmlToCbor(pack)))).toEqual([
      new Map<number, unknown>([
        [0, 'temp'],
        [1, 'Cel'],
        [2, 23.1],
        [-2, 'urn:dev:ow:10e2073a01080063:'],
      ]),
      new Map<number, unknown>([
        [0, 'label'],
        [3, 'Machine Room'],
      ]),
      new Map<number, unknown>([
        [0, 'open'],
        [4, false],
      ]),
      new Map<number, unknown>([
        [0, 'nfc-reader'],
        [8, new TextEncoder().encode('hi \n')],
      ]),
    ])
  })

  it('a reading of one value is 16 bytes', () => {
    expect(encodeHex(encodeCbor(senmlToCbor([{ n: 't', u: 'Cel', v: 21.5 }])))).toBe(
      '81a30061740163' + '43656c02f94d60',
    )
  })

  it.each([
    [1016.6, 'c482201927b6'],
    [-1016.6, 'c482203927b5'],
    [0, '00'],
    [-0, '00'],
    [1, '01'],
    [-500, '3901f3'],
    [21.5, 'f94d60'],
    [0.1, 'c4822001'],
    [23.1, 'c4822018e7'],
    [100_000.5, 'fa47c35040'],
    [1e12, 'c4820c01'],
    [1e20, 'c4821401'],
    [250_000, '1a0003d090'],
    [2 ** 53 * 1e11, 'fb45874876e8000000'],
    [5e-324, 'c48239014305'],
    [1_276_020_076.001, 'fb41d303a15b001062'],
    [Math.PI, 'fb400921fb54442d18'],
    [Number.MAX_VALUE, 'fb7fefffffffffffff'],
    [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'],
  ])('the number %d has the shortest form %s', (number, hex) => {
    expect(hexOf(number)).toBe(hex)
  })

  it('every number survives, never longer than as integer or float', () => {
    const numbers = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), decimals())
    fc.assert(
      fc.property(numbers, (v) => {
        const bytes = encodeCbor(senmlToCbor([{ v }]))
        expect(senmlFromCbor(decodeCbor(bytes))).toEqual([{ v: v + 0 }])
        expect(bytes.length).toBeLessThanOrEqual(3 + encodeCbor(v + 0).length)
      }),
      { numRuns: 1_000 },
    )
  })

  it('unknown labels travel as text, with any JSON', () => {
    const pack = [{ n: 'a', v: 1, x: { deep: [1, null, 'é'] }, bx: 2 }]
    expect(encodeCbor(senmlToCbor(pack)).includes(0x61)).toBe(true)
    expect(roundTrip(pack)).toEqual(pack)
  })

  it('members that are undefined are left out', () => {
    const pack: JsonObject[] = [{ n: 'a', v: 1, u: undefined }]
    expect(roundTrip(pack)).toEqual([{ n: 'a', v: 1 }])
  })

  it.each<[string, unknown]>([
    ['no array', { n: 'a', v: 1 }],
    ['an empty array', []],
    ['too many records', Array.from({ length: 1025 }, () => ({ v: 1 }))],
    ['a record that is null', [null]],
    ['a record that is an array', [[]]],
    ['a name that is a number', [{ n: 1, v: 1 }]],
    ['a value that is text', [{ v: '1' }]],
    ['NaN', [{ v: Number.NaN }]],
    ['an infinity', [{ t: Number.POSITIVE_INFINITY, v: 1 }]],
    ['a boolean value that is text', [{ vb: 'true' }]],
    ['a data value with padding', [{ vd: 'aGkgCg==' }]],
    ['a data value in the other alphabet', [{ vd: '+/+/' }]],
    ['two values', [{ v: 1, vs: 'one' }]],
    ['neither value nor sum', [{ n: 'a' }]],
    ['a field that must be understood', [{ v: 1, mtu_: 1 }]],
    ['the label __proto__', [JSON.parse('{"v":1,"__proto__":{"v":2}}')]],
    ['a newer version', [{ bver: 11, v: 1 }]],
    ['a version of nothing', [{ bver: 0, v: 1 }]],
    [
      'several versions',
      [
        { bver: 5, v: 1 },
        { bver: 6, v: 1 },
      ],
    ],
    ['a version that comes late', [{ v: 1 }, { bver: 6, v: 1 }]],
    ['half of a surrogate pair', [{ vs: '\ud800' }]],
  ])('%s is refused', (_, pack) => {
    expect(() => senmlToCbor(pack as SenmlRecord[])).toThrow(malformed)
  })

  it.each<[string, CborValue]>([
    ['no array', new Map([[2, 1]])],
    ['a record that is no map', [[1]]],
    [
      'a known label as text',
      [
        new Map<CborValue, CborValue>([
          ['n', 'a'],
          [2, 1],
        ]),
      ],
    ],
    [
      'an unknown number',
      [
        new Map([
          [9, 1],
          [2, 1],
        ]),
      ],
    ],
    ['a label that is a byte string', [new Map<CborValue, CborValue>([[new Uint8Array(1), 1]])]],
    [
      'a field that must be understood',
      [
        new Map<CborValue, CborValue>([
          [2, 1],
          ['x_', 1],
        ]),
      ],
    ],
    [
      'the label __proto__',
      [
        new Map<CborValue, CborValue>([
          [2, 1],
          ['__proto__', 1],
        ]),
      ],
    ],
    ['NaN', [new Map([[2, Number.NaN]])]],
    ['a large integer', [new Map([[2, 2n ** 60n]])]],
    ['data as text', [new Map([[8, 'aGkgCg']])]],
    [
      'a byte string as name',
      [
        new Map<CborValue, CborValue>([
          [0, new Uint8Array(1)],
          [2, 1],
        ]),
      ],
    ],
    ['another tag', [new Map([[2, new Tagged(5, [-1, 1])]])]],
    ['a decimal fraction of one', [new Map([[2, new Tagged(4, [1])]])]],
    ['a decimal fraction of floats', [new Map([[2, new Tagged(4, [0.5, 1])]])]],
    ['a decimal fraction with a large mantissa', [new Map([[2, new Tagged(4, [0, 2n ** 60n])]])]],
    ['a decimal fraction beyond all bounds', [new Map([[2, new Tagged(4, [400, 1])]])]],
    ['a decimal fraction as text', [new Map([[2, new Tagged(4, ['1', '2'])]])]],
  ])('%s in CBOR is refused', (_, value) => {
    expect(() => senmlFromCbor(value)).toThrow(malformed)
  })

  it('a decimal fraction far below all numbers is 0', () => {
    expect(senmlFromCbor([new Map([[2, new Tagged(4, [-9_000_000_000, 1])]])])).toEqual([{ v: 0 }])
  })
})

describe('resolved SenML', () => {
  it('the pack of RFC 8428 §5.1.3 resolves to that of §5.1.4', () => {
    expect(resolveSenml(packNamed(rfc.resolved.of))).toEqual(packNamed(rfc.resolved.is))
  })

  it('an older version stays in every record', () => {
    const resolved = resolveSenml(packNamed('5.1.2 with times'))
    expect(resolved).toHaveLength(7)
    expect(resolved[0]).toEqual({
      bver: 5,
      n: 'urn:dev:ow:10e2073a0108006:current',
      u: 'A',
      t: 1_276_020_071.001,
      v: 1.2,
    })
    expect(resolveSenml([{ bver: 10, n: 'a', v: 1 }])).toEqual([{ n: 'a', v: 1 }])
  })

  it('a base name holds until the next, a base time beside it', () => {
    expect(resolveSenml(packNamed('5.1.6')).map(({ n, t }) => [n, t])).toEqual([
      ['2001:db8::2/temperature', 1_320_078_429],
      ['2001:db8::2/humidity', 1_320_078_429],
      ['2001:db8::1/temperature', 1_320_078_429],
      ['2001:db8::1/humidity', 1_320_078_429],
    ])
  })

  it('a record of base fields alone measures nothing', () => {
    expect(resolveSenml(packNamed('5.1.7 thermostat')).map(({ n, v }) => [n, v])).toEqual([
      ['urn:dev:ow:10e2073a01080063:temp', 23.1],
      ['urn:dev:ow:10e2073a01080063:heat', 1],
      ['urn:dev:ow:10e2073a01080063:fan', 0],
    ])
  })

  it('base value and base sum are added, and stand in where a record has none', () => {
    expect(
      resolveSenml([
        { bn: 'm', bv: 100, bs: 10, v: 1, s: 2 },
        { n: '1', s: 1 },
        { n: '2', vs: 'text' },
        { n: '3', ut: 60, v: 0, x: true, bx: 1 },
      ]),
    ).toEqual([
      { n: 'm', v: 101, s: 12 },
      { n: 'm1', v: 100, s: 11 },
      { n: 'm2', vs: 'text', s: 10 },
      { n: 'm3', ut: 60, v: 100, s: 10, x: true },
    ])
  })

  it('resolving twice changes nothing, and the input stays as it is', () => {
    for (const pack of Object.values(rfc.packs)) {
      const before = structuredClone(pack)
      const once = resolveSenml(pack)
      expect(resolveSenml(once)).toEqual(once)
      expect(pack).toEqual(before)
    }
  })

  it.each(['', '-a', ':a', 'a b', 'a\n', 'é', '_a'])('the full name %j is refused', (n) => {
    expect(() => resolveSenml([{ n, v: 1 }])).toThrow(malformed)
  })

  it('a base value holds for all records behind it', () => {
    expect(resolveSenml([{ n: 'a', bv: 1 }, { n: 'b', v: 1 }, { n: 'c' }]).map(({ v }) => v)).toEqual([1, 2, 1])
  })

  it('what is no pack is refused, and so is a sum beyond all bounds', () => {
    expect(() => resolveSenml([{ n: 'a', v: '1' as never }])).toThrow(malformed)
    expect(() => resolveSenml([{ n: 'a', bv: Number.MAX_VALUE, v: Number.MAX_VALUE }])).toThrow(malformed)
  })
})

/** Numbers as sensors give them: a few digits and a decimal point. */
function decimals(): fc.Arbitrary<number> {
  return fc
    .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: -9, max: 9 }))
    .map(([m, e]) => Number(`${m}e${e}`))
}
