/** Deterministic CBOR (RFC 8949 §4.2.1), as much of it as compact envelopes have: slow, obvious, and only for tests. */

export type Item = number | string | boolean | null | Buffer | Item[] | Map<Item, Item> | Tag

export class Tag {
  readonly number: number
  readonly item: Item
  constructor(number: number, item: Item) {
    this.number = number
    this.item = item
  }
}

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  const size = value < 256 ? 1 : value < 65_536 ? 2 : 4
  const bytes = Buffer.alloc(1 + size)
  bytes[0] = (major << 5) | (23 + { 1: 1, 2: 2, 4: 3 }[size]!)
  bytes.writeUIntBE(value, 1, size)
  return bytes
}

export const bytes = (value: Buffer): Buffer => Buffer.concat([head(2, value.length), value])
export const text = (value: string): Buffer => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
export const uint = (value: number): Buffer => head(0, value)
export const array = (...items: Buffer[]): Buffer => Buffer.concat([head(4, items.length), ...items])

/** Reads one item that is all of `data`; throws a plain `Error` for whatever is not deterministic. */
export function read(data: Buffer): Item {
  const reader = new Reader(data)
  const item = reader.item(16)
  if (reader.position !== data.length) throw new Error('trailing bytes')
  return item
}

/** The bytes of the last element of an array of `length` under a tag: what follows the elements before it. */
export function lastElement(data: Buffer, tagBytes: number, length: number): Buffer {
  const reader = new Reader(data)
  reader.position = tagBytes + 1
  for (let i = 1; i < length; i++) reader.item(16)
  return data.subarray(reader.position)
}

class Reader {
  position = 0
  private readonly data: Buffer
  constructor(data: Buffer) {
    this.data = data
  }

  item(depth: number): Item {
    if (depth < 0) throw new Error('too deep')
    const initial = this.take(1)[0]!
    const [major, info] = [initial >> 5, initial & 31]
    if (major === 7) return this.simple(info)
    const value = this.argument(info)
    if (major === 0) return value
    if (major === 1) return -1 - value
    if (major === 2) return this.take(value)
    if (major === 3) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.take(value))
    if (major === 4) return Array.from({ length: this.count(value) }, () => this.item(depth - 1))
    if (major === 5) return this.map(value, depth - 1)
    return new Tag(value, this.item(depth - 1))
  }

  private map(size: number, depth: number): Map<Item, Item> {
    const map = new Map<Item, Item>()
    let before: Buffer | undefined
    for (let i = 0; i < this.count(size); i++) {
      const start = this.position
      const key = this.item(depth)
      const encoded = this.data.subarray(start, this.position)
      if (before && Buffer.compare(before, encoded) >= 0) throw new Error('keys out of order, or twice')
      before = encoded
      map.set(key, this.item(depth))
    }
    return map
  }

  /** Each element has a byte at least. */
  private count(value: number): number {
    if (value > this.data.length) throw new Error('more elements than bytes')
    return value
  }

  private argument(info: number): number {
    if (info < 24) return info
    if (info > 27) throw new Error('an indefinite or reserved length')
    const size = 1 << (info - 24)
    const digits = this.take(size)
    const value = size === 8 ? digits.readBigUInt64BE() : BigInt(digits.readUIntBE(0, size))
    if (value < [24n, 256n, 65_536n, 4_294_967_296n][info - 24]!) throw new Error('not the shortest form')
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error('an integer out of range')
    return Number(value)
  }

  private simple(info: number): Item {
    if (info >= 20 && info <= 22) return [false, true, null][info - 20]!
    if (info === 25) return half(this.take(2).readUInt16BE())
    if (info === 26) {
      const value = this.take(4).readFloatBE()
      if (isHalf(value)) throw new Error('not the shortest float')
      return value
    }
    if (info === 27) {
      const value = this.take(8).readDoubleBE()
      if (Math.fround(value) === value) throw new Error('not the shortest float')
      return value
    }
    throw new Error('a simple value that nothing here has')
  }

  private take(count: number): Buffer {
    if (this.position + count > this.data.length) throw new Error('cut off')
    this.position += count
    return this.data.subarray(this.position - count, this.position)
  }
}

/** RFC 8949 Appendix D. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31
  const mantissa = bits & 1023
  const sign = bits & 0x8000 ? -1 : 1
  if (exponent === 31) throw new Error('an infinity, or no number')
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25))
}

function isHalf(value: number): boolean {
  for (let bits = 0; bits < 0x7c00; bits++) if (half(bits) === Math.abs(value)) return true
  return false
}
