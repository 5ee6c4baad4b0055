import { Encoder } from 'cbor-x'
import { cborMakers } from '../cbor.ts'
import type { Implementation } from '../implementation.ts'

/** Plain CBOR, without its own tags and records. It has no deterministic mode, and takes a key twice. */
const codec = new Encoder({
  useRecords: false,
  variableMapSize: true,
  tagUint8Array: false,
  mapsAsObjects: false,
  // Not in its types.
  ...{ useTag259ForMaps: false },
})

export async function load(): Promise<Implementation[]> {
  return [{ name: 'cbor-x', makers: cborMakers(codec) }]
}
