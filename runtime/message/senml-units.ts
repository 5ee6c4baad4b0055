import { malformed } from './json-cbor.ts'
import type { SenmlRecord } from './senml.ts'

/** A unit that is a linear function of one of SenML's: `value * scale + offset`. */
export interface SecondaryUnit {
  /** The primary unit. */
  readonly unit: string
  readonly scale: number
  /** Default: 0. */
  readonly offset?: number
}

/** The units of SenML (RFC 8428 §12.1, RFC 8798 §2; IANA, "SenML Units"). A space lies between each two. */
const PRIMARY = `m kg g s A K cd mol Hz rad sr N Pa J W C V F Ohm S Wb T H Cel lm lx Bq Gy Sv kat m2 m3 l m/s m/s2 m3/s l/s W/m2
cd/m2 bit bit/s lat lon pH dB dBW Bspl count / %RH %EL EL 1/s 1/min beat/min beats S/m B VA VAs var vars J/m kg/m3 deg % NTU`

/** Those that the registry lists, and that new producers are told not to use. */
const DEPRECATED = 'g l l/s % Bspl 1/min beat/min beats deg'

/** RFC 8798 §3, table 2, and the six that IANA registered first after it. */
export const secondaryUnits: ReadonlyMap<string, SecondaryUnit> = /* @__PURE__ */ new Map<string, SecondaryUnit>([
  ['ms', { unit: 's', scale: 1 / 1000 }],
  ['min', { unit: 's', scale: 60 }],
  ['h', { unit: 's', scale: 3600 }],
  ['MHz', { unit: 'Hz', scale: 1e6 }],
  ['kW', { unit: 'W', scale: 1000 }],
  ['kVA', { unit: 'VA', scale: 1000 }],
  ['kvar', { unit: 'var', scale: 1000 }],
  ['Ah', { unit: 'C', scale: 3600 }],
  ['Wh', { unit: 'J', scale: 3600 }],
  ['kWh', { unit: 'J', scale: 3_600_000 }],
  ['varh', { unit: 'vars', scale: 3600 }],
  ['kvarh', { unit: 'vars', scale: 3_600_000 }],
  ['kVAh', { unit: 'VAs', scale: 3_600_000 }],
  ['Wh/km', { unit: 'J/m', scale: 3.6 }],
  ['KiB', { unit: 'B', scale: 1024 }],
  ['GB', { unit: 'B', scale: 1e9 }],
  ['Mbit/s', { unit: 'bit/s', scale: 1e6 }],
  ['B/s', { unit: 'bit/s', scale: 8 }],
  ['MB/s', { unit: 'bit/s', scale: 8e6 }],
  ['mV', { unit: 'V', scale: 1 / 1000 }],
  ['mA', { unit: 'A', scale: 1 / 1000 }],
  ['dBm', { unit: 'dBW', scale: 1, offset: -30 }],
  ['ug/m3', { unit: 'kg/m3', scale: 1e-9 }],
  ['mm/h', { unit: 'm/s', scale: 1 / 3_600_000 }],
  ['m/h', { unit: 'm/s', scale: 1 / 3600 }],
  ['ppm', { unit: '/', scale: 1e-6 }],
  ['/100', { unit: '/', scale: 1 / 100 }],
  ['/1000', { unit: '/', scale: 1 / 1000 }],
  ['hPa', { unit: 'Pa', scale: 100 }],
  ['mm', { unit: 'm', scale: 1 / 1000 }],
  ['cm', { unit: 'm', scale: 1 / 100 }],
  ['km', { unit: 'm', scale: 1000 }],
  ['km/h', { unit: 'm/s', scale: 1 / 3.6 }],
  ['ppb', { unit: '/', scale: 1e-9 }],
  ['ppt', { unit: '/', scale: 1e-12 }],
  ['VAh', { unit: 'VAs', scale: 3600 }],
  ['mg/l', { unit: 'kg/m3', scale: 1 / 1000 }],
  ['ug/l', { unit: 'kg/m3', scale: 1e-6 }],
  ['g/l', { unit: 'kg/m3', scale: 1 }],
])

const primary: ReadonlySet<string> = /* @__PURE__ */ new Set(/* @__PURE__ */ PRIMARY.split(/\s/))
const deprecated: ReadonlySet<string> = /* @__PURE__ */ new Set(/* @__PURE__ */ DEPRECATED.split(' '))

/** Tells what a unit is: one of SenML's, one that new producers shall not use, a secondary one, or none. */
export function unitKind(unit: string): 'primary' | 'deprecated' | 'secondary' | 'unknown' {
  if (deprecated.has(unit)) return 'deprecated'
  if (primary.has(unit)) return 'primary'
  return secondaryUnits.has(unit) ? 'secondary' : 'unknown'
}

/**
 * Brings a resolved record from a secondary unit to its primary one (RFC 8798 §3): value and sum. Other records come back
 * as they are. An offset goes into the value alone, since a sum is an integral over a time that the record does not tell.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED` for a sum in a unit with an offset, and a number beyond all bounds
 *
 * @example
 * import { toPrimaryUnit } from 'didcomm-mote/message/units'
 *
 * toPrimaryUnit({ n: 'p', u: 'hPa', v: 1016 }) // { n: 'p', u: 'Pa', v: 101600 }
 */
export function toPrimaryUnit(record: SenmlRecord): SenmlRecord {
  const { u, v, s } = record
  const secondary = u === undefined ? undefined : secondaryUnits.get(u)
  if (!secondary) return record
  const { unit, scale, offset = 0 } = secondary
  if (s !== undefined && offset !== 0) throw malformed(`a SenML sum in ${u}, which has an offset`)
  return {
    ...record,
    u: unit,
    ...(v !== undefined && { v: finite(scaled(v, scale) + offset) }),
    ...(s !== undefined && { s: finite(scaled(s, scale)) }),
  }
}

/** A scale below one is the reciprocal of a number that is exact, mostly: dividing by that rounds once. */
function scaled(value: number, scale: number): number {
  const inverse = Math.round(1 / scale)
  return 1 / inverse === scale ? value / inverse : value * scale
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw malformed('a SenML number beyond all bounds')
  return value
}
