import { decodeHex, decodeLeb128, encodeHex, encodeLeb128 } from 'didcomm-mote/bytes'
import fc from 'fast-check'
import { expect, it } from 'vitest'

it.each([
  [0, '00'],
  [1, '01'],
  [127, '7f'],
  [128, '8001'],
  [624_485, 'e58e26'],
  [2 ** 28 - 1, 'ffffff7f'],
])('the number %i is %s in LEB128', (value, hex) => {
  expect(encodeHex(encodeLeb128(value))).toBe(hex)
  expect(decodeLeb128(decodeHex(`aa${hex}bb`), 1)).toEqual({ value, end: 1 + hex.length / 2 })
})

it('every number comes back, and takes a byte for each seven bits', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 28 - 1), (value) => {
      const bytes = encodeLeb128(value)
      expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)))
      expect(decodeLeb128(bytes, 0)).toEqual({ value, end: bytes.length })
    }),
  )
})

it.each(['', '80', 'ffff', '8000', 'ff00', '80808000', '8080808001', 'ffffffff7f'])(
  '%s is no LEB128 of the shortest form',
  (hex) => {
    expect(() => decodeLeb128(decodeHex(hex), 0)).toThrow(expect.objectContaining({ code: 'ERR_BYTES_MALFORMED' }))
  },
)

it.each([-1, 0.5, 2 ** 28, Number.NaN, Infinity])('%d is not encoded in LEB128', (value) => {
  expect(() => encodeLeb128(value)).toThrow(RangeError)
})
