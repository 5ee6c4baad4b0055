import { DidCommError } from '../errors.ts'
import {
  ARRAY,
  argumentBytes,
  BYTES,
  type CborLimits,
  type CborValue,
  compareItems,
  MAP,
  MAX_DEPTH,
  NEGATIVE,
  SIMPLE,
  SIMPLES,
  Tagged,
  TEXT,
  UNSIGNED,
} from './cbor.ts'
import { floatInfo, halfBits, halfValue } from './float.ts'
import { decodeUtf8 } from './utf8.ts'

/** The least argument of each size, in bytes 1, 2, 4 and 8. */
const LEAST = [24, 0x100, 0x1_0000, 0x1_0000_0000]

/**
 * Decodes one item of deterministic CBOR (RFC 8949 §4.2.1), and nothing behind it. What is not shortest, indefinite,
 * out of order or there twice is refused. A float may have an integer for its value, as it may come from a program that
 * has two types for numbers. Byte strings are views into `bytes`.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED` with the offset, `ERR_TOO_LARGE`
 */
export function decodeCbor(bytes: Uint8Array, limits: CborLimits = {}): CborValue {
  const { maxBytes = 1 << 20, maxDepth = MAX_DEPTH, maxItems = 1 << 16, anyMapOrder = false } = limits
  if (bytes.length > maxBytes) throw new DidCommError('ERR_TOO_LARGE', `CBOR of more than ${maxBytes} bytes`)
  return new Reader(bytes, maxItems, anyMapOrder).decode(maxDepth)
}

/** One decoding. Its members are private to the language, so that a minifier can shorten their names. */
class Reader {
  readonly #bytes: Uint8Array
  readonly #anyMapOrder: boolean
  #itemsLeft: number
  #at = 0

  constructor(bytes: Uint8Array, maxItems: number, anyMapOrder: boolean) {
    this.#bytes = bytes
    this.#anyMapOrder = anyMapOrder
    this.#itemsLeft = maxItems
  }

  decode(maxDepth: number): CborValue {
    const value = this.#item(maxDepth)
    if (this.#at < this.#bytes.length) throw malformed('bytes after the item', this.#at)
    return value
  }

  #item(depth: number): CborValue {
    const start = this.#take(1)
    if (this.#itemsLeft-- <= 0) throw new DidCommError('ERR_TOO_LARGE', `CBOR of too many items at offset ${start}`)
    if (depth < 0) throw malformed('nested too deep', start)
    const initial = this.#bytes[start]!
    const majorType = initial >> 5
    const info = initial & 31
    if (majorType === SIMPLE) return this.#simple(info, start)
    const value = info < 24 ? info : this.#argument(info, start)
    if (majorType === UNSIGNED) return value
    if (majorType === NEGATIVE) return minusOneMinus(value)
    if (typeof value === 'bigint') throw malformed('a length or tag out of range', start)
    return this.#content(majorType, value, start, depth - 1)
  }

  /** Reads what a head announces. */
  #content(majorType: number, length: number, start: number, depth: number): CborValue {
    if (majorType === BYTES) return this.#bytes.subarray(this.#take(length), this.#at)
    if (majorType === TEXT) return this.#text(length, start)
    if (majorType === ARRAY) return this.#array(length, depth)
    if (majorType === MAP) return this.#map(length, depth)
    return new Tagged(length, this.#item(depth))
  }

  /** A false count reserves nothing: it runs into the end of the input, or into `maxItems`. */
  #array(length: number, depth: number): CborValue[] {
    const items: CborValue[] = []
    while (items.length < length) items.push(this.#item(depth))
    return items
  }

  #map(size: number, depth: number): Map<CborValue, CborValue> {
    const entries = new Map<CborValue, CborValue>()
    let before = 0
    for (let i = 0; i < size; i++) {
      const start = this.#at
      const key = this.#item(depth)
      // Where order does not show what is there twice, the `Map` does, which tells two byte strings apart whatever is in them.
      const isUnsorted = this.#anyMapOrder
        ? typeof key === 'object'
        : i > 0 && compareItems(this.#bytes, start, this.#at, before) <= 0
      before = start
      if (!isUnsorted) entries.set(key, this.#item(depth))
      // Keys of different bytes can still be one in a `Map`: the integer 1 and the float 1.0.
      if (entries.size <= i) throw malformed('a map key twice or unsorted', start)
    }
    return entries
  }

  #text(length: number, start: number): string {
    const bytes = this.#bytes
    const from = this.#take(length)
    let ascii = ''
    // Most texts are short and ASCII, for which the decoder of the host takes longer than this.
    if (length < 24) for (let i = from; bytes[i]! < 0x80 && i < this.#at; i++) ascii += String.fromCharCode(bytes[i]!)
    if (ascii.length === length) return ascii
    try {
      return decodeUtf8(bytes.subarray(from, this.#at))
    } catch {
      throw malformed('text that is not UTF-8', start)
    }
  }

  /** Reads the argument of a head, which must be in its shortest form. */
  #argument(info: number, start: number): number | bigint {
    if (info > 27) throw malformed('an indefinite length or a reserved value', start)
    const from = this.#take(argumentBytes(info))
    let value = 0
    for (let i = from; i < this.#at; i++) value = value * 0x100 + this.#bytes[i]!
    if (value < LEAST[info - 24]!) throw malformed('a head that is not shortest', start)
    return value > Number.MAX_SAFE_INTEGER ? this.#view(from).getBigUint64(0) : value
  }

  #simple(info: number, start: number): CborValue {
    if (info >= 20 && info < 24) return SIMPLES[info - 20]
    if (info < 25 || info > 27) throw malformed('an unknown simple value', start)
    const view = this.#view(this.#take(argumentBytes(info)))
    let value: number
    if (info === 25) value = halfValue(view.getUint16(0))
    else value = info === 26 ? view.getFloat32(0) : view.getFloat64(0)
    if (info !== floatInfo(value) || (info === 25 && view.getUint16(0) !== halfBits(value))) {
      throw malformed('a float that is not shortest', start)
    }
    return value
  }

  #view(from: number): DataView {
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + from)
  }

  #take(count: number): number {
    const from = this.#at
    if (count > this.#bytes.length - from) throw malformed('the end of the input', from)
    this.#at = from + count
    return from
  }
}

function malformed(what: string, offset: number): DidCommError {
  return new DidCommError('ERR_BYTES_MALFORMED', `CBOR: ${what} at offset ${offset}`)
}

function minusOneMinus(argument: number | bigint): number | bigint {
  return argument < Number.MAX_SAFE_INTEGER ? -1 - Number(argument) : -1n - BigInt(argument)
}
