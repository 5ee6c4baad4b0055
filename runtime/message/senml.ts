import { decodeBase64url } from '../bytes/index.ts'
import { malformed } from './json-cbor.ts'
import type { Json } from './message.ts'

/** One SenML record in its JSON form (RFC 8428 §4). Labels that are not named here are kept as they came. */
export interface SenmlRecord {
  /** Base name: stands before the names from here on. */
  bn?: string
  /** Base time, in seconds, added to the times from here on. */
  bt?: number
  /** Base unit: that of the records from here on that have none. */
  bu?: string
  /** Base value, added to the numeric values from here on. */
  bv?: number
  /** Base sum, added to the sums from here on. */
  bs?: number
  /** Version of SenML, 10 where it is absent. */
  bver?: number
  /** Name. */
  n?: string
  /** Unit, of the registry of RFC 8428 §12.1: `Cel`, `%RH`, `Pa`. */
  u?: string
  /** Value. */
  v?: number
  /** String value. */
  vs?: string
  /** Boolean value. */
  vb?: boolean
  /** Data value, base64url without padding. */
  vd?: string
  /** Integral of the value over time, in its unit times seconds. */
  s?: number
  /** Seconds since 1970; below 2^28, seconds from now. */
  t?: number
  /** Seconds until the next update, at most. */
  ut?: number
  [label: string]: Json | undefined
}

/** The version of SenML that RFC 8428 defines. Newer ones must not be used (§4.4). */
const VERSION = 10
const MAX_RECORDS = 1024
/** RFC 8428 §4.5.3: times from here on count from 1970, those below from now. */
export const ABSOLUTE_TIME: number = 2 ** 28
const VALUES = ['v', 'vs', 'vb', 'vd'] as const
/** RFC 8428 §4.5.1. */
const FULL_NAME = /^[A-Za-z0-9][A-Za-z0-9:./_-]*$/

/** The JSON types of RFC 8428, table 2. */
const FIELDS: ReadonlyMap<string, (value: Json) => boolean> = /* @__PURE__ */ new Map([
  ['bn', isText],
  ['bt', Number.isFinite],
  ['bu', isText],
  ['bv', Number.isFinite],
  ['bs', Number.isFinite],
  ['bver', isVersion],
  ['n', isText],
  ['u', isText],
  ['v', Number.isFinite],
  ['vs', isText],
  ['vb', isBoolean],
  ['vd', isData],
  ['s', Number.isFinite],
  ['t', Number.isFinite],
  ['ut', Number.isFinite],
])

/**
 * Checks that a value is a SenML pack (RFC 8428 §4): 1 to 1,024 records, labels of the right type, one version, at most
 * one value in a record, and at least a value or a sum, its own or a base one, in each that is not for base fields only.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`
 */
export function checkSenml(pack: unknown): asserts pack is SenmlRecord[] {
  if (!Array.isArray(pack) || pack.length < 1 || pack.length > MAX_RECORDS) {
    throw malformed(`a SenML pack expected an array of 1 to ${MAX_RECORDS} records`)
  }
  let version: number | undefined
  let hasBase = false
  for (const record of pack) {
    checkRecord(record)
    hasBase ||= record.bv !== undefined || record.bs !== undefined
    if (isMeasurement(record) && !hasBase && record.s === undefined && valuesOf(record).length === 0) {
      throw malformed('a SenML record with neither value nor sum')
    }
    version ??= record.bver ?? VERSION
    if ((record.bver ?? version) !== version) throw malformed('a SenML pack of several versions')
  }
}

function checkRecord(record: unknown): asserts record is SenmlRecord {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw malformed('a SenML record expected an object')
  }
  for (const [label, value] of Object.entries(record)) {
    const isOfType = FIELDS.get(label)
    if (isOfType ? value !== undefined && !isOfType(value) : label.endsWith('_')) {
      throw malformed(
        isOfType ? `SenML field "${label}" has a value that is not allowed` : 'a SenML field that must be understood',
      )
    }
  }
  if (valuesOf(record as SenmlRecord).length > 1) throw malformed('a SenML record with several values')
}

function valuesOf(record: SenmlRecord): string[] {
  return VALUES.filter((label) => record[label] !== undefined)
}

