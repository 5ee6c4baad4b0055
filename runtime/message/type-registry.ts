import type { CborValue } from '../bytes/index.ts'
import type { JsonObject } from './message.ts'

/** How one message type looks in a compact envelope: a small integer for its type and, optionally, a denser body. */
export interface CompactType {
  /** 1 to 23 take one byte, to 255 two. Numbers are published in `docs/compact-envelope.md`. */
  readonly code: number
  /** The message type URI that the number stands for. */
  readonly type: string
  /** Maps the JSON body to CBOR data and back, without loss. Absent: the body travels as the map it is. */
  readonly body?: BodyCodec
}

export interface BodyCodec {
  /** Returns the CBOR form, which is no map, or `undefined` where this body has none and must travel as the map it is. */
  toCbor(body: JsonObject): CborValue
  /** @throws DidCommError `ERR_MESSAGE_MALFORMED` */
  fromCbor(value: CborValue): JsonObject
}

/** The compact types that one party knows. Both ends of a link must agree on the codes they use. */
export interface TypeRegistry {
  byCode(code: number): CompactType | undefined
  byType(type: string): CompactType | undefined
}

/** Makes a registry of `types`. Throws a `TypeError` for a code or a type that appears twice, a `RangeError` for
 * a code that is no integer from 0. */
export function typeRegistry(types: readonly CompactType[]): TypeRegistry {
  const codes = new Map<number, CompactType>()
  const names = new Map<string, CompactType>()
  for (const entry of types) {
    if (!Number.isSafeInteger(entry.code) || entry.code < 0) {
      throw new RangeError(`"types" expected codes from 0, got ${entry.code} for ${entry.type}`)
    }
    if (codes.has(entry.code) || names.has(entry.type)) {
      throw new TypeError(`"types" has ${entry.type} (${entry.code}) twice`)
    }
    codes.set(entry.code, entry)
    names.set(entry.type, entry)
  }
  return { byCode: (code) => codes.get(code), byType: (type) => names.get(type) }
}
