/** A CBOR tag and the item that it stands before (RFC 8949 §3.4). */
export class Tagged {
  readonly tag: number
  readonly value: CborValue

  /** Throws a `RangeError` where `tag` is not an unsigned integer up to 2^53 - 1. */
  constructor(tag: number, value: CborValue) {
    if (!Number.isSafeInteger(tag) || tag < 0) throw new RangeError(`"tag" expected an unsigned integer, got ${tag}`)
    this.tag = tag
    this.value = value
  }
}

/**
 * What CBOR data looks like here. Integers up to 2^53 - 1 are `number`, larger ones `bigint`; other numbers are floats.
 * Decoding always gives a `Map`; encoding also takes plain objects, as maps with text keys.
 */
export type CborValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | undefined
  | Uint8Array
  | Tagged
  | readonly CborValue[]
  | ReadonlyMap<CborValue, CborValue>
  | { readonly [name: string]: CborValue }

export interface CborLimits {
  /** Default: 1 MiB. */
  maxBytes?: number
  /** How many arrays, maps and tags may lie around an item. Default: 16. */
  maxDepth?: number
  /** How many items there may be in all. Default: 65,536. */
  maxItems?: number
  /** Takes the keys of maps in any order, as other programs write them, if they are numbers and texts. Default: in order alone. */
  anyMapOrder?: boolean
}

/** How many arrays, maps and tags may lie around an item, in what is encoded and, by default, in what is decoded. */
export const MAX_DEPTH = 16

/** The major types of RFC 8949 §3.1. */
export const UNSIGNED = 0
export const NEGATIVE = 1
export const BYTES = 2
export const TEXT = 3
export const ARRAY = 4
export const MAP = 5
export const TAG = 6
export const SIMPLE = 7

/** The values of the simple values from 20. */
export const SIMPLES: readonly CborValue[] = [false, true, null, undefined]

/** How many bytes follow an initial byte with this additional information, up to 27 (RFC 8949 §3). */
export function argumentBytes(info: number): number {
  return info < 24 ? 0 : 1 << (info - 24)
}

/** Compares the item from `a` to `aEnd` with the one at `b`, byte by byte. No item can be the beginning of another. */
export function compareItems(bytes: Uint8Array, a: number, aEnd: number, b: number): number {
  let i = 0
  while (a + i < aEnd && bytes[a + i] === bytes[b + i]) i++
  return a + i < aEnd ? bytes[a + i]! - bytes[b + i]! : 0
}
