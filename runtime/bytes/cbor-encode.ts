import {
  ARRAY,
  argumentBytes,
  BYTES,
  type CborValue,
  compareItems,
  MAP,
  MAX_DEPTH,
  NEGATIVE,
  SIMPLE,
  SIMPLES,
  TAG,
  Tagged,
  TEXT,
  UNSIGNED,
} from './cbor.ts'
import { floatInfo, halfBits } from './float.ts'
import { encodeUtf8 } from './utf8.ts'

/** Where one map entry lies in the output: its key, and what is behind its value. */
type Entry = readonly [key: number, value: number, end: number]

/**
 * Encodes deterministically (RFC 8949 §4.2.1): shortest heads, definite lengths, shortest floats that keep the value,
 * and map keys in the order of their encodings. A number that is a safe integer is encoded as one, whichever way it
 * was written; -0 is a float. Properties of plain objects that are `undefined` are left out.
 *
 * Throws a `TypeError` for what CBOR cannot carry, a lone surrogate included, or a map key that appears twice, and a
 * `RangeError` above 16 levels of nesting or 64 bits.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  return new Writer().encode(value)
}

/**
 * One encoding: a growing buffer. A getter in the value may encode, too, so none is shared. Functions within a function would be smaller, and
 * were measured to be three times slower.
 */
class Writer {
  #bytes = new Uint8Array(128)
  #at = 0

  encode(value: CborValue): Uint8Array {
    this.#item(value, 0)
    return this.#bytes.slice(0, this.#at)
  }

  #item(value: CborValue, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError(`"value" is nested deeper than ${MAX_DEPTH}`)
    if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'object' && value !== null) this.#object(value, depth + 1)
    else if (typeof value === 'bigint') this.#bigInteger(value)
    else if (SIMPLES.includes(value)) this.#head(SIMPLE, 20 + SIMPLES.indexOf(value))
    else throw unfit(`a ${typeof value}`)
  }

  #object(value: CborValue & object, depth: number): void {
    if (value instanceof Uint8Array) {
      this.#head(BYTES, value.length)
      this.#append(value)
    } else if (Array.isArray(value)) {
      this.#head(ARRAY, value.length)
      for (const element of value) this.#item(element, depth)
    } else if (value instanceof Tagged) {
      this.#head(TAG, value.tag)
      this.#item(value.value, depth)
    } else {
      this.#map(value instanceof Map ? value : propertiesOf(value), depth)
    }
  }

  #map(pairs: ReadonlyMap<CborValue, CborValue>, depth: number): void {
    this.#head(MAP, pairs.size)
    const first = this.#at
    const entries: Entry[] = []
    let last: Entry | undefined
    let isSorted = true
    for (const [key, value] of pairs) {
      const start = this.#at
      this.#item(key, depth)
      const keyEnd = this.#at
      if (last && compareItems(this.#bytes, last[0], last[1], start) >= 0) isSorted = false
      this.#item(value, depth)
      last = [start, keyEnd, this.#at]
      entries.push(last)
    }
    if (!isSorted) this.#sort(entries, first)
  }

  /** Kept apart, since a function within `#map` would be made for every map, and most maps are in order. */
  #sort(entries: Entry[], first: number): void {
    const unsorted = this.#bytes.slice(0, this.#at)
    entries.sort((a, b) => {
      const order = compareItems(unsorted, a[0], a[1], b[0])
      if (order === 0 && a !== b) throw unfit('a map with a key twice')
      return order
    })
    this.#at = first
    for (const [start, , end] of entries) this.#append(unsorted.subarray(start, end))
  }

  #text(value: string): void {
    const { length } = value
    const start = this.#at
    // Most texts are short and ASCII: one byte a character, which is tried first.
    if (length < 64) {
      this.#head(TEXT, length)
      const from = this.#take(length)
      const bytes = this.#bytes
      let codes = 0
      for (let i = 0; i < length; i++) codes |= bytes[from + i] = value.charCodeAt(i)
      if (codes < 0x80) return
      this.#at = start
    }
    if (/\p{Surrogate}/u.test(value)) throw unfit('a text with a lone surrogate')
    const encoded = encodeUtf8(value)
    this.#head(TEXT, encoded.length)
    this.#append(encoded)
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.#float(value)
    else if (value < 0) this.#head(NEGATIVE, -1 - value)
    else this.#head(UNSIGNED, value)
  }

  #bigInteger(value: bigint): void {
    const argument = value < 0n ? -1n - value : value
    if (argument >> 64n) throw new RangeError('"value" has an integer of more than 64 bits')
    this.#head(value < 0n ? NEGATIVE : UNSIGNED, Number(argument))
    // The last bits do not fit a number.
    if (argument > Number.MAX_SAFE_INTEGER) new DataView(this.#bytes.buffer).setBigUint64(this.#at - 8, argument)
  }

  #float(value: number): void {
    const info = floatInfo(value)
    const start = this.#take(1 + argumentBytes(info))
    const view = new DataView(this.#bytes.buffer, start)
    view.setUint8(0, (SIMPLE << 5) | info)
    if (info === 25) view.setUint16(1, halfBits(value)!)
    else if (info === 26) view.setFloat32(1, value)
    else view.setFloat64(1, value)
  }

  /** Writes the initial byte and the argument, in the shortest form. */
  #head(majorType: number, argument: number): void {
    // Beyond 23, 24 to 27 say that 1, 2, 4 or 8 bytes follow.
    const info =
      argument < 24
        ? argument
        : 24 + Number(argument > 0xff) + Number(argument > 0xffff) + Number(argument > 0xffff_ffff)
    const start = this.#take(1 + argumentBytes(info))
    const bytes = this.#bytes
    bytes[start] = (majorType << 5) | info
    for (let i = this.#at - 1, rest = argument; i > start; i--, rest /= 0x100) bytes[i] = rest
  }

  #append(more: Uint8Array): void {
    const start = this.#take(more.length)
    this.#bytes.set(more, start)
  }

  /** Makes room, and returns where it begins. */
  #take(count: number): number {
    const start = this.#at
    const end = start + count
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(4 * end)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#at = end
    return start
  }
}

function propertiesOf(value: object): Map<string, CborValue> {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw unfit('an object of a class')
  return new Map(Object.entries(value).filter(([, property]) => property !== undefined))
}

function unfit(what: string): TypeError {
  return new TypeError(`"value" has ${what}`)
}
