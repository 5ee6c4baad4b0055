// Arithmetic in the field of Curve25519 on pairs of elements in vectors of 128 bits; limbs and folds are those of
// field25519-scalar.ts.
//
// A pair (x, y) is five vectors of four u32 lanes, `[x 2i, y 2i, x 2i+1, y 2i+1]` for i from 0 to 4: 80 bytes in memory. So limb i
// of x is the u32 at 8 i, that of y at 8 i + 4: integer code reads and writes pairs too, as u64 that hold a limb of each
// (`halfAt`). Columns and carried results are vectors of two u64 lanes, one for x and one for y.
//
// A kernel takes a tag, operands as functions from the number of a vector to an expression, and a sink, to which it gives each vector
// of the result; `pairTo` stores them. Columns of a result are in the locals `resultColumn(tag, i)`, too.
//
// Constants come from memory: V8 builds a literal anew at each use. Code that uses these kernels begins with `pairConstants()`.
import { bitsOf, limbNumbers, maskOf, type Operand, type SquareTerm, squareTerms, twoP } from './field25519-scalar.ts'
import { simdData } from './simd-data.ts'
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
  const data = (name: string, values: readonly number[]): string => simdData(name, 'u32', values)
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

const add = (a: string, b: string): string => `i64x2.add(${a}, ${b})`
const sum = (terms: readonly string[]): string => terms.reduce(add)
/** Products of the lower or upper two lanes: of limbs 2i or 2i + 1 of both elements. */
const evenProduct = (a: string, b: string): string => `i64x2.extmul_low_i32x4_u(${a}, ${b})`
const oddProduct = (a: string, b: string): string => `i64x2.extmul_high_i32x4_u(${a}, ${b})`

/**
 * What is done with vector `i` of a result as soon as both its limbs are final: a statement, in which `vector` is that vector as an
 * expression. A sink that stores fixes the place of the sums among woven statements.
 */
export type PairSink = (i: number, vector: string) => string

/** A sink that stores a pair at `address`. */
export const pairTo =
  (address: string): PairSink =>
  (i, vector) =>
    `v128.store(${address}, ${vector}, ${16 * i})`

/** Another expression for column `i` of a result, from the local `column` that holds what it was. */
export type ColumnChange = (column: string, i: number) => string

/**
 * Carries columns, of which `column` is an expression, from limb 0 to 9 and round to 1, as `CarryChain` does. What
 * `change` makes of them is carried instead: sums and differences need no carry of their own then.
 */
function carryPair(tag: string, column: (i: number) => string, sink: PairSink, change?: ColumnChange) {
  const limb = (i: number): string => resultColumn(tag, i)
  const pass = (i: number): string =>
    `${tag}c = i64x2.shr_u(${limb(i)}, ${bitsOf(i)})\n${limb(i)} = v128.and(${limb(i)}, ${tag}m${bitsOf(i)})`
  const columns = [`let ${tag}m26 = v128.load(PAIR_MASK_26), ${tag}m25 = v128.load(PAIR_MASK_25), ${tag}c: v128`]
  for (const i of limbNumbers) {
    if (change) columns.push(`let ${tag}r${i} = ${column(i)}`)
    const own = change ? change(`${tag}r${i}`, i) : column(i)
    const value = i === 0 ? own : add(own, `${tag}c`)
    columns.push(`let ${limb(i)} = ${value}\n${pass(i)}`)
    if (i % 2 === 1 && i > 1) columns.push(sink(i >> 1, packed(tag, i >> 1)))
  }
  const nineteenfold = add(`${tag}c`, add(`i64x2.shl(${tag}c, 1)`, `i64x2.shl(${tag}c, 4)`))
  const after = [
    `${limb(0)} = ${add(limb(0), nineteenfold)}\n${pass(0)}`,
    `${limb(1)} = ${add(limb(1), `${tag}c`)}`,
    sink(0, packed(tag, 0)),
  ]
  return { columns, after }
}

/**
 * Multiplies pairs: x f by x g and y f by y g. f is at most 8-fold, g at most 2-fold, since 19 (even + odd limb) of g is kept in
 * 32 bits: 19 * 1.5 * 2.02 * 2^26 < 2^32. Karatsuba as in `multiply` of field25519-scalar.ts, where the bounds of the columns are.
 *
 * The products of even and of odd limbs come first, then those of their sums, so that either time the operands fit into the
 * registers. They are read twice: they should be loads.
 */
