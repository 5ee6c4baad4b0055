// Arithmetic modulo L, the order of the base point of edwards25519, without loops: limbs stay in locals.
//
// A number is the sum of limb i * 2^(21 i), in signed 64-bit limbs. L = 2^252 + D and 252 = 12 * 21, so limb i >= 12 goes away by
// adding -D * limb to the limbs from i - 12 on.

/** -D in six centred limbs of 21 bits. */
const fold = [666643, 470296, 654183, -997805, 136657, -683901]
const limbMask = '0x1fffff'

const range = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step)

/** Limb `i` of a little-endian number that is in the 64-bit locals `word(0)`, `word(1)` …, of which it has `words`. */
function limbOfWords(word: (i: number) => string, words: number, i: number, last: boolean): string {
  const at = Math.floor((21 * i) / 64)
  const shift = (21 * i) % 64
  const low = shift === 0 ? word(at) : `(${word(at)} >>> ${shift})`
  const bits = shift > 43 && at + 1 < words ? `(${low} | (${word(at + 1)} << ${64 - shift}))` : low
  return last ? bits : `(${bits} & ${limbMask})`
}

/** Declares `prefix0` … as the limbs of the number at `address`: the last takes all remaining bits. */
function loadLimbs(prefix: string, address: string, words: number, limbs: number): string[] {
  const word = (i: number): string => `${prefix}w${i}`
  return [
    ...range(0, words - 1).map((i) => `const ${word(i)} = load<u64>(${address}, ${8 * i})`),
    ...range(0, limbs - 1).map((i) => `const ${prefix}${i} = ${limbOfWords(word, words, i, i === limbs - 1)} as i64`),
  ]
}

/** Carries from limb `i`, which ends in [-2^20, 2^20). */
const carryCentred = (i: number): string => `c = (h${i} + 0x100000) >> 21\nh${i + 1} += c\nh${i} -= c << 21`

/** Carries from limb `i`, which ends in [0, 2^21). */
const carryFloor = (i: number): string => `c = h${i} >> 21\nh${i + 1} += c\nh${i} -= c << 21`

/** Takes limb `i` away. Only limb 12 is used again after that. */
const foldLimb = (i: number): string =>
  [...fold.map((factor, j) => `h${i - 12 + j} += h${i} * ${factor}`), ...(i === 12 ? ['h12 = 0'] : [])].join('\n')

/** Stores limbs 0..11, each in [0, 2^21), as 32 bytes. */
function storeLimbs(address: string): string[] {
  return range(0, 3).map((word) => {
    const parts = range(0, 11).flatMap((i) => {
      const shift = 21 * i - 64 * word
      if (shift <= -21 || shift >= 64) return []
      return [shift < 0 ? `(h${i} >> ${-shift})` : `(h${i} << ${shift})`]
    })
    return `store<i64>(${address}, ${parts.join(' | ')}, ${8 * word})`
  })
}

const reduce = `
/**
 * Reduces the 24 limbs at \`wide\` modulo L and writes the number in [0, L) as 32 bytes at a multiple of 8.
 *
 * Bounds: on entry limbs 0..22 are below 2^51 in size and limb 23 below 2^29. After the first pass |limb| <= 2^20 + 2^9 up to 22
 * and |limb 23| < 2^31. The factors are below 2^20, so folding 23..18 adds less than 2^51 + 5 * 2^41 to a limb; after the second
 * pass limbs 6..15 are at most 2^20 + 2^10, limb 16 and 17 below 2^31; folding 17..12 stays below 2^53. After the third pass limb
 * 12 is below 2^33 and the number within a few L of zero after it is folded; the two floor passes leave the one in [0, L).
 */
export function reduceLimbs(out: usize, wide: usize): void {
  let c: i64
  ${[
    ...range(0, 23).map((i) => `let h${i} = load<i64>(wide, ${8 * i})`),
    ...range(0, 22, 2).map(carryCentred),
    ...range(1, 21, 2).map(carryCentred),
    ...range(18, 23).reverse().map(foldLimb),
    ...range(6, 16, 2).map(carryCentred),
    ...range(7, 15, 2).map(carryCentred),
    ...range(12, 17).reverse().map(foldLimb),
    ...range(0, 10, 2).map(carryCentred),
    ...range(1, 11, 2).map(carryCentred),
    foldLimb(12),
    ...range(0, 11).map(carryFloor),
    foldLimb(12),
    ...range(0, 10).map(carryFloor),
    ...storeLimbs('out'),
  ].join('\n')}
}
`

const read = `
/** Writes the 24 limbs of the 64-byte number at a multiple of 8. */
export function readLimbs(wide: usize, number: usize): void {
  ${[...loadLimbs('a', 'number', 8, 24), ...range(0, 23).map((i) => `store<i64>(wide, a${i}, ${8 * i})`)].join('\n')}
}
`

/** Column k of a product of twelve limbs each, plus a third number. */
function column(k: number): string {
  const products = range(Math.max(0, k - 11), Math.min(11, k)).map((i) => `a${i} * b${k - i}`)
  return [...(k < 12 ? [`c${k}`] : []), ...products].join(' + ')
}

const multiplyAdd = `
/** Writes the limbs of a b + c, 32-byte numbers at multiples of 8: twelve products, below 10 * 2^42 + 2 * 2^46, 2^50 at the top. */
export function multiplyAddLimbs(wide: usize, a: usize, b: usize, c: usize): void {
  ${[
    ...['a', 'b', 'c'].flatMap((name) => loadLimbs(name, name, 4, 12)),
    ...range(0, 22).map((k) => `store<i64>(wide, ${column(k)}, ${8 * k})`),
    'store<i64>(wide, 0, 184)',
  ].join('\n')}
}
`

/** The source of assembly/generated/scalar25519-limbs.ts. */
export const scalar25519Limbs = (): string => reduce + read + multiplyAdd
