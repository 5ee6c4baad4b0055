// Arithmetic in the field of Curve25519, p = 2^255 - 19, on integers: writes AssemblyScript for products, squares and carries.
//
// An element is ten unsigned limbs: the sum of limb i * 2^ceil(25.5 i). So even limbs stand for 26 bits and odd ones for 25.
// "Reduced" means even limbs <= 1.01 * 2^26 and odd limbs <= 1.01 * 2^25: every carried result is. Limbs `n` times as large are
// called "n-fold". In memory limbs are u32, 40 bytes an element (assembly/field25519.ts). Here they are u64 locals that hold
// 32-bit values, so that a product is UMULL on 32-bit processors and one multiplication on others.
//
// A kernel takes a `tag`, which begins the names of all its locals, and operands as functions from the number of a limb to an
// expression. Its result is in the locals `resultLimb(tag, i)`.
//
//   const product = multiply('p', limbsAt('f'), limbsAt('g'))
//   const body = [...statements(product), ...storeLimbs('p', 'out')].join('\n')
import type { Kernel } from './weave.ts'

/** The expression of limb `i` of an operand. */
export type Operand = (i: number) => string

export const limbNumbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const
export const bitsOf = (i: number): number => (i % 2 === 0 ? 26 : 25)
export const maskOf = (i: number): number => 2 ** bitsOf(i) - 1
/** Where limb `i` begins. */
export const offsetOf = (i: number): number => Math.ceil(25.5 * i)
/** The limbs of 2p: added before a reduced element is subtracted, it keeps every limb from becoming negative. */
export const twoP: readonly number[] = limbNumbers.map((i) => (i === 0 ? 2 ** 27 - 38 : 2 * maskOf(i)))

/** An element in memory at `address`, an expression. */
export const limbsAt =
  (address: string): Operand =>
  (i) =>
    `load<u32>(${address}, ${4 * i}) as u64`

/** The local that holds limb `i` of a result. */
export const resultLimb = (tag: string, i: number): string => `${tag}h${i}`

/** Stores two limbs at once: what reads them next may read both, and would wait long for two stores. */
export function storeLimbs(tag: string, address: string): string[] {
  const pairs = limbNumbers.filter((i) => i % 2 === 0)
  return pairs.map((i) => `store<u64>(${address}, ${resultLimb(tag, i)} | (${resultLimb(tag, i + 1)} << 32), ${4 * i})`)
}

/**
 * The order of carries: two chains, from limb 0 and from limb 5, which do not wait for each other. Limb 9 carries into limb 0, and
 * limbs 5 and 0 receive at the end what they pass on once more. Columns are below 2^64, so the carry out of limb 9 is below
 * 2^39, times 19 below 2^44; the last one, from limb 0 to 1, is then below 2^18, and limb 1 ends below 1.01 * 2^25.
 */
export const carryOrder = [0, 5, 1, 6, 2, 7, 3, 8, 4, 9, 5, 0] as const

/** Carries the locals `resultLimb(tag, i)`, each below 2^64 - 2^44, until they are reduced. */
export function carry(tag: string): string[] {
  const lines = [`let ${tag}c: u64`]
  for (const i of carryOrder) {
    const next = (i + 1) % 10
    const value = i === 9 ? `${tag}c * 19` : `${tag}c` // 2^255 = 19
    const limb = resultLimb(tag, i)
    lines.push(`${tag}c = ${limb} >> ${bitsOf(i)}`, `${limb} &= ${maskOf(i)}`, `${resultLimb(tag, next)} += ${value}`)
  }
  return lines
}

export interface ScalarOptions {
  /**
   * An expression: where 80 bytes of scratch are. Then each column is stored there when it is summed. That fixes its place among
   * woven statements, and frees its register. The scratch holds secrets afterwards.
   */
  readonly scratch?: string
}

/** Statements that end a column: it stays in a local, or waits in the scratch. */
function columnEnd(tag: string, i: number, value: string, scratch: string | undefined): string {
  return scratch === undefined
    ? `let ${resultLimb(tag, i)}: u64 = ${value}`
    : `store<u64>(${scratch}, ${value}, ${8 * i})`
}

function carryColumns(tag: string, scratch: string | undefined): string[] {
  const loads = limbNumbers.map((i) => `let ${resultLimb(tag, i)} = load<u64>(${scratch}, ${8 * i})`)
  return [...(scratch === undefined ? [] : loads), ...carry(tag)]
}

/**
 * Column `k` of a product of two polynomials of five terms modulo Y^5 = 19. What wraps is multiplied by 19 as a sum: so operands
 * need no room for it.
 */
function cyclicColumn(f: Operand, g: Operand, k: number): string {
  const products = [0, 1, 2, 3, 4].map((i) => `${f(i)} * ${g((k - i + 5) % 5)}`)
  const direct = products.slice(0, k + 1).join(' + ')
  return k === 4 ? direct : `(${products.slice(k + 1).join(' + ')}) * 19 + ${direct}`
}

