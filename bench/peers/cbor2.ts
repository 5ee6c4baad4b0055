import { decode, encode } from 'cbor2'
import { cborMakers } from '../cbor.ts'
import type { Implementation } from '../implementation.ts'

export async function load(): Promise<Implementation[]> {
  const lenient = { encode, decode: (bytes: Uint8Array) => decode(bytes, { preferMap: true }) }
  // The deterministic encoding of draft-ietf-cbor-cde, both written and asked for: what this package does.
  const strict = {
    encode: (value: unknown) => encode(value, { cde: true }),
    decode: (bytes: Uint8Array) => decode(bytes, { cde: true, preferMap: true }),
  }
  return [
    { name: 'cbor2', makers: cborMakers(lenient) },
    { name: 'cbor2 cde', makers: cborMakers(strict) },
  ]
}
