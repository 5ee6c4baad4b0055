import { expect } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, encodeHex, Tagged } from '../../runtime/bytes/index.ts'
import {
  cborEnvelope,
  packCbor,
  packPlaintextCbor,
  packSignedCbor,
  unpackCbor,
} from '../../runtime/envelope/cbor/index.ts'
import type { CoseLeniency } from '../../runtime/envelope/cose/index.ts'
import type { Unpacked } from '../../runtime/envelope/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { type Example, openExample } from '../envelope/cose/examples.ts'
import { contextOf, party } from '../envelope/world.ts'
import { ownVectors } from '../vectors.ts'
import { changedBytes } from './mutate.ts'
import type { Random, Target } from './random.ts'

/** COSE, changed in its bytes, and in its structure with the headers that lie in its byte strings. */

const anyMapOrder = { anyMapOrder: true }
const labels: readonly CborValue[] = [1, 2, 4, 5, 16, -1, -2, -3, -4, -5, -20, -21, -22, -24, 'alg']
const values: readonly CborValue[] = [
  ...[1, 3, 10, 24, 50, 42, -6, -8, -10, -19, -25, -27, -31, -34],
  ...['ECDH-1PU+A256KW', 'XC20P', 'A256CBC-HS512', 'application/didcomm-signed+cbor', ''],
  ...[null, undefined, true, 2 ** 53, 1.5, new Uint8Array(0), new Uint8Array(12), new Uint8Array(20_000)],
  ...[[], new Map(), new Tagged(18, [])],
]

function decoded(bytes: Uint8Array): CborValue | undefined {
  try {
    return decodeCbor(bytes, anyMapOrder)
  } catch (error) {
    if (isDidCommError(error)) return undefined
    throw error
  }
}

/** All that lies in a value, with what is written in its byte strings. */
function partsOf(value: CborValue): CborValue[] {
  if (value instanceof Tagged) return [value, ...partsOf(value.value)]
  if (Array.isArray(value)) return [value, ...value.flatMap(partsOf)]
  if (value instanceof Map) return [value, ...[...value.values()].flatMap(partsOf)]
  return [value]
}

/** A copy in which one place in `rate` is another. */
function changedCbor(value: CborValue, random: Random, other: readonly CborValue[], rate: number): CborValue {
  if (random.below(rate) === 0) return random.below(2) === 0 ? random.pick(values) : random.pick(other)
  const inner = (part: CborValue): CborValue => changedCbor(part, random, other, rate)
  if (value instanceof Tagged) return new Tagged(value.tag, inner(value.value))
  if (Array.isArray(value)) return changedList(value.map(inner), random, rate)
  if (value instanceof Map) {
    const entries = [...value]
      .filter(() => random.below(rate) > 0)
      .map(([label, part]) => [label, inner(part)] as const)
    const extra = random.below(rate) === 0 ? [[random.pick(labels), random.pick(values)] as const] : []
    return new Map([...entries, ...extra])
  }
  const within = value instanceof Uint8Array && value.length > 0 ? decoded(value) : undefined
  return within instanceof Map ? encodeCbor(inner(within)) : value
}

function changedList(list: CborValue[], random: Random, rate: number): CborValue[] {
  const at = random.below(list.length + 1)
  if (random.below(rate) === 0) return list.filter((_, i) => i !== at)
  const twice = random.below(rate) === 0 && list.length > 0 ? [random.pick(list)] : []
  return [...list.slice(0, at), ...twice, ...list.slice(at)]
}

function changed(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const value = random.below(3) === 0 ? undefined : decoded(bytes)
  if (value === undefined) return changedBytes(bytes, random, other)
  const parts = partsOf(decoded(other) ?? null)
  try {
    return encodeCbor(changedCbor(value, random, parts, 4 + random.below(20)))
  } catch (error) {
    // What cannot be written, such as a map with one key twice, cannot be sent either.
    if (error instanceof TypeError || error instanceof RangeError) return changedBytes(bytes, random, other)
    throw error
  }
}

const alice = party('did:example:alice')
const bob = party('did:example:bob', 2)
const asAlice = contextOf(alice, [bob])
const asBob = contextOf(bob, [alice])

/** What an envelope proves. */
const claim = ({ message, sender, layers }: Unpacked): string =>
  JSON.stringify([message, sender, layers.map(({ kind }) => kind)])

/** Envelopes of `didcomm/v2+cbor`: nobody is said to have said what they did not. */
export async function cborTarget(): Promise<Target> {
  const sources: Uint8Array[] = []
  for (const id of ['one', 'other']) {
    const type = 'https://didcomm.org/telemetry/1.0/report'
    const message = { id, type, from: alice.did, to: [bob.did], body: { id } }
    for (const options of [{ from: alice.did }, {}, { sign: alice.did }, { from: alice.did, protectSender: true }]) {
      sources.push((await packCbor(message, { to: bob.did, ...options }, asAlice)).bytes)
    }
    sources.push((await packSignedCbor(message, { from: alice.did }, asAlice)).bytes, packPlaintextCbor(message).bytes)
  }
  const genuine = new Set(await Promise.all(sources.map(async (bytes) => claim(await unpackCbor(bytes, asBob)))))
  const format = cborEnvelope()
  return {
    name: 'didcomm/v2+cbor',
    async run(random) {
      const bytes = changed(random.pick(sources), random, random.pick(sources))
      format.recognizes(bytes[0] ?? 0, bytes)
      const unpacked = await format.unpack(bytes, asBob)
      if (unpacked.layers.length === 0) {
        expect(unpacked.sender, encodeHex(bytes)).toBeUndefined()
        return 'plaintext'
      }
      expect(genuine.has(claim(unpacked)), encodeHex(bytes)).toBe(true)
      return 'opened'
    },
  }
}

/** The published examples: each says what it said, whatever is let pass. */
export function coseTarget(): Target {
  const { examples } = ownVectors<{ examples: Record<string, Example> }>('cose-examples.json')
  const sources = Object.values(examples).filter(({ fail }) => !fail)
  const allow: CoseLeniency[] = ['map-order', 'untagged', 'unprotected-alg']
  const bytesOf = ({ output }: Example): Uint8Array => Buffer.from(output.cbor, 'hex')
  return {
    name: 'COSE',
    async run(random) {
      const example = random.pick(sources)
      const bytes = changed(bytesOf(example), random, bytesOf(random.pick(sources)))
      const cbor = encodeHex(bytes)
      const text = await openExample({ ...example, output: { cbor } }, random.below(2) === 0 ? allow : [])
      expect(text, cbor).toBe(example.input.plaintext)
      return 'opened'
    },
  }
}