export function pairMultiply(
  tag: string,
  scratch: string,
  f: Operand,
  g: Operand,
  sink: PairSink,
  change?: ColumnChange,
): Kernel {
  const name = (operand: string) => (i: number) => `${tag}${operand}${i}`
  const [fPair, gPair, g19] = [name('f'), name('g'), name('gx')]
  const [fSum, gSum, gSum19] = [name('fs'), name('gs'), name('gsx')]
  const nineteen = `let ${tag}k = v128.load(PAIR_NINETEEN)`
  // Vector 0 never meets a term that wraps.
  const times19 = (to: Operand, from: Operand): string[] =>
    vectorNumbers.slice(1).map((i) => `let ${to(i)} = i32x4.mul(${from(i)}, ${tag}k)`)
  const before = [
    nineteen,
    ...vectorNumbers.map((i) => `let ${fPair(i)} = ${f(i)}, ${gPair(i)} = ${g(i)}`),
    ...times19(g19, gPair),
  ]
  const column = (product: typeof evenProduct, a: Operand, b: Operand, b19: Operand, k: number): string =>
    sum(vectorNumbers.map((i) => product(a(i), i <= k ? b(k - i) : b19(k - i + 5))))
  const store = (i: number, value: string): string => `v128.store(${scratch}, ${value}, ${16 * i})`

  /** The even columns, and in the place of the odd ones what is to be subtracted from them. */
  const first = vectorNumbers.flatMap((k) => {
    const [evens, odds] = [`${tag}u${k}`, `${tag}v${k}`]
    return [
      `let ${evens} = ${column(evenProduct, fPair, gPair, g19, k)}`,
      `let ${odds} = ${column(oddProduct, fPair, gPair, g19, k)}`,
      ...(k === 0 ? [] : [store(2 * k, add(evens, `i64x2.shl(${tag}v${k - 1}, 1)`))]),
      store(2 * k + 1, add(evens, odds)),
    ]
  })
  // 38 v = 2 v + 4 v + 32 v.
  const wrapped = [1, 2, 5].map((bits) => `i64x2.shl(${tag}v4, ${bits})`)
  first.push(store(0, sum([`${tag}u0`, ...wrapped])))

  const sums = vectorNumbers.map((i) => {
    const [again, g2] = [name('fa')(i), name('ga')(i)]
    const reads = `let ${again} = ${f(i)}, ${g2} = ${g(i)}`
    return `${reads}\nlet ${fSum(i)} = i32x4.add(${again}, ${oddFirst(again)}), ${gSum(i)} = i32x4.add(${g2}, ${oddFirst(g2)})`
  })
  const stored = (i: number): string => `v128.load(${scratch}, ${16 * i})`
  const { columns, after } = carryPair(
    tag,
    (i) => {
      if (i % 2 === 0) return stored(i)
      return `i64x2.sub(${column(evenProduct, fSum, gSum, gSum19, i >> 1)}, ${stored(i)})`
    },
    sink,
    change,
  )
  return { before, columns: [...first, ...sums, ...times19(gSum19, gSum), ...columns], after }
}

/** Squares both elements of a pair, at most 3-fold, as `square` of field25519-scalar.ts does. */
export function pairSquare(tag: string, f: Operand, sink: PairSink, change?: ColumnChange): Kernel {
  const name = (multiple: string, i: number): string => `${tag}${multiple}${i}`
  const before = vectorNumbers.flatMap((i) => {
    const limbs = name('f', i)
    const always = [`let ${limbs} = ${f(i)}`, `let ${name('f2_', i)} = i32x4.shl(${limbs}, 1)`]
    always.push(`let ${name('fo', i)} = ${oddFirst(limbs)}`)
    if (i < 2) return always
    const nineteenfold = name('fx', i)
    const wrapping = `let ${nineteenfold} = i32x4.mul(${limbs}, ${tag}k)`
    return [...always, wrapping, `let ${name('fxo', i)} = ${oddFirst(nineteenfold)}`]
  })
  const productOf = ({ i, j, factor, wraps }: SquareTerm): string => {
    const left = name(factor === 4 || (factor === 2 && i === j) ? 'f2_' : 'f', i >> 1)
    // The lanes of the right operand have to be where those of the left are.
    const right = name(`f${wraps ? 'x' : ''}${i % 2 === j % 2 ? '' : 'o'}`, j >> 1)
    return (i % 2 === 0 ? evenProduct : oddProduct)(left, right)
  }
  const { columns, after } = carryPair(
    tag,
    (k) => {
      const terms = squareTerms[k] ?? []
      const twice = terms.filter(({ i, j }) => i !== j).map(productOf)
      const once = terms.filter(({ i, j }) => i === j).map(productOf)
      return sum([`i64x2.shl(${sum(twice)}, 1)`, ...once])
    },
    sink,
    change,
  )
  return { before: [`let ${tag}k = v128.load(PAIR_NINETEEN)`, ...before], columns, after }
}
