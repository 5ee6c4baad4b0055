import { describe, expect, it } from 'vitest'
import { cborMakers, cborSizes, sampleOf } from '../../bench/cbor.ts'
import { inputOf, workOf } from '../../bench/input.ts'
import { moteImplementations } from '../../bench/mote.ts'
import { versions } from '../../bench/node-peers.ts'
import { loadPeers, peersAnywhere } from '../../bench/peers.ts'
import { prepare, type Trial } from '../../bench/suite.ts'
import { decodeCbor, encodeCbor } from '../../runtime/bytes/index.ts'

const ours = moteImplementations([])
const peers = await loadPeers(peersAnywhere)
const codecs = [...ours, ...peers.implementations].filter(({ makers }) => makers['cbor-encode'])
const every = codecs.flatMap((codec) => cborSizes.map((size) => ({ ...codec, size })))
const trial = (op: string, size = 102): Trial => ({ op, size, per: 1, chosen: [] })
const mote = { encode: encodeCbor, decode: (bytes: Uint8Array) => decodeCbor(bytes) }

describe('the values of the operations on CBOR', () => {
  it.each(cborSizes)('have the length of their name: %d bytes', (size) => {
    expect(encodeCbor(sampleOf(size))).toHaveLength(size)
  })

  it('are an envelope without its tag, and a plaintext with a map in it', () => {
    expect(sampleOf(102)).toEqual([expect.any(Uint8Array), expect.any(Map), expect.any(Uint8Array)])
    expect([...(sampleOf(72) as Map<number, unknown>).values()]).toContainEqual(expect.any(Map))
    expect(() => sampleOf(64)).toThrow(RangeError)
  })
})

describe('the codecs', () => {
  it('are ours, and cbor-x even where no peer is installed', () => {
    expect(codecs.map(({ name }) => name)).toEqual(expect.arrayContaining(['didcomm-mote', 'cbor-x']))
    expect(versions()).toHaveProperty('cbor-x', expect.stringMatching(/^\d+\./))
  })

  it.each(every)('make the same bytes and values of $size bytes: $name', async ({ makers, size }) => {
    const input = inputOf(size, ours)
    const run = async (op: string) => workOf(await makers[op]!(input)).call()
    expect(Uint8Array.from((await run('cbor-encode')) as Uint8Array)).toEqual(encodeCbor(sampleOf(size)))
    // Maps, not objects: the suite compares encodings, in which an object with names looks the same.
    expect(await run('cbor-decode')).toEqual(sampleOf(size))
  })

  it.each([
    ['cbor-encode', { ...mote, encode: () => encodeCbor(sampleOf(72)) }],
    ['cbor-decode', { ...mote, decode: () => sampleOf(72) }],
  ])('stop the suite at %s where one makes something else', async (op, codec) => {
    const wrong = { name: 'wrong', makers: cborMakers(codec) }
    await expect(prepare(trial(op), [...ours, wrong])).rejects.toThrow(/results differ\n.*didcomm-mote[\s\S]*wrong: 72/)
  })
})