/** Records of base fields alone set what follows, and measure nothing (RFC 8428 §5.1.7 has one). */
export function isMeasurement(record: SenmlRecord): boolean {
  return Object.entries(record).some(([label, value]) => value !== undefined && !label.startsWith('b'))
}

/**
 * Resolves a pack (RFC 8428 §4.6): each record that is returned stands alone, with its full name, unit, time, value and
 * sum. Records of base fields alone are gone.
 *
 * With a clock, times below 2^28 are counted from now (§4.5.3), a record without a time is of now, and the records come
 * back in chronological order. Without one, such times remain, and the order changes only where all times are of one kind.
 *
 * @param nowMs the time to count from, in milliseconds since 1970; NaN where nobody knows it
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`, also for names that §4.5.1 does not allow, and for a time that lies
 * before 1978-07-04, when counted from now
 *
 * @example
 * import { resolveSenml } from 'didcomm-mote/message'
 *
 * resolveSenml([{ bn: 'urn:dev:1:', bu: 'Cel', n: 'in', v: 21 }, { n: 'out', v: 4 }])
 * // [{ n: 'urn:dev:1:in', u: 'Cel', v: 21 }, { n: 'urn:dev:1:out', u: 'Cel', v: 4 }]
 */
export function resolveSenml(pack: readonly SenmlRecord[], nowMs: number = Number.NaN): SenmlRecord[] {
  checkSenml(pack)
  const resolved: SenmlRecord[] = []
  let base: SenmlRecord = {}
  for (const record of pack) {
    base = { ...base, ...baseFields(record) }
    if (isMeasurement(record)) resolved.push(atTime(resolveRecord(record, base), nowMs / 1000))
  }
  return chronological(resolved)
}

function atTime(record: SenmlRecord, now: number): SenmlRecord {
  const { t = 0 } = record
  if (Number.isNaN(now) || t >= ABSOLUTE_TIME) return record
  const absolute = now + t
  if (absolute < ABSOLUTE_TIME) throw malformed('a SenML time that no clock shows')
  return { ...record, t: absolute }
}

/** A time that is relative cannot be compared with one that is not. */
function chronological(records: SenmlRecord[]): SenmlRecord[] {
  const relative = records.filter(({ t = 0 }) => t < ABSOLUTE_TIME).length
  if (relative > 0 && relative < records.length) return records
  return records.sort(({ t = 0 }, { t: other = 0 }) => t - other)
}

function baseFields({ bn, bt, bu, bv, bs, bver }: SenmlRecord): SenmlRecord {
  return defined({ bn, bt, bu, bv, bs, bver })
}

function resolveRecord(record: SenmlRecord, base: SenmlRecord): SenmlRecord {
  const n = (base.bn ?? '') + (record.n ?? '')
  if (!FULL_NAME.test(n)) throw malformed('a SenML name of other characters than RFC 8428 allows')
  const isNumeric = record.vs === undefined && record.vb === undefined && record.vd === undefined
  const regular = Object.entries(record).filter(([label]) => !label.startsWith('b'))
  return defined({
    ...Object.fromEntries(regular),
    bver: base.bver === VERSION ? undefined : base.bver,
    n,
    u: record.u ?? base.bu,
    t: sum(base.bt, record.t),
    v: isNumeric ? sum(base.bv, record.v) : undefined,
    s: sum(base.bs, record.s),
  })
}

/** RFC 8428 §4.5.3, §4.5.4: where one of the two is missing it counts as zero. */
function sum(base: number | undefined, value: number | undefined): number | undefined {
  if (base === undefined || value === undefined) return base ?? value
  const total = base + value
  if (!Number.isFinite(total)) throw malformed('a SenML number beyond all bounds')
  return total
}

function defined(record: { [label: string]: Json | undefined }): SenmlRecord {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

function isText(value: Json): boolean {
  return typeof value === 'string'
}

function isBoolean(value: Json): boolean {
  return typeof value === 'boolean'
}

function isVersion(value: Json): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= VERSION
}

function isData(value: Json): boolean {
  if (typeof value !== 'string') return false
  try {
    decodeBase64url(value)
    return true
  } catch {
    return false
  }
}
