import { decodeHex } from 'didcomm-mote/bytes'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBody, encodeBody } from '../../gateway/body-codec.ts'
import { randomOf } from '../fuzz/random.ts'
import { ownVectors } from '../vectors.ts'

const malformed = expect.objectContaining({ code: 'ERR_BYTES_MALFORMED' })
const decode = (hex: string) => decodeBody(decodeHex(hex))

describe('a body in CBOR', () => {
  it.each([
    ['a16174f94d60', { t: 21.5 }],
    ['bf61749f0102ffff', { t: [1, 2] }],
    ['1800', 0],
    ['1b0000000000000001', 1],
    ['1b001fffffffffffff', 2 ** 53 - 1],
    ['3b001ffffffffffffe', 1 - 2 ** 53],
    ['fb3ff0000000000000', 1],
    ['f98000', 0],
    ['43010203', 'AQID'],
    ['a2616101616102', { a: 2 }],
    ['84f4f5f660', [false, true, null, '']],
  ])('%s becomes JSON', (hex, json) => {
    expect(decode(hex)).toEqual(json)
  })

  it.each([
    ['9affffffff', 'a length past the end'],
    ['9a01ffffff', 'a length past the end'],
    ['ba00ffffff', 'a length past the end'],
    ['5affffffff00', 'a length past the end'],
    ['7b001fffffffffffff', 'a length past the end'],
    ['c000', 'a tag at offset 0'],
    ['81d81b82654572726f7260', 'a tag at offset 1'],
    ['d9010280', 'a tag'],
    ['', 'the end of the input at offset 0'],
    ['19ff', 'the end of the input at offset 2'],
    ['810102', 'bytes after the item at offset 2'],
    ['9f01', 'the end of the input'],
    ['bf616101', 'the end of the input'],
    ['bf6161ff', 'a name without a value'],
    ['5f4101ff', 'an indefinite length'],
    ['7f6161ff', 'an indefinite length'],
    ['1f', 'an indefinite length'],
    ['ff', 'an indefinite length'],
    ['e0', 'an unknown simple value'],
    ['f8ff', 'a reserved value'],
    ['1c', 'a reserved value'],
    ['f7', 'JSON cannot carry'],
    ['f97e00', 'JSON cannot carry'],
    ['f97c00', 'JSON cannot carry'],
    ['1bffffffffffffffff', 'JSON cannot carry'],
    ['a10102', 'no text'],
    ['a1695f5f70726f746f5f5fa0', '__proto__'],
    [`${'81'.repeat(17)}00`, 'nested too deep at offset 17'],
  ])('%s is refused', (hex, why) => {
    expect(() => decode(hex)).toThrow(malformed)
    expect(() => decode(hex)).toThrow(why)
  })

  it('that is too large is refused before it is read', () => {
    expect(() => decodeBody(new Uint8Array(70_000))).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
    expect(() => decodeBody(decodeHex('8101'), 1)).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE' }))
    expect(() => decodeBody(new Uint8Array(60_000).fill(0x81))).toThrow(malformed)
  })

  it('has what is not well-formed refused (RFC 8949 appendix F)', () => {
    const { source: _, ...groups } = ownVectors<Record<string, string[]>>('rfc8949-appendix-f.json')
    for (const hex of Object.values(groups).flat()) expect(() => decode(hex), hex).toThrow(malformed)
  })

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const json = JSON.parse(JSON.stringify(value))
        fc.pre(!JSON.stringify(json).includes('__proto__') && !/\\ud[89a-f]/.test(JSON.stringify(json)))
        expect(decodeBody(encodeBody(json))).toEqual(json)
      }),
      { numRuns: 500 },
    )
  })

  it('is JSON or refused, whatever the bytes', () => {
    const ends = new Set<string>()
    for (let round = 0; round < 5000; round++) {
      const random = randomOf(`body ${round}`)
      const bytes =
        random.below(2) === 0 ? random.bytes(random.below(60)) : encodeBody({ a: [1, { b: 'text' }], c: 1.5 })
      if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256)
      try {
        const json = decodeBody(bytes)
        expect(JSON.parse(JSON.stringify(json))).toEqual(json)
        ends.add('JSON')
      } catch (error) {
        expect(error).toEqual(malformed)
        ends.add('refused')
      }
    }
    expect(ends.size).toBe(2)
  })
})
