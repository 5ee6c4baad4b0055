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

/** What is done with a limb as soon as it is final: a statement. */
export type Sink = (i: number, limb: string) => string

export interface KernelOptions {
  /**
   * Statements that store limbs when they are final. They fix the place of the sums among woven statements, and free registers. The
   * limbs are in locals nevertheless.
   */
  readonly sink?: Sink
}

/**
 * A chain of carries that follows the columns: each is reduced to its limb when it is summed, and the rest goes to the next. From limb
 * 9 on it goes round once more, and ends two limbs after the column where it began.
 *
 * Bounds: columns are below 2^63.7, so carries are below 2^38, from limb 9 below 2^39, times 19 below 2^44. What comes round adds at
 * most 2^18 to the limb at which the chain ends: 1.01 * 2^25 for an odd one.
 */
export class CarryChain {
  readonly #tag: string
  readonly #sink: Sink | undefined
  #carry = ''

  constructor(tag: string, sink: Sink | undefined) {
    this.#tag = tag
    this.#sink = sink
  }

  /** Column i, an expression: the first, or the one after the last. */
  add(i: number, column: string): string[] {
    const [tag, limb] = [this.#tag, resultLimb(this.#tag, i)]
    const declaration = this.#carry === '' ? `let ${tag}c: u64\n` : ''
    const carry = this.#carry === '' ? '' : ` + ${this.#carry}`
    // 2^255 = 19
    this.#carry = i === 9 ? `${tag}c * 19` : `${tag}c`
    return [`${declaration}let ${limb}: u64 = ${column}${carry}\n${this.#pass(i)}`]
  }

  /** Carries on into a limb that was reduced before, and from it into the next, where the chain ends. */
  close(i: number): string[] {
    const [limb, next] = [resultLimb(this.#tag, i), resultLimb(this.#tag, i + 1)]
    return [`${limb} += ${this.#carry}\n${this.#pass(i)}`, `${next} += ${this.#tag}c`]
  }

  /** Statements of the sink for limbs that are final. */
  done(...limbs: number[]): string[] {
    return limbs.flatMap((i) => (this.#sink ? [this.#sink(i, resultLimb(this.#tag, i))] : []))
  }

  #pass(i: number): string {
    const limb = resultLimb(this.#tag, i)
    return `${this.#tag}c = ${limb} >> ${bitsOf(i)}\n${limb} &= ${maskOf(i)}`
  }
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

export const evenOf =
  (limb: Operand): Operand =>
  (i) =>
    limb(2 * i)
export const oddOf =
  (limb: Operand): Operand =>
  (i) =>
    limb(2 * i + 1)

/** Names of the sums of an even limb and the odd one after it. */
const sumOf =
  (limb: Operand): Operand =>
  (i) =>
    `${limb(2 * i)}s`
/** Added as u32, so that the compiler of a 32-bit processor knows the upper half to be zero. */
const declareSum = (limb: Operand, i: number): string =>
  `let ${sumOf(limb)(i)} = ((${evenOf(limb)(i)} as u32) + (${oddOf(limb)(i)} as u32)) as u64`

/**
 * Multiplies f by g. The product of their folds is at most 20, limbs are below 2^31.
 *
 * Karatsuba over even and odd limbs: with Y = 2^51, f = E + 2^26 O and g = E' + 2^26 O', where E and O have five terms in Y. The
 * even columns are E E' + 2 Y O O', since 2^52 = 2 Y; the odd ones (E + O)(E' + O') - E E' - O O': 75 products instead of 100.
 *
 * Bounds: even plus odd limb is at most 1.5 * 1.01 * 2^26 a fold. A column has one direct product and four that count 19-fold, or
 * fewer: at most 77 * 2.25 * 1.03 * 20 * 2^52 < 2^63.9. Columns of the result are below 2^63.5.
 */
export function multiply(tag: string, f: Operand, g: Operand, { sink }: KernelOptions = {}): Kernel {
  const fLimb: Operand = (i) => `${tag}f${i}`
  const gLimb: Operand = (i) => `${tag}g${i}`
  const before = [
    ...limbNumbers.map((i) => `let ${fLimb(i)}: u64 = ${f(i)}, ${gLimb(i)}: u64 = ${g(i)}`),
    ...[0, 1, 2, 3, 4].flatMap((i) => [declareSum(fLimb, i), declareSum(gLimb, i)]),
  ]
  const chain = new CarryChain(tag, sink)
  const [evens, odds]: [Operand, Operand] = [(k) => `${tag}u${k}`, (k) => `${tag}v${k}`]
  const columns = [0, 1, 2, 3, 4].flatMap((k) => {
    const lines = [
      `let ${evens(k)} = ${cyclicColumn(evenOf(fLimb), evenOf(gLimb), k)}`,
      `let ${odds(k)} = ${cyclicColumn(oddOf(fLimb), oddOf(gLimb), k)}`,
    ]
    const crossed = `${cyclicColumn(sumOf(fLimb), sumOf(gLimb), k)} - ${evens(k)} - ${odds(k)}`
    // Column 0 needs the last of all sums: the chain begins at column 2.
    if (k === 0) return [...lines, `let ${tag}w = ${crossed}`]
    lines.push(...chain.add(2 * k, `${evens(k)} + (${odds(k - 1)} << 1)`), ...chain.add(2 * k + 1, crossed))
    return k === 1 ? lines : [...lines, ...chain.done(2 * k, 2 * k + 1)]
  })
  const last = [...chain.add(0, `${evens(0)} + ${odds(4)} * 38`), ...chain.add(1, `${tag}w`), ...chain.close(2)]
  return { before, columns, after: [...last, ...chain.done(0, 1, 2, 3)] }
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
export function square(tag: string, f: Operand, { sink }: KernelOptions = {}): Kernel {
  const multiple = (factor: number, i: number): string => `${tag}f${i}${factor === 1 ? '' : `x${factor}`}`
  const before = limbNumbers.flatMap((i) => {
    const factors = [...(i % 2 === 1 ? [2] : []), ...(i > 4 ? [19] : [])]
    const times = (factor: number): string =>
      `let ${multiple(factor, i)} = ((${multiple(1, i)} as u32) * ${factor}) as u64`
    return [`let ${multiple(1, i)}: u64 = ${f(i)}`, ...factors.map(times)]
  })
  const productOf = ({ i, j, factor, wraps }: SquareTerm): string =>
    `${multiple(factor === 4 || (factor === 2 && i === j) ? 2 : 1, i)} * ${multiple(wraps ? 19 : 1, j)}`
  const chain = new CarryChain(tag, sink)
  const columns = squareTerms.flatMap((terms, k) => {
    const twice = terms.filter(({ i, j }) => i !== j).map(productOf)
    const once = terms.filter(({ i, j }) => i === j).map(productOf)
    const lines = chain.add(k, [`((${twice.join(' + ')}) << 1)`, ...once].join(' + '))
    return k < 2 ? lines : [...lines, ...chain.done(k)]
  })
  return { before, columns, after: [...chain.close(0), ...chain.done(0, 1)] }
}
