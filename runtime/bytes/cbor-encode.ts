import { ARRAY, BYTES, type CborValue, MAP, MAX_DEPTH, NEGATIVE, SIMPLE, TAG, Tagged, TEXT, UNSIGNED } from './cbor.ts'
import { halfBits, singleBits } from './float.ts'
import { encodeUtf8 } from './utf8.ts'

/** Where one map entry lies in the output. */
interface Entry {
  readonly start: number
  readonly keyEnd: number
  readonly end: number
}

/**
 * Encodes deterministically (RFC 8949 §4.2.1): shortest heads, definite lengths, shortest floats that keep the value,
 * and map keys in the order of their encodings. A number that is a safe integer is encoded as one, whichever way it
 * was written; -0 is a float. Properties of plain objects that are `undefined` are left out.
 *
 * Throws a `TypeError` for what CBOR cannot carry, a lone surrogate included, or a map key that appears twice, and a
 * `RangeError` above 16 levels of nesting or 64 bits.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const writer = new Writer()
  writer.item(value, 0)
  return writer.bytes()
}

/** One encoding: a growing buffer. A getter in the value may encode, too, so none is shared. */
class Writer {
  #bytes = new Uint8Array(64)
  #at = 0

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  item(value: CborValue, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError(`"value" is nested deeper than ${MAX_DEPTH}`)
    if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'object' && value !== null) this.#object(value, depth + 1)
    else if (typeof value === 'bigint') this.#bigInteger(value)
    else this.#head(SIMPLE, simpleValue(value))
  }

  #object(value: CborValue & object, depth: number): void {
    if (value instanceof Uint8Array) {
      this.#head(BYTES, value.length)
      this.#append(value)
      return
    }
    if (Array.isArray(value)) {
      this.#head(ARRAY, value.length)
      for (const element of value) this.item(element, depth)
    } else if (value instanceof Tagged) {
      this.#head(TAG, value.tag)
      this.item(value.value, depth)
    } else {
      this.#map(value instanceof Map ? value : propertiesOf(value), depth)
    }
  }

  #map(pairs: ReadonlyMap<CborValue, CborValue>, depth: number): void {
    this.#head(MAP, pairs.size)
    const first = this.#at
    let inOrder = true
    const entries: Entry[] = []
    for (const [key, value] of pairs) {
      const start = this.#at
      this.item(key, depth)
      const keyEnd = this.#at
      this.item(value, depth)
      const entry = { start, keyEnd, end: this.#at }
      const before = entries.at(-1)
      inOrder &&= !before || this.#compareKeys(before, entry) < 0
      entries.push(entry)
    }
    if (!inOrder) this.#sort(first, entries)
  }

  #sort(first: number, entries: Entry[]): void {
    entries.sort((a, b) => this.#compareKeys(a, b))
    if (entries.some((entry, i) => i > 0 && this.#compareKeys(entries[i - 1]!, entry) === 0)) {
      throw new TypeError('"value" has a map with a key twice')
    }
    const unsorted = this.#bytes.slice(0, this.#at)
    this.#at = first
    for (const { start, end } of entries) this.#append(unsorted.subarray(start, end))
  }

  /** In bytewise lexicographic order. No key can be the beginning of another: each item tells its own length. */
  #compareKeys(a: Entry, b: Entry): number {
    const bytes = this.#bytes
    for (let i = a.start, j = b.start; i < a.keyEnd; i++, j++) {
      if (bytes[i] !== bytes[j]) return bytes[i]! - bytes[j]!
    }
    return 0
  }

  #text(value: string): void {
    // Most texts are short and ASCII: one byte a character, which is tried first.
    const start = this.#at
    if (value.length < 64) {
      this.#head(TEXT, value.length)
      this.#reserve(value.length)
      const bytes = this.#bytes
      const from = this.#at
      let codes = 0
      for (let i = 0; i < value.length; i++) {
        const code = value.charCodeAt(i)
        codes |= code
        bytes[from + i] = code
      }
      this.#at = from + value.length
      if (codes < 128) return
    }
    this.#at = start
    if (/\p{Surrogate}/u.test(value)) throw new TypeError('"value" has a text with a lone surrogate')
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
    const majorType = value < 0n ? NEGATIVE : UNSIGNED
    const argument = value < 0n ? -1n - value : value
    if (argument >> 64n) throw new RangeError('"value" has an integer of more than 64 bits')
    this.#head(majorType, Number(argument))
    // The last bits do not fit a number.
    if (argument > Number.MAX_SAFE_INTEGER) {
      this.#at -= 8
      this.#uint32(Number(argument >> 32n))
      this.#uint32(Number(argument & 0xffff_ffffn))
    }
  }

  #float(value: number): void {
    this.#reserve(9)
    const single = singleBits(value)
    const half = single !== undefined ? halfBits(single) : undefined
    if (half !== undefined) {
      this.#bytes[this.#at++] = 0xf9
      this.#bytes[this.#at++] = half >> 8
      this.#bytes[this.#at++] = half
    } else if (single !== undefined) {
      this.#bytes[this.#at++] = 0xfa
      this.#uint32(single)
    } else {
      this.#bytes[this.#at++] = 0xfb
      new DataView(this.#bytes.buffer).setFloat64(this.#at, value)
      this.#at += 8
    }
  }

  /** Writes the initial byte and the argument, in the shortest form. */
  #head(majorType: number, argument: number): void {
    this.#reserve(9)
    const type = majorType << 5
    if (argument < 24) {
      this.#bytes[this.#at++] = type | argument
    } else if (argument < 0x100) {
      this.#bytes[this.#at++] = type | 24
      this.#bytes[this.#at++] = argument
    } else if (argument < 0x1_0000) {
      this.#bytes[this.#at++] = type | 25
      this.#bytes[this.#at++] = argument >> 8
      this.#bytes[this.#at++] = argument
    } else if (argument < 0x1_0000_0000) {
      this.#bytes[this.#at++] = type | 26
      this.#uint32(argument)
    } else {
      this.#bytes[this.#at++] = type | 27
      this.#uint32(argument / 0x1_0000_0000)
      this.#uint32(argument)
    }
  }

  /** Writes the low 32 bits of `value`. */
  #uint32(value: number): void {
    this.#bytes[this.#at++] = value >>> 24
    this.#bytes[this.#at++] = value >>> 16
    this.#bytes[this.#at++] = value >>> 8
    this.#bytes[this.#at++] = value
  }

  #append(more: Uint8Array): void {
    this.#reserve(more.length)
    this.#bytes.set(more, this.#at)
    this.#at += more.length
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#at + count, 4 * this.#bytes.length))
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

function propertiesOf(value: object): Map<string, CborValue> {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError('"value" has an object of a class')
  const properties = new Map<string, CborValue>()
  for (const [name, property] of Object.entries(value)) if (property !== undefined) properties.set(name, property)
  return properties
}

function simpleValue(value: unknown): number {
  const simple = 20 + [false, true, null, undefined].indexOf(value as boolean)
  if (simple < 20) throw new TypeError(`"value" has a ${typeof value}`)
  return simple
}
