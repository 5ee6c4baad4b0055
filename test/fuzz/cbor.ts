import { type CborValue, decodeCbor, encodeCbor, encodeUtf8, Tagged } from '../../runtime/bytes/index.ts'
import { changedBytes } from './mutate.ts'
import type { Random } from './random.ts'

/** Changes by chance of CBOR, by its structure: what comes out is deterministic, as what is read has to be. */

const deep = (depth: number): CborValue => (depth === 0 ? 1 : [deep(depth - 1)])

const hostile: readonly CborValue[] = [
  null,
  undefined,
  true,
  0,
  -1,
  24,
  2 ** 32,
  -(2 ** 53) + 1,
  1.5,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2n ** 63n,
  '',
  '__proto__',
  'x'.repeat(300),
  new Uint8Array(0),
  new Uint8Array(32),
  [],
  new Map(),
  new Map<CborValue, CborValue>([[1, [new Map([['toString', 1]])]]]),
  new Tagged(4, [-2, 2150]),
  new Tagged(4, [400, 9]),
  new Tagged(2, new Uint8Array(9).fill(255)),
  deep(3),
  deep(20),
]

/** Changes about one in `rarity` of the values in a tree. */
function changedValue(value: CborValue, random: Random, rarity: number): CborValue {
  if (random.below(rarity) === 0) return random.pick(hostile)
  const next = (item: CborValue): CborValue => changedValue(item, random, rarity)
  if (value instanceof Uint8Array) {
    return value.length > 0 && random.below(rarity) === 0 ? changedBytes(value, random, value) : value
  }
  if (value instanceof Tagged) return new Tagged(value.tag, next(value.value))
  if (value instanceof Map) {
    const entries = [...value]
      .filter(() => random.below(2 * rarity) > 0)
      .map(([name, item]) => [name, next(item)] as const)
    if (random.below(rarity) === 0) entries.push([random.pick(hostile.slice(0, 16)), random.pick(hostile)])
    return new Map(entries)
  }
  if (!Array.isArray(value)) return typeof value === 'number' && random.below(rarity) === 0 ? -value - 1 : value
  const items = value.filter(() => random.below(2 * rarity) > 0).map(next)
  if (random.below(rarity) === 0) items.push(random.pick([...items, ...hostile]))
  return items
}

/** Changes CBOR in its structure, or in its bytes. */
export function changedCbor(bytes: Uint8Array, random: Random, other: Uint8Array = bytes): Uint8Array {
  if (random.below(4) === 0) return changedBytes(bytes, random, other)
  return encoded(changedValue(decodeCbor(bytes), random, random.pick([3, 8, 20])))
}

/** Not all that is hostile can be written: then what is there is a text. */
function encoded(value: CborValue): Uint8Array {
  try {
    return encodeCbor(value)
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return encodeUtf8('no CBOR')
    throw error
  }
}