/**
 * Multiplies f by g. The product of their folds is at most 20, limbs are below 2^31.
 *
 * Karatsuba over even and odd limbs: with Y = 2^51, f = E + 2^26 O and g = E' + 2^26 O', where E and O have five terms in Y. The
 * even columns are E E' + 2 Y O O', since 2^52 = 2 Y; the odd ones (E + O)(E' + O') - E E' - O O': 75 products instead of 100.
 *
 * Bounds: even plus odd limb is at most 1.5 * 1.01 * 2^26 a fold. A column has one direct product and four that count 19-fold, or
 * fewer: at most 77 * 2.25 * 1.03 * 20 * 2^52 < 2^63.9. Columns of the result are below 2^63.5.
 */
export function multiply(tag: string, f: Operand, g: Operand, { scratch }: ScalarOptions = {}): Kernel {
  const fLimb: Operand = (i) => `${tag}f${i}`
  const gLimb: Operand = (i) => `${tag}g${i}`
  const even =
    (limb: Operand): Operand =>
    (i) =>
      limb(2 * i)
  const odd =
    (limb: Operand): Operand =>
    (i) =>
      limb(2 * i + 1)
  const fSum: Operand = (i) => `${tag}fs${i}`
  const gSum: Operand = (i) => `${tag}gs${i}`

  const before = limbNumbers.map((i) => `let ${fLimb(i)}: u64 = ${f(i)}, ${gLimb(i)}: u64 = ${g(i)}`)
  for (const i of [0, 1, 2, 3, 4]) {
    // Added as u32, so that the compiler of a 32-bit processor knows the upper half to be zero.
    before.push(`let ${fSum(i)} = ((${even(fLimb)(i)} as u32) + (${odd(fLimb)(i)} as u32)) as u64`)
    before.push(`let ${gSum(i)} = ((${even(gLimb)(i)} as u32) + (${odd(gLimb)(i)} as u32)) as u64`)
  }

  const columns: string[] = []
  for (const k of [0, 1, 2, 3, 4]) {
    const [evens, odds] = [`${tag}u${k}`, `${tag}v${k}`]
    columns.push(
      `let ${evens} = ${cyclicColumn(even(fLimb), even(gLimb), k)}`,
      `let ${odds} = ${cyclicColumn(odd(fLimb), odd(gLimb), k)}`,
    )
    if (k > 0) columns.push(columnEnd(tag, 2 * k, `${evens} + (${tag}v${k - 1} << 1)`, scratch))
    columns.push(columnEnd(tag, 2 * k + 1, `${cyclicColumn(fSum, gSum, k)} - ${evens} - ${odds}`, scratch))
  }
  columns.push(columnEnd(tag, 0, `${tag}u0 + ${tag}v4 * 38`, scratch))
  return { before, columns, after: carryColumns(tag, scratch) }
}

/** The products f_i f_j of a square, i <= j. */
export interface SquareTerm {
  readonly i: number
  readonly j: number
  /** 2 where the product occurs twice; twice that for two odd limbs, since 25.5 was rounded up for both. */
  readonly factor: 1 | 2 | 4
  /** Whether it counts 19-fold: 2^255 = 19. */
  readonly wraps: boolean
}

/** The terms of each column of a square. */
export const squareTerms: readonly (readonly SquareTerm[])[] = limbNumbers.map((k) => {
  const pairs = limbNumbers.map((i) => ({ i, j: (k - i + 10) % 10 })).filter(({ i, j }) => i <= j)
  return pairs.map(({ i, j }) => {
    const bothOdd = i % 2 === 1 && j % 2 === 1
    const factor = i === j ? (bothOdd ? 2 : 1) : bothOdd ? 4 : 2
    return { i, j, factor, wraps: i + j >= 10 }
  })
})

/**
 * Squares f, at most 3-fold: 19 times an even limb is then below 2^32, and so is every other multiple. Products that occur twice
 * are computed once. Columns are below 9 * 1.03 * (77 + 5 * 19) * 2^52 < 2^63.
 */
export function square(tag: string, f: Operand, { scratch }: ScalarOptions = {}): Kernel {
  const multiple = (factor: number, i: number): string => `${tag}f${i}${factor === 1 ? '' : `x${factor}`}`
  const before = limbNumbers.flatMap((i) => {
    const factors = [2, ...(i > 4 ? [19] : []), ...(i % 2 === 1 ? [4] : [])]
    const times = (factor: number): string =>
      `let ${multiple(factor, i)} = ((${multiple(1, i)} as u32) * ${factor}) as u64`
    return [`let ${multiple(1, i)}: u64 = ${f(i)}`, ...factors.map(times)]
  })
  const columns = squareTerms.map((terms, k) => {
    const products = terms.map(({ i, j, factor, wraps }) => `${multiple(factor, i)} * ${multiple(wraps ? 19 : 1, j)}`)
    return columnEnd(tag, k, products.join(' + '), scratch)
  })
  return { before, columns, after: carryColumns(tag, scratch) }
}
