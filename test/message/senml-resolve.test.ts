import { resolveSenml, type SenmlRecord, senmlFromCbor, senmlToCbor, shareBases } from 'didcomm-mote/message'
import { secondaryUnits, toPrimaryUnit, unitKind } from 'didcomm-mote/message/units'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCbor, encodeCbor } from '../../runtime/bytes/index.ts'

const NOW_MS = 1_767_225_600_000
const NOW = NOW_MS / 1000
const malformed = expect.objectContaining({ code: 'ERR_MESSAGE_MALFORMED' })

describe('SenML resolved against a clock', () => {
  it('times below 2^28 are counted from now, and a missing one is now', () => {
    const pack = [
      { n: 'a', v: 1 },
      { n: 'b', v: 2, t: -60 },
      { n: 'c', v: 3, t: 2 ** 28 - 1 },
      { n: 'd', v: 4, t: 2 ** 28 },
    ]
    expect(resolveSenml(pack, NOW_MS)).toEqual([
      { n: 'd', v: 4, t: 2 ** 28 },
      { n: 'b', v: 2, t: NOW - 60 },
      { n: 'a', v: 1, t: NOW },
      { n: 'c', v: 3, t: NOW + 2 ** 28 - 1 },
    ])
  })

  it('a relative base time is counted from now as well', () => {
    expect(
      resolveSenml(
        [
          { bn: 'a', bt: -10, v: 1 },
          { t: 5, v: 2 },
        ],
        NOW_MS,
      ).map(({ t }) => t),
    ).toEqual([NOW - 10, NOW - 5])
  })

  it('records come in chronological order, those of one time as they came', () => {
    const pack = [
      { n: 'a', v: 1, t: NOW },
      { n: 'b', v: 2, t: NOW - 1 },
      { n: 'c', v: 3, t: NOW },
    ]
    for (const nowMs of [NOW_MS, Number.NaN]) {
      expect(resolveSenml(pack, nowMs).map(({ n }) => n)).toEqual(['b', 'a', 'c'])
    }
  })

  it('without a clock a relative and an absolute time stay in their order', () => {
    const pack = [
      { n: 'a', v: 1, t: NOW },
      { n: 'b', v: 2, t: -1 },
    ]
    expect(resolveSenml(pack)).toEqual(pack)
  })

  it('a time that lies before all absolute ones is refused', () => {
    expect(() => resolveSenml([{ n: 'a', v: 1, t: -NOW }], NOW_MS)).toThrow(malformed)
  })

  it('resolving again, later, changes nothing', () => {
    fc.assert(
      fc.property(fc.array(record(), { minLength: 1, maxLength: 12 }), (pack) => {
        const once = resolveSenml(pack, NOW_MS)
        expect(resolveSenml(once, NOW_MS + 5000)).toEqual(once)
      }),
    )
  })
})

describe('shared base fields', () => {
  it('give the same records back, through CBOR too, and never more bytes for times and units', () => {
    fc.assert(
      fc.property(fc.array(record(), { minLength: 1, maxLength: 12 }), fc.boolean(), (pack, clock) => {
        const resolved = resolveSenml(pack, clock ? NOW_MS : Number.NaN)
        const shared = shareBases(resolved)
        expect(resolveSenml(shared)).toEqual(resolved)
        expect(resolveSenml(senmlFromCbor(decodeCbor(encodeCbor(senmlToCbor(shared)))))).toEqual(resolved)
      }),
    )
  })

  it('say name, time and unit once', () => {
    const resolved = Array.from({ length: 10 }, (_, i) => ({ n: 'attic:t', u: 'Cel', t: NOW + 60 * i, v: 20 + i / 2 }))
    const bytes = (records: readonly SenmlRecord[]) => encodeCbor(senmlToCbor(records)).length
    expect(shareBases(resolved)[1]).toEqual({ t: 60, v: 20.5 })
    expect([bytes(resolved), bytes(shareBases(resolved))]).toEqual([242, 94])
  })
})

describe('units', () => {
  it.each([
    ['Cel', 'primary'],
    ['/', 'primary'],
    ['kg/m3', 'primary'],
    ['%', 'deprecated'],
    ['deg', 'deprecated'],
    ['hPa', 'secondary'],
    ['furlong', 'unknown'],
    ['', 'unknown'],
    ['constructor', 'unknown'],
  ] as const)('%s is %s', (unit, kind) => {
    expect(unitKind(unit)).toBe(kind)
  })

  it('every secondary unit leads to a primary one, and is none itself', () => {
    expect(secondaryUnits.size).toBe(39)
    for (const [name, { unit }] of secondaryUnits) {
      expect([name, unitKind(name), unit, unitKind(unit)]).toEqual([name, 'secondary', unit, 'primary'])
    }
  })

  it.each([
    [1016.6, 'hPa', 101_660, 'Pa'],
    [1, 'kWh', 3_600_000, 'J'],
    [36, 'km/h', 10, 'm/s'],
    [0, 'dBm', -30, 'dBW'],
    [21, 'ms', 0.021, 's'],
    [3, 'ppm', 0.000003, '/'],
    [2, 'KiB', 2048, 'B'],
    [1, 'ug/m3', 1e-9, 'kg/m3'],
    [250, 'mg/l', 0.25, 'kg/m3'],
    [2, 'VAh', 7200, 'VAs'],
    [5, 'Cel', 5, 'Cel'],
  ])('%d %s is %d %s', (v, u, value, unit) => {
    const converted = toPrimaryUnit({ n: 'x', u, v })
    expect(converted.u).toBe(unit)
    expect(converted.v).toBeCloseTo(value, 12)
  })

  it('sums are converted too, unless the unit has an offset', () => {
    expect(toPrimaryUnit({ n: 'x', u: 'kW', v: 1, s: 2 })).toEqual({ n: 'x', u: 'W', v: 1000, s: 2000 })
    expect(() => toPrimaryUnit({ n: 'x', u: 'dBm', v: 1, s: 2 })).toThrow(malformed)
    expect(() => toPrimaryUnit({ n: 'x', u: 'kW', v: 1e308 })).toThrow(malformed)
  })
})

function record(): fc.Arbitrary<SenmlRecord> {
  const number = fc.integer({ min: -9999, max: 9999 }).map((n) => n / 100)
  const time = fc.oneof(
    fc.integer({ min: -3600, max: 3600 }),
    fc.integer({ min: 0, max: 9_999_999 }).map((n) => NOW - n / 1000),
  )
  return fc
    .record(
      {
        bn: fc.constantFrom('a', 'urn:dev:1:', ''),
        bu: fc.constantFrom('Cel', 'Pa'),
        u: fc.constantFrom('Cel', '%RH'),
        t: time,
        s: number,
        vs: fc.constantFrom('x', ''),
        ut: fc.integer({ min: 0, max: 100 }),
      },
      { requiredKeys: ['s'] },
    )
    .chain((made) => fc.constantFrom('t', 'temp', 't/1').map((n) => ({ n, ...made })))
}
