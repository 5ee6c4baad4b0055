// What the operations on CBOR encode and decode: values as every codec here takes and gives them.
import { type CborValue, encodeCbor } from 'didcomm-mote/bytes'
import type { Makers } from './implementation.ts'
import { fixedBytes } from './input.ts'

/** Where a COSE_Encrypt0 has its `kid` and its `ek`: the labels of docs/compact-envelope.md. */
const labels = { kid: 4, ek: -4 } as const

/** A compact envelope (authcrypt, short ids) around a body of 20 bytes, without its tag, which each codec has a class of its own for. */
const envelope: CborValue = [
  fixedBytes(14, 300),
  new Map([
    [labels.kid, fixedBytes(8, 301)],
    [labels.ek, fixedBytes(32, 302)],
  ]),
  fixedBytes(38, 303),
]

/**
 * A compact plaintext: `id`, `type`, `created_time`, and a body. 21.7 needs a float of 64 bits: not every codec writes shorter ones.
 * Keys are in the order of their encodings, so that codecs which sort write the same as codecs which do not.
 */
const plaintext: CborValue = new Map<CborValue, CborValue>([
  [1, 'b1946ac92492d234'],
  [2, 1],
  [5, 1_767_225_600],
  [
    6,
    new Map<CborValue, CborValue>([
      ['t', 21.7],
      ['on', true],
      ['unit', 'Cel'],
      ['place', 'greenhouse 3'],
    ]),
  ],
])

/** The values by the length of their encoding, in bytes. */
const samples: ReadonlyMap<number, CborValue> = new Map<number, CborValue>([
  [72, plaintext],
  [102, envelope],
])

/** The sizes of the operations: how long the plaintext is, and the envelope. */
export const cborSizes: readonly number[] = [...samples.keys()]

/** @throws RangeError where `size` is none of `cborSizes` */
export function sampleOf(size: number): CborValue {
  if (!samples.has(size)) throw new RangeError(`"size" expected one of ${cborSizes.join(', ')}, got ${size}`)
  return samples.get(size)
}

/** A codec, set to write what is shortest and to make a `Map` of every map. */
export interface CborCodec {
  encode(value: CborValue): Uint8Array
  decode(bytes: Uint8Array): unknown
}

/** The two rows of a codec. What it decoded is compared in the encoding of this package. */
export function cborMakers(codec: CborCodec): Makers {
  return {
    'cbor-encode': ({ size }) => {
      const value = sampleOf(size)
      return () => codec.encode(value)
    },
    'cbor-decode': (input) => {
      const bytes = input.given('cbor-encode')
      return { call: () => codec.decode(bytes), value: (decoded) => encodeCbor(decoded as CborValue) }
    },
  }
}
