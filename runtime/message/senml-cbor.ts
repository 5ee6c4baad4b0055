import { type CborValue, decodeBase64url, encodeBase64url, encodeCbor, Tagged } from '../bytes/index.ts'
import { jsonFromCbor, jsonToCbor, malformed, nameToCbor } from './json-cbor.ts'
import type { Json, JsonObject } from './message.ts'
import { checkSenml, type SenmlRecord } from './senml.ts'

/** RFC 8428, table 4. */
const NUMBERS: ReadonlyMap<string, number> = /* @__PURE__ */ new Map([
  ['bver', -1],
  ['bn', -2],
  ['bt', -3],
  ['bu', -4],
  ['bv', -5],
  ['bs', -6],
  ['n', 0],
  ['u', 1],
  ['v', 2],
  ['vs', 3],
  ['vb', 4],
  ['s', 5],
  ['t', 6],
  ['ut', 7],
  ['vd', 8],
])

const LABELS: ReadonlyMap<CborValue, string> = /* @__PURE__ */ new Map(
  /* @__PURE__ */ Array.from(NUMBERS, ([label, number]) => [number, label]),
)

/** A decimal fraction (RFC 8949 §3.4.4): an exponent of ten and a mantissa. */
const DECIMAL_FRACTION = 4
/** How many arrays and maps lie around a field of a pack that is the body of a message. */
const FIELD_DEPTH = 3

/**
 * Turns a SenML pack into its CBOR form (RFC 8428 §6): integer labels, data values as byte strings, and each number as
 * the shortest of CBOR's forms that give the same number back. `1016.6` becomes a decimal fraction of 6 bytes, where
 * the float would take 9. Integers up to 2^53 - 1 are never floats.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED` for what is no SenML pack, or has a label that ends in `_` (§4.4)
 */
export function senmlToCbor(pack: readonly SenmlRecord[]): CborValue {
  checkSenml(pack)
  return pack.map(recordToCbor)
}

function recordToCbor(record: SenmlRecord): CborValue {
  const map = new Map<CborValue, CborValue>()
  for (const [label, value] of Object.entries(record)) {
    if (value === undefined) continue
    const number = NUMBERS.get(label)
    if (number === undefined) map.set(nameToCbor(label), jsonToCbor(value, FIELD_DEPTH))
    else map.set(number, fieldToCbor(label, value))
  }
  return map
}

function fieldToCbor(label: string, value: Json): CborValue {
  if (label === 'vd' && typeof value === 'string') return decodeBase64url(value)
  return typeof value === 'number' ? numberToCbor(value) : jsonToCbor(value, FIELD_DEPTH)
}

/** Chooses the shortest form; of two that are equally short, the integer or float. */
function numberToCbor(value: number): CborValue {
  const plain = value + 0
  const decimal = decimalFraction(plain)
  return decimal && encodeCbor(decimal).length < encodeCbor(plain).length ? decimal : plain
}

/** Writes a number with the fewest decimal digits that JavaScript reads as the same number. */
function decimalFraction(value: number): Tagged | undefined {
  const [digits = '', power = ''] = value.toExponential().split('e')
  const [whole = '', fraction = ''] = digits.split('.')
  const mantissa = Number(whole + fraction)
  if (!Number.isSafeInteger(mantissa)) return undefined
  return new Tagged(DECIMAL_FRACTION, [Number(power) - fraction.length, mantissa])
}

/**
 * Turns the CBOR form of a SenML pack into records.
 *
 * @throws DidCommError `ERR_MESSAGE_MALFORMED`
 */
export function senmlFromCbor(value: CborValue): SenmlRecord[] {
  const pack = Array.isArray(value) ? value.map(recordFromCbor) : value
  checkSenml(pack)
  return pack
}

function recordFromCbor(value: CborValue): JsonObject {
  if (!(value instanceof Map)) throw malformed('a SenML record expected a map')
  const record: JsonObject = {}
  for (const [key, item] of value) {
    const label = labelOf(key)
    record[label] = typeof key === 'number' ? fieldFromCbor(label, item) : jsonFromCbor(item)
  }
  return record
}

function labelOf(key: CborValue): string {
  if (typeof key === 'string') {
    if (NUMBERS.has(key)) throw malformed(`SenML label "${key}" as text`)
    return nameToCbor(key)
  }
  const label = LABELS.get(key)
  if (label === undefined) throw malformed('a SenML label that is not known here')
  return label
}

function fieldFromCbor(label: string, item: CborValue): Json {
  if (label === 'vd') {
    if (!(item instanceof Uint8Array)) throw malformed('a SenML data value that is no byte string')
    return encodeBase64url(item)
  }
  return item instanceof Tagged ? fromDecimalFraction(item) : jsonFromCbor(item)
}

function fromDecimalFraction({ tag, value }: Tagged): number {
  const [exponent, mantissa] = Array.isArray(value) && value.length === 2 ? value : []
  if (tag !== DECIMAL_FRACTION || !Number.isSafeInteger(exponent) || !Number.isSafeInteger(mantissa)) {
    throw malformed('a tag in SenML that is no decimal fraction')
  }
  // Reading the text rounds once; computing mantissa * 10 ** exponent would round twice.
  const number = Number(`${mantissa}e${exponent}`)
  if (!Number.isFinite(number)) throw malformed('a SenML number beyond all bounds')
  return number + 0
}
