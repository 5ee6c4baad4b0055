import { DidCommError } from '../errors.ts'
import {
  ARRAY,
  BYTES,
  type CborLimits,
  type CborValue,
  MAP,
  MAX_DEPTH,
  NEGATIVE,
  SIMPLE,
  Tagged,
  TEXT,
} from './cbor.ts'
import { halfBits, halfValue } from './float.ts'
import { decodeUtf8 } from './utf8.ts'

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
  const reader = new Reader(bytes, maxItems, anyMapOrder)
  const value = reader.item(maxDepth)
  reader.end()
  return value
}

/** One decoding. Its members are private to the language, so that a minifier can shorten their names. */
class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #anyMapOrder: boolean
  #itemsLeft: number
  #at = 0

  constructor(bytes: Uint8Array, maxItems: number, anyMapOrder: boolean) {
    this.#bytes = bytes
    this.#anyMapOrder = anyMapOrder
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#itemsLeft = maxItems
  }

  end(): void {
    if (this.#at < this.#bytes.length) throw malformed('bytes after the item', this.#at)
  }

  item(depth: number): CborValue {
    const start = this.#take(1)
    if (this.#itemsLeft-- <= 0) throw new DidCommError('ERR_TOO_LARGE', `CBOR of too many items at offset ${start}`)
    if (depth < 0) throw malformed('nested too deep', start)
    const initial = this.#bytes[start]!
    const majorType = initial >> 5
    if (majorType === SIMPLE) return this.#simple(initial, start)
    const value = this.#argument(initial & 31, start)
    if (majorType <= NEGATIVE) return majorType < NEGATIVE ? value : minusOneMinus(value)
    if (typeof value === 'bigint') throw malformed('a length or tag out of range', start)
    if (majorType === BYTES) return this.#bytes.subarray(this.#take(value), this.#at)
    if (majorType === TEXT) return this.#text(value, start)
    if (majorType === ARRAY) return this.#array(value, depth - 1)
    if (majorType === MAP) return this.#map(value, depth - 1)
    return new Tagged(value, this.item(depth - 1))
  }

  /** A false count reserves nothing: it runs into the end of the input, or into `maxItems`. */
  #array(length: number, depth: number): CborValue[] {
    const items: CborValue[] = []
    while (items.length < length) items.push(this.item(depth))
    return items
  }

  #map(size: number, depth: number): Map<CborValue, CborValue> {
    const entries = new Map<CborValue, CborValue>()
    let before = 0
    for (let i = 0; i < size; i++) {
      const start = this.#at
      const key = this.item(depth)
      // Where order does not show what is there twice, the `Map` does, which tells two byte strings apart whatever is in them.
      const inOrder = this.#anyMapOrder ? typeof key !== 'object' : i === 0 || this.#isAscending(before, start)
      // Keys of different bytes can still be one in a `Map`: the integer 1 and the float 1.0.
      if (!inOrder || entries.has(key)) throw malformed('a map key twice or unsorted', start)
      before = start
      entries.set(key, this.item(depth))
    }
    return entries
  }

  /** Compares what begins at two offsets. No key is the beginning of another, so they differ before either ends. */
  #isAscending(a: number, b: number): boolean {
    const bytes = this.#bytes
    const end = this.#at
    let i = 0
    while (b + i < end && bytes[a + i] === bytes[b + i]) i++
    return b + i < end && bytes[a + i]! < bytes[b + i]!
  }

  #text(length: number, start: number): string {
    const bytes = this.#bytes.subarray(this.#take(length), this.#at)
    try {
      // Most texts are short and ASCII, for which the decoder of the host takes longer than this.
      return (length < 24 && shortAscii(bytes)) || decodeUtf8(bytes)
    } catch {
      throw malformed('text that is not UTF-8', start)
    }
  }

  /** Reads the argument of a head, which must be in its shortest form. */
  #argument(info: number, start: number): number | bigint {
    if (info < 24) return info
    if (info > 27) throw malformed('an indefinite length or a reserved value', start)
    const value = this.#unsigned(info)
    if (value < SHORTEST[info - 24]!) throw malformed('a head that is not shortest', start)
    return value
  }

  #unsigned(info: number): number | bigint {
    const from = this.#take(1 << (info - 24))
    if (info === 24) return this.#bytes[from]!
    if (info === 25) return this.#view.getUint16(from)
    if (info === 26) return this.#view.getUint32(from)
    const value = this.#view.getBigUint64(from)
    return value > Number.MAX_SAFE_INTEGER ? value : Number(value)
  }

  #simple(initial: number, start: number): CborValue {
    switch (initial) {
      case 0xf4:
        return false
      case 0xf5:
        return true
      case 0xf6:
        return null
      case 0xf7:
        return undefined
      case 0xf9:
      case 0xfa:
      case 0xfb:
        return this.#float(initial, start)
      default:
        throw malformed('an unknown simple value', start)
    }
  }

  #float(initial: number, start: number): number {
    const view = this.#view
    const from = this.#take(1 << (initial - 0xf8))
    let value: number
    let isShortest: boolean
    if (initial === 0xf9) {
      value = halfValue(view.getUint16(from))
      isShortest = !Number.isNaN(value) || view.getUint16(from) === 0x7e00
    } else if (initial === 0xfa) {
      value = view.getFloat32(from)
      isShortest = halfBits(view.getUint32(from)) === undefined
    } else {
      value = view.getFloat64(from)
      isShortest = !Object.is(Math.fround(value), value)
    }
    if (!isShortest) throw malformed('a float that is not shortest', start)
    return value
  }

  #take(count: number): number {
    const from = this.#at
    if (count > this.#bytes.length - from) throw malformed('the end of the input', from)
    this.#at = from + count
    return from
  }
}

/** The least argument of each size, in bytes 1, 2, 4 and 8. */
const SHORTEST = [24, 0x100, 0x1_0000, 0x1_0000_0000]

function malformed(what: string, offset: number): DidCommError {
  return new DidCommError('ERR_BYTES_MALFORMED', `CBOR: ${what} at offset ${offset}`)
}

function minusOneMinus(argument: number | bigint): number | bigint {
  const value = -1n - BigInt(argument)
  return value < Number.MIN_SAFE_INTEGER ? value : Number(value)
}

function shortAscii(bytes: Uint8Array): string | undefined {
  let text = ''
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i]! > 127) return undefined
    text += String.fromCharCode(bytes[i]!)
  }
  return text
}
