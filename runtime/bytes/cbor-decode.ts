import { DidCommError } from '../errors.ts'
import { ARRAY, BYTES, type CborLimits, type CborValue, MAP, NEGATIVE, TAG, Tagged, TEXT, UNSIGNED } from './cbor.ts'
import { compareBytes, encodeFloat } from './cbor-encode.ts'

/** Where one decoding stands. */
interface Input {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly maxDepth: number
  offset: number
  itemsLeft: number
}

/**
 * Decodes one item of deterministic CBOR (RFC 8949 §4.2.1), and nothing behind it. What is not shortest, indefinite,
 * out of order or there twice is refused. Byte strings are views into `bytes`.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED` with the offset, `ERR_TOO_LARGE`
 */
export function decodeCbor(bytes: Uint8Array, limits: CborLimits = {}): CborValue {
  const { maxBytes = 1 << 20, maxDepth = 16, maxItems = 1 << 16 } = limits
  if (bytes.length > maxBytes) throw new DidCommError('ERR_TOO_LARGE', `more than ${maxBytes} bytes of CBOR`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const input: Input = { bytes, view, maxDepth, offset: 0, itemsLeft: maxItems }
  const value = item(input, 0)
  if (input.offset < bytes.length) throw malformed(input, 'bytes after the item')
  return value
}

function item(input: Input, depth: number): CborValue {
  if (depth > input.maxDepth) throw malformed(input, `nested deeper than ${input.maxDepth}`)
  input.itemsLeft -= 1
  if (input.itemsLeft < 0) throw malformed(input, 'too many items')
  const initial = take(input, 1)[0]!
  const majorType = initial >> 5
  if (majorType === 7) return simple(input, initial & 31)
  const value = argument(input, initial & 31)
  switch (majorType) {
    case UNSIGNED:
      return value
    case NEGATIVE:
      return negative(value)
    case BYTES:
      return take(input, value)
    case TEXT:
      return text(input, take(input, value))
    case ARRAY:
      return array(input, value, depth)
    case MAP:
      return map(input, value, depth)
    case TAG:
      return new Tagged(Number(value), item(input, depth + 1))
    default:
      throw malformed(input, 'an unknown major type')
  }
}

/** Reads the argument of a head, which must be in its shortest form. */
function argument(input: Input, info: number): number | bigint {
  if (info < 24) return info
  const { view } = input
  const at = input.offset
  switch (info) {
    case 24:
      take(input, 1)
      return atLeast(input, view.getUint8(at), 24)
    case 25:
      take(input, 2)
      return atLeast(input, view.getUint16(at), 0x100)
    case 26:
      take(input, 4)
      return atLeast(input, view.getUint32(at), 0x1_0000)
    case 27: {
      take(input, 8)
      const value = view.getBigUint64(at)
      if (value < 0x1_0000_0000n) throw malformed(input, 'an argument that is not in its shortest form')
      return value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value)
    }
    default:
      throw malformed(input, 'an indefinite length or a reserved value')
  }
}

function atLeast(input: Input, value: number, least: number): number {
  if (value < least) throw malformed(input, 'an argument that is not in its shortest form')
  return value
}

function negative(argument: number | bigint): number | bigint {
  const value = -1n - BigInt(argument)
  return value < BigInt(Number.MIN_SAFE_INTEGER) ? value : Number(value)
}

function text(input: Input, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed(input, 'text that is not UTF-8')
  }
}

function array(input: Input, length: number | bigint, depth: number): CborValue[] {
  checkCount(input, length, 1)
  const items: CborValue[] = []
  for (let i = 0; i < length; i++) items.push(item(input, depth + 1))
  return items
}

function map(input: Input, length: number | bigint, depth: number): Map<CborValue, CborValue> {
  checkCount(input, length, 2)
  const entries = new Map<CborValue, CborValue>()
  let before: Uint8Array | undefined
  for (let i = 0; i < length; i++) {
    const start = input.offset
    const key = item(input, depth + 1)
    const encoded = input.bytes.subarray(start, input.offset)
    if (before && compareBytes(before, encoded) >= 0) throw malformed(input, 'map keys twice or out of order')
    before = encoded
    entries.set(key, item(input, depth + 1))
  }
  return entries
}

/** Every item takes at least one byte: a count that the rest of the input cannot hold is refused at once. */
function checkCount(input: Input, count: number | bigint, bytesEach: number): void {
  if (count > (input.bytes.length - input.offset) / bytesEach) throw malformed(input, 'the end of the input')
}

function simple(input: Input, info: number): CborValue {
  switch (info) {
    case 20:
      return false
    case 21:
      return true
    case 22:
      return null
    case 23:
      return undefined
    case 25:
    case 26:
    case 27:
      return float(input, info)
    default:
      throw malformed(input, 'a simple value without meaning, or an indefinite length')
  }
}

function float(input: Input, info: number): number {
  const start = input.offset - 1
  const { view } = input
  const at = input.offset
  take(input, 1 << (info - 24))
  const value = info === 25 ? halfFloat(view.getUint16(at)) : info === 26 ? view.getFloat32(at) : view.getFloat64(at)
  if (compareBytes(encodeFloat(value), input.bytes.subarray(start, input.offset)) !== 0) {
    throw malformed(input, 'a float that is not in its shortest form')
  }
  return value
}

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (fraction + 1024) * 2 ** (exponent - 25))
}

function take(input: Input, count: number | bigint): Uint8Array {
  if (count > input.bytes.length - input.offset) throw malformed(input, 'the end of the input')
  const start = input.offset
  input.offset += Number(count)
  return input.bytes.subarray(start, input.offset)
}

function malformed(input: Input, what: string): DidCommError {
  return new DidCommError('ERR_BYTES_MALFORMED', `CBOR: ${what} at offset ${input.offset}`)
}
