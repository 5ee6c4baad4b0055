import { decode, encode } from 'cborg'
import { cborMakers } from '../cbor.ts'
import type { Implementation } from '../implementation.ts'

/** Heads in their shortest form alone. It takes a key twice, keys in any order, floats that are too long, and indefinite lengths. */
const options = { strict: true, useMaps: true }

export async function load(): Promise<Implementation[]> {
  return [{ name: 'cborg', makers: cborMakers({ encode, decode: (bytes) => decode(bytes, options) }) }]
}
