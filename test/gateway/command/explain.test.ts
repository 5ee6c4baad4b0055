import { encodeCbor, Tagged } from 'didcomm-mote/bytes'
import { describe, expect, it } from 'vitest'
import { explain, type Part } from '../../../gateway/command/explain/index.ts'
import { ownVectors, sharedFiles } from '../../vectors.ts'

/** Expects that no part is larger than what it is a part of, and returns the leaves. */
function leaves(part: Part): Part[] {
  const { parts = [] } = part
  expect(
    parts.reduce((sum, { bytes }) => sum + bytes, 0),
    part.name,
  ).toBeLessThanOrEqual(part.bytes)
  return parts.length === 0 ? [part] : parts.flatMap(leaves)
}

describe('the parts of an envelope', () => {
  it('add up to it, in CBOR', () => {
    for (const { envelope } of ownVectors<{ vectors: { envelope: string }[] }>('own/compact.json').vectors) {
      const bytes = Buffer.from(envelope, 'hex')
      const part = explain(bytes)
      expect(part.bytes).toBe(bytes.length)
      expect(leaves(part).length).toBeGreaterThan(3)
    }
  })

  it('add up to it, in the JSON of the specification', () => {
    for (const [name, content] of sharedFiles<Record<string, unknown>>('spec')) {
      for (const [key, value] of Object.entries(content)) {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) continue
        const bytes = new TextEncoder().encode(JSON.stringify(value))
        const part = explain(bytes)
        expect(part.bytes, `${name} ${key}`).toBe(bytes.length)
        leaves(part)
      }
    }
  })

  it('begin in CBOR where they say, one after another', () => {
    for (const { envelope } of ownVectors<{ vectors: { envelope: string }[] }>('own/compact.json').vectors) {
      let end = 0
      for (const { offset = -1, bytes } of leaves(explain(Buffer.from(envelope, 'hex')))) {
        expect(offset).toBeGreaterThanOrEqual(end)
        end = offset + bytes
      }
      expect(end).toBe(envelope.length / 2)
    }
    // {"type": "a", "id": "b"}, in another order than the deterministic one.
    const part = explain(Buffer.from('a2647479706561616269646162', 'hex'))
    expect(part.parts).toEqual([
      { name: 'type', bytes: 7, offset: 1, text: 'a' },
      { name: 'id', bytes: 5, offset: 8, text: 'b' },
    ])
  })

  it('name what the numbers stand for', () => {
    const plaintext = new Map<number, unknown>([
      [2, 1],
      [
        6,
        [
          new Map<number, unknown>([
            [0, 't'],
            [1, 'Cel'],
            [2, 21.5],
          ]),
        ],
      ],
      [8, 'thread'],
    ])
    const names = (part: Part): unknown => (part.parts ? { [part.name]: part.parts.map(names) } : part.name)
    expect(names(explain(encodeCbor(plaintext as never)))).toEqual({
      'plaintext message': ['type', { body: [{ 0: ['n', 'u', 'v'] }] }, 'thid'],
    })
    const key = new Uint8Array(32)
    const recipient = [
      encodeCbor(new Map([[1, 50]])),
      new Map<number, unknown>([
        [4, new Uint8Array(8)],
        [-4, key],
      ]),
      new Uint8Array(48),
    ]
    const several = [encodeCbor(new Map([[1, 24]])), new Map(), new Uint8Array(40), [recipient]]
    expect(names(explain(encodeCbor(new Tagged(96, several as never))))).toEqual({
      'encrypted message (COSE_Encrypt)': [
        { protected: ['alg'] },
        { unprotected: [] },
        'ciphertext',
        { recipients: [{ 0: [{ protected: ['alg'] }, { unprotected: ['kid', 'ek'] }, 'ciphertext'] }] },
      ],
    })
    const signed = [encodeCbor(new Map([[1, -19]])), new Map(), encodeCbor([1, new Map()]), new Uint8Array(64)]
    expect(names(explain(encodeCbor(new Tagged(18, signed as never))))).toEqual({
      'signed message (COSE_Sign1)': [
        { protected: ['alg'] },
        { unprotected: [] },
        { payload: [{ 'plaintext message': ['type', { body: [] }] }] },
        'signature',
      ],
    })
  })

  it('of a fragment are its head, its tag, its length or number, and its payload', () => {
    const first = explain(Buffer.from('30ae8e3d79820100aabb', 'hex'))
    expect(first).toMatchObject({ name: 'fragment', bytes: 10 })
    expect(leaves(first).map(({ name, offset, bytes, text }) => [name, offset, bytes, text])).toEqual([
      ['head', 0, 1, 'the first of several'],
      ['tag', 1, 4, 'ae8e3d79, which begins the SHA-256 of the message'],
      ['length', 5, 2, '130 bytes in all'],
      ['payload', 7, 3, '00aabb, 127 bytes are in others'],
    ])
    const other = explain(Buffer.from('31ae8e3d7907aabb', 'hex'))
    expect(leaves(other).map(({ name, offset, text }) => [name, offset, text])).toEqual([
      ['head', 0, 'another one'],
      ['tag', 1, 'ae8e3d79, which begins the SHA-256 of the message'],
      ['number', 5, '7'],
      ['payload', 6, 'aabb'],
    ])
    const nested = explain(Buffer.from('3231ae8e3d7907aabb', 'hex'))
    expect(leaves(nested).map(({ name, offset, bytes }) => [name, offset, bytes])).toEqual([
      ['head', 0, 1],
      ['payload', 1, 8],
    ])
    for (const hex of ['30', '3f00', '31aabbccdd01']) {
      expect(() => explain(Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ code: 'ERR_BYTES_MALFORMED' }))
    }
  })

  it.each([
    ['00', 'session envelope'],
    ['20', 'session handshake'],
    ['d9d9f700', 'tag 55799'],
    ['f4', 'CBOR of no known kind'],
    ['7b7d', 'JSON of no known kind'],
  ])('of %s are %s', (hex, name) => {
    expect(explain(Buffer.from(hex, 'hex'))).toMatchObject({ name, bytes: hex.length / 2 })
  })
})
