import { ARRAY, BYTES, type CborValue, MAP, NEGATIVE, SIMPLE, TAG, Tagged, TEXT, UNSIGNED } from './cbor.ts'

/** Collects the bytes of one encoding. */
interface Output {
  bytes: Uint8Array<ArrayBuffer>
  length: number
}

/**
 * Encodes deterministically (RFC 8949 §4.2.1): shortest heads, definite lengths, shortest floats that keep the value,
 * and map keys in the order of their encodings.
 *
 * Throws a `TypeError` for what CBOR cannot carry, or a map key that appears twice.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const out: Output = { bytes: new Uint8Array(256), length: 0 }
  encode(out, value)
  return out.bytes.slice(0, out.length)
}

/** Encodes a number as a float in its shortest form, even where it is an integer. */
export function encodeFloat(value: number): Uint8Array {
  const out: Output = { bytes: new Uint8Array(9), length: 0 }
  float(out, value)
  return out.bytes.subarray(0, out.length)
}

function encode(out: Output, value: CborValue): void {
  switch (typeof value) {
    case 'number':
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) integer(out, value)
      else float(out, value)
      break
    case 'bigint':
      bigInteger(out, value)
      break
    case 'string':
      string(out, TEXT, new TextEncoder().encode(value))
      break
    case 'boolean':
      head(out, SIMPLE, value ? 21 : 20)
      break
    case 'undefined':
      head(out, SIMPLE, 23)
      break
    case 'object':
      object(out, value)
      break
    default:
      throw new TypeError(`"value" expected CBOR data, got ${typeof value}`)
  }
}

function object(out: Output, value: object | null): void {
  if (value === null) {
    head(out, SIMPLE, 22)
  } else if (value instanceof Uint8Array) {
    string(out, BYTES, value)
  } else if (Array.isArray(value)) {
    head(out, ARRAY, value.length)
    for (const item of value) encode(out, item)
  } else if (value instanceof Tagged) {
    head(out, TAG, value.tag)
    encode(out, value.value)
  } else {
    map(out, value instanceof Map ? [...value] : Object.entries(value))
  }
}

function map(out: Output, entries: [CborValue, CborValue][]): void {
  head(out, MAP, entries.length)
  const sorted = entries.map(([key, value]) => ({ key: encodeCbor(key), value }))
  sorted.sort((a, b) => compareBytes(a.key, b.key))
  for (const [index, { key, value }] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before && compareBytes(before.key, key) === 0) throw new TypeError('"value" has a map with a key twice')
    append(out, key)
    encode(out, value)
  }
}

function integer(out: Output, value: number): void {
  if (value >= 0) head(out, UNSIGNED, value)
  else head(out, NEGATIVE, -1 - value)
}

function bigInteger(out: Output, value: bigint): void {
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
    integer(out, Number(value))
    return
  }
  const argument = value < 0n ? -1n - value : value
  if (argument > 0xffff_ffff_ffff_ffffn) throw new RangeError('"value" has an integer of more than 64 bits')
  const at = reserve(out, 9)
  out.bytes[at] = ((value < 0n ? NEGATIVE : UNSIGNED) << 5) | 27
  view(out).setBigUint64(at + 1, argument)
}

function string(out: Output, majorType: number, bytes: Uint8Array): void {
  head(out, majorType, bytes.length)
  append(out, bytes)
}

/** Writes the initial byte and the argument, in the shortest form. */
function head(out: Output, majorType: number, argument: number): void {
  const type = majorType << 5
  if (argument < 24) {
    const at = reserve(out, 1)
    out.bytes[at] = type | argument
  } else if (argument <= 0xff) {
    const at = reserve(out, 2)
    out.bytes[at] = type | 24
    out.bytes[at + 1] = argument
  } else if (argument <= 0xffff) {
    const at = reserve(out, 3)
    out.bytes[at] = type | 25
    view(out).setUint16(at + 1, argument)
  } else if (argument <= 0xffff_ffff) {
    const at = reserve(out, 5)
    out.bytes[at] = type | 26
    view(out).setUint32(at + 1, argument)
  } else {
    const at = reserve(out, 9)
    out.bytes[at] = type | 27
    view(out).setBigUint64(at + 1, BigInt(argument))
  }
}

function float(out: Output, value: number): void {
  const half = halfFloat(value)
  if (half !== undefined) {
    const at = reserve(out, 3)
    out.bytes[at] = (SIMPLE << 5) | 25
    view(out).setUint16(at + 1, half)
  } else if (Math.fround(value) === value) {
    const at = reserve(out, 5)
    out.bytes[at] = (SIMPLE << 5) | 26
    view(out).setFloat32(at + 1, value)
  } else {
    const at = reserve(out, 9)
    out.bytes[at] = (SIMPLE << 5) | 27
    view(out).setFloat64(at + 1, value)
  }
}

/** Returns the IEEE 754 binary16 bits of `value`, or `undefined` where they would not keep it. */
function halfFloat(value: number): number | undefined {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const magnitude = Math.abs(value)
  if (magnitude === 0) return sign
  if (magnitude === Number.POSITIVE_INFINITY) return sign | 0x7c00
  // Below 2^-14 the exponent stays and the 10 bits of the fraction count steps of 2^-24.
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14)
  const steps = magnitude * 2 ** (10 - exponent)
  if (exponent > 15 || !Number.isInteger(steps) || steps >= 2048) return undefined
  return sign | (steps < 1024 ? steps : ((exponent + 15) << 10) | (steps - 1024))
}

function append(out: Output, bytes: Uint8Array): void {
  const at = reserve(out, bytes.length)
  out.bytes.set(bytes, at)
}

/** Makes room for `count` bytes, and returns where they begin. */
function reserve(out: Output, count: number): number {
  const at = out.length
  out.length += count
  if (out.length > out.bytes.length) {
    const larger = new Uint8Array(Math.max(out.length, 2 * out.bytes.length))
    larger.set(out.bytes)
    out.bytes = larger
  }
  return at
}

function view(out: Output): DataView {
  return new DataView(out.bytes.buffer)
}

/** Compares in the order of RFC 8949 §4.2.1: byte by byte. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
