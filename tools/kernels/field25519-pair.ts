// Arithmetic in the field of Curve25519 on pairs of elements in vectors of 128 bits; limbs and folds are those of
// field25519-scalar.ts.
//
// A pair (x, y) is five vectors of four u32 lanes, `[x 2i, y 2i, x 2i+1, y 2i+1]` for i from 0 to 4: 80 bytes in memory. So limb i
// of x is the u32 at 8 i, that of y at 8 i + 4: integer code reads and writes pairs too, as u64 that hold a limb of each
// (`halfAt`). Columns and carried results are vectors of two u64 lanes, one for x and one for y.
//
// A kernel takes a tag, operands as functions from the number of a vector to an expression, and the address of 160 bytes of
// scratch, in which each column is stored when it is summed (weave.ts says why). Its result is in the locals
// `resultColumn(tag, i)`, and `packed(tag, i)` is vector i of the pair.
//
// Constants come from memory: V8 builds a literal anew at each use. Code that uses these kernels begins with `pairConstants()`.
import { bitsOf, carryOrder, limbNumbers, maskOf, type Operand, squareTerms, twoP } from './field25519-scalar.ts'
import type { Kernel } from './weave.ts'

export const vectorNumbers = [0, 1, 2, 3, 4] as const

/** A pair in memory at `address`, an expression. */
export const pairAt =
  (address: string): Operand =>
  (i) =>
    `v128.load(${address}, ${16 * i})`

/** Element 0 or 1 of a pair in memory, as an operand of the scalar kernels. */
export const halfAt =
  (address: string, half: 0 | 1): Operand =>
  (i) =>
    `load<u32>(${address}, ${8 * i + 4 * half}) as u64`

/** The four lanes of two vectors that make a new one. */
export const lanes = (a: string, b: string, picked: readonly number[]): string =>
  `v128.shuffle<i32>(${a}, ${b}, ${picked.join(', ')})`
/** (y, x) from (x, y). */
export const exchanged = (a: string): string => lanes(a, a, [1, 0, 3, 2])
/** Odd limbs where even ones were. */
const oddFirst = (a: string): string => lanes(a, a, [2, 3, 0, 1])

/** Declares the constants as addresses: masks of both widths, 19, and 2p as a pair of five vectors. */
export function pairConstants(): string {
  const data = (name: string, values: readonly number[]): string =>
    `const ${name} = memory.data<u32>([${values.join(', ')}], 16)`
  return [
    data('PAIR_MASK_26', [maskOf(0), 0, maskOf(0), 0]),
    data('PAIR_MASK_25', [maskOf(1), 0, maskOf(1), 0]),
    data('PAIR_NINETEEN', [19, 19, 19, 19]),
    data(
      'PAIR_TWO_P',
      twoP.flatMap((limb) => [limb, limb]),
    ),
    '',
  ].join('\n')
}

/** The local that holds the two u64 lanes of limb `i` of a result. */
export const resultColumn = (tag: string, i: number): string => `${tag}h${i}`
/** Vector `i` of a result as a pair. */
export const packed = (tag: string, i: number): string =>
  lanes(resultColumn(tag, 2 * i), resultColumn(tag, 2 * i + 1), [0, 2, 4, 6])

export function storePair(tag: string, address: string): string[] {
  return vectorNumbers.map((i) => `v128.store(${address}, ${packed(tag, i)}, ${16 * i})`)
}

const add = (a: string, b: string): string => `i64x2.add(${a}, ${b})`
const sum = (terms: readonly string[]): string => terms.reduce(add)
/** Products of the lower or upper two lanes: of limbs 2i or 2i + 1 of both elements. */
const evenProduct = (a: string, b: string): string => `i64x2.extmul_low_i32x4_u(${a}, ${b})`
const oddProduct = (a: string, b: string): string => `i64x2.extmul_high_i32x4_u(${a}, ${b})`

/** The expression of column `i`, changed, of the local `column` that holds it. */
export type ColumnChange = (column: string, i: number) => string

/**
 * Carries the columns in the scratch into locals; two chains, as in field25519-scalar.ts. Columns are below 2^64 - 2^44. What
 * `change` makes of them is carried instead: sums and differences cost no carry of their own then.
 */
function carryPair(tag: string, scratch: string, change: ColumnChange | undefined): string[] {
  const lines = limbNumbers.flatMap((i) => {
    const column = `v128.load(${scratch}, ${16 * i})`
    if (!change) return [`let ${resultColumn(tag, i)} = ${column}`]
    return [`let ${tag}r${i} = ${column}`, `let ${resultColumn(tag, i)} = ${change(`${tag}r${i}`, i)}`]
  })
  lines.push(`let ${tag}m26 = v128.load(PAIR_MASK_26), ${tag}m25 = v128.load(PAIR_MASK_25), ${tag}c: v128`)
  for (const i of carryOrder) {
    const limb = resultColumn(tag, i)
    const next = resultColumn(tag, (i + 1) % 10)
    lines.push(`${tag}c = i64x2.shr_u(${limb}, ${bitsOf(i)}); ${limb} = v128.and(${limb}, ${tag}m${bitsOf(i)})`)
    const nineteenfold = add(`${tag}c`, add(`i64x2.shl(${tag}c, 1)`, `i64x2.shl(${tag}c, 4)`))
    lines.push(`${next} = ${add(next, i === 9 ? nineteenfold : `${tag}c`)}`)
  }
  return lines
}

