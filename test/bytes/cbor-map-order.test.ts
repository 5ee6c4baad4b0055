import { expect, test } from 'vitest'
import { type CborValue, decodeCbor, decodeHex, encodeCbor } from '../../runtime/bytes/index.ts'

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

/** Every order of some entries. */
function orders<T>(entries: readonly T[]): T[][] {
  if (entries.length === 0) return [[]]
  return entries.flatMap((entry, i) => orders(entries.filter((_, j) => j !== i)).map((rest) => [entry, ...rest]))
}

/** In the order of their encodings. The long value makes the output grow in the middle of the map. */
const entries: readonly (readonly [CborValue, CborValue])[] = [
  [1, 'x'.repeat(300)],
  [-1, 0],
  [Uint8Array.of(1), 7],
  ['b', new Map([[1, 2]])],
  ['aa', 1],
]

test('whatever order a map has, it is encoded in the same', () => {
  const expected = encodeCbor(new Map(entries))
  expect([...(decodeCbor(expected) as Map<CborValue, CborValue>).keys()]).toEqual(entries.map(([key]) => key))
  for (const order of orders(entries)) expect(encodeCbor(new Map(order))).toEqual(expected)
})

test.each([0, 7, 9])(
  'a key whose encoding is there twice is refused wherever it stands, with the value %d',
  (value) => {
    for (const order of orders([...entries, [Uint8Array.of(1), value] as const])) {
      expect(() => encodeCbor(new Map(order))).toThrow(TypeError)
    }
  },
)
