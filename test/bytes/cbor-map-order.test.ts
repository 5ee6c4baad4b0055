import { expect, test } from 'vitest'
import { decodeCbor, decodeHex } from '../../runtime/bytes/index.ts'

const anyMapOrder = { anyMapOrder: true }
const malformed = expect.objectContaining({ code: 'ERR_BYTES_MALFORMED' })

test('maps in any order are read where that is asked for, and only there', () => {
  const bytes = decodeHex('a3616201616102200c')
  expect(() => decodeCbor(bytes)).toThrow(malformed)
  expect([...(decodeCbor(bytes, anyMapOrder) as Map<unknown, unknown>)]).toEqual([
    ['b', 1],
    ['a', 2],
    [-1, 12],
  ])
  expect(decodeCbor(decodeHex('8281a2616201616102a1616101'), anyMapOrder)).toEqual([
    [new Map(Object.entries({ b: 1, a: 2 }))],
    new Map([['a', 1]]),
  ])
})

test.each([
  ['a key twice', 'a2616101616102'],
  ['a key twice with others between', 'a3616101616202616103'],
  ['an integer and the float that equals it', 'a20101f93c0002'],
  ['a byte string for a key', 'a1416101'],
  ['an array for a key', 'a18001'],
  ['null for a key', 'a1f601'],
  ['a head that is not shortest', 'a1180101'],
  ['an indefinite length', 'bf616101ff'],
])('%s is refused in any order, too', (_, hex) => {
  expect(() => decodeCbor(decodeHex(hex), anyMapOrder)).toThrow(malformed)
})