/**
 * Multiplies pairs: x f by x g and y f by y g. f is at most 8-fold, g at most 2-fold, since 19 (even + odd limb) of g is kept in
 * 32 bits: 19 * 1.5 * 2.02 * 2^26 < 2^32. Karatsuba as in `multiply` of field25519-scalar.ts, where the bounds of the columns are.
 */
export function pairMultiply(tag: string, scratch: string, f: Operand, g: Operand, change?: ColumnChange): Kernel {
  const name = (operand: string) => (i: number) => `${tag}${operand}${i}`
  const [fPair, gPair, fSum, gSum] = [name('f'), name('g'), name('fs'), name('gs')]
  const [g19, gSum19] = [name('gx'), name('gsx')]
  const before = [`let ${tag}k = v128.load(PAIR_NINETEEN)`]
  for (const i of vectorNumbers) {
    before.push(`let ${fPair(i)} = ${f(i)}, ${gPair(i)} = ${g(i)}`)
    before.push(`let ${fSum(i)} = i32x4.add(${fPair(i)}, ${oddFirst(fPair(i))})`)
    before.push(`let ${gSum(i)} = i32x4.add(${gPair(i)}, ${oddFirst(gPair(i))})`)
    // Vector 0 never meets a term that wraps.
    if (i > 0)
      before.push(`let ${g19(i)} = i32x4.mul(${gPair(i)}, ${tag}k), ${gSum19(i)} = i32x4.mul(${gSum(i)}, ${tag}k)`)
  }

  const column = (product: typeof evenProduct, a: Operand, b: Operand, b19: Operand, k: number): string =>
    sum(vectorNumbers.map((i) => product(a(i), i <= k ? b(k - i) : b19(k - i + 5))))
  const columns: string[] = []
  const store = (i: number, value: string): void => {
    columns.push(`v128.store(${scratch}, ${value}, ${16 * i})`)
  }
  for (const k of vectorNumbers) {
    const [evens, odds] = [`${tag}u${k}`, `${tag}v${k}`]
    columns.push(`let ${evens} = ${column(evenProduct, fPair, gPair, g19, k)}`)
    columns.push(`let ${odds} = ${column(oddProduct, fPair, gPair, g19, k)}`)
    if (k > 0) store(2 * k, add(evens, `i64x2.shl(${tag}v${k - 1}, 1)`))
    const sums = column(evenProduct, fSum, gSum, gSum19, k)
    store(2 * k + 1, `i64x2.sub(i64x2.sub(${sums}, ${evens}), ${odds})`)
  }
  // 38 v = 2 v + 4 v + 32 v.
  const double = `i64x2.shl(${tag}v4, 1)`
  store(0, sum([`${tag}u0`, double, `i64x2.shl(${tag}v4, 2)`, `i64x2.shl(${tag}v4, 5)`]))
  return { before, columns, after: carryPair(tag, scratch, change) }
}

/** Squares both elements of a pair, at most 3-fold, as `square` of field25519-scalar.ts does. */
export function pairSquare(tag: string, scratch: string, f: Operand, change?: ColumnChange): Kernel {
  const name = (multiple: string, i: number): string => `${tag}${multiple}${i}`
  const before = vectorNumbers.flatMap((i) => {
    const limbs = name('f', i)
    const multiples = `let ${name('f2_', i)} = i32x4.shl(${limbs}, 1), ${name('f4_', i)} = i32x4.shl(${limbs}, 2)`
    const always = [`let ${limbs} = ${f(i)}`, multiples, `let ${name('fo', i)} = ${oddFirst(limbs)}`]
    if (i < 2) return always
    const nineteenfold = name('fx', i)
    const wrapping = `let ${nineteenfold} = i32x4.mul(${limbs}, ${tag}k)`
    return [...always, wrapping, `let ${name('fxo', i)} = ${oddFirst(nineteenfold)}`]
  })
  const columns = squareTerms.map((terms, k) => {
    const products = terms.map(({ i, j, factor, wraps }) => {
      const left = name(factor === 1 ? 'f' : `f${factor}_`, i >> 1)
      // The lanes of the right operand have to be where those of the left are.
      const right = name(`f${wraps ? 'x' : ''}${i % 2 === j % 2 ? '' : 'o'}`, j >> 1)
      return (i % 2 === 0 ? evenProduct : oddProduct)(left, right)
    })
    return `v128.store(${scratch}, ${sum(products)}, ${16 * k})`
  })
  return {
    before: [`let ${tag}k = v128.load(PAIR_NINETEEN)`, ...before],
    columns,
    after: carryPair(tag, scratch, change),
  }
}
