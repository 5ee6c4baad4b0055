// Points of edwards25519 in vectors: doubling and addition, in which products of pairs in vectors run beside products of integers.
//
// The sum of points is X and Y as a pair, Z, and T. Both formulas end in the same four products (RFC 8032 §5.1.4),
// X = E F, Y = G H, Z = F G, T = E H: with the pairs (F, G) and (E, H) the first two are one product of pairs.
import {
  exchanged,
  halfAt,
  lanes,
  pairAt,
  pairConstants,
  pairMultiply,
  pairSquare,
  pairTo,
  vectorNumbers,
} from './field25519-pair.ts'
import { limbNumbers, limbsAt, multiply, type Operand, type Sink, square, twoP } from './field25519-scalar.ts'
import { simdData, simdSpace } from './simd-data.ts'
import { type Kernel, statements, weave } from './weave.ts'

/** Where the parts of an entry begin (assembly/edwards25519-sum.ts): the pair (y - x, y + x), then 2 d x y. */
const ENTRY_T = 80

/** Columns of a pair, and of two products of integers. */
const [SCRATCH_PAIR, SCRATCH_ONE, SCRATCH_TWO] = ['SCRATCH', 'SCRATCH + 160', 'SCRATCH + 240']

/** A pair that integer code wrote as u64: as one load, it would wait until both stores have reached the cache. */
const pairOfWordsAt =
  (address: string): Operand =>
  (i) =>
    `v128.load64_lane(${address}, v128.load64_zero(${address}, ${16 * i}), 1, ${16 * i + 8}, 8)`

const atOffset =
  (address: string, offset: number): Operand =>
  (i) =>
    `load<u32>(${address}, ${offset + 4 * i}) as u64`

/**
 * Replaces column i of a pair (a, b) by (b - a, b + a). To keep lanes positive 2^35 * 2p is added: columns of a are below 2^61 where
 * they are even ones, and below 2^60.5 where odd, and the limbs of 2^35 * 2p are 2^62 and 2^61.
 */
const differenceAndSum = (column: string, i: number): string => {
  const bias = i === 0 ? 'BIAS_0' : i % 2 === 1 ? 'BIAS_ODD' : 'BIAS_EVEN'
  const negated = `i64x2.add(v128.xor(${column}, v128.load(LOWER)), v128.load(${bias}))`
  return `i64x2.add(${negated}, ${lanes(column, column, [2, 3, 0, 1])})`
}

const exportedSpace = (name: string, bytes: number): string => `export ${simdSpace(name, bytes)}`

function constants(): string[] {
  const hex = (value: bigint): string => `0x${value.toString(16)}`
  // ~a + 1 is -a.
  const bias = (name: string, i: number): string => simdData(name, 'u64', [hex((BigInt(twoP[i] ?? 0) << 35n) + 1n), 0])
  return [
    pairConstants(),
    simdData('LOWER', 'u64', ['0xffffffffffffffff', 0]),
    bias('BIAS_0', 0),
    bias('BIAS_ODD', 1),
    bias('BIAS_EVEN', 2),
    exportedSpace('SCRATCH', 320),
    '/** The sum: X and Y as a pair; Z and T, and the product of two Z, a limb in 8 bytes. */',
    ...['SUM_XY', 'SUM_Z', 'SUM_T', 'PRODUCT'].map((name) => exportedSpace(name, 80)),
    '/** Pairs (F, G), (E, H) and (G, H). */',
    ...['FG', 'EH', 'GH'].map((name) => exportedSpace(name, 80)),
    '',
  ]
}

/** An element of which each limb has 8 bytes. */
const wideAt =
  (address: string): Operand =>
  (i) =>
    `load<u64>(${address}, ${8 * i})`
const wideTo =
  (address: string): Sink =>
  (i, limb) =>
    `store<u64>(${address}, ${limb}, ${8 * i})`

/** T = E H. */
const productT = (): Kernel => multiply('t', halfAt('EH', 0), halfAt('EH', 1), { sink: wideTo('SUM_T') })

/** X, Y and Z, and T too where it is asked for, from the pairs in FG and EH. */
function products(complete: boolean): string[] {
  const xy = pairMultiply('p', SCRATCH_PAIR, pairOfWordsAt('FG'), pairOfWordsAt('EH'), pairTo('SUM_XY'))
  const z = multiply('z', halfAt('FG', 0), halfAt('FG', 1), { sink: wideTo('SUM_Z') })
  return weave(statements(xy), [...statements(z), ...(complete ? statements(productT()) : [])])
}

const wordsTo = (address: string, i: number, low: string, high: string): string =>
  `store<u64>(${address}, (${low}) | ((${high}) << 32), ${8 * i})`

/**
 * (E, H) = ((Y + X)(y + x) -+ (Y - X)(y - x)), beside C = T * 2 d x y; then F, G = 2 Z -+ C, with Z at \`z\`. "add-2008-hwcd-3".
 * F is 4-fold, G 3-fold; E and H are reduced.
 */
function additionFactors(withT: boolean): string[] {
  const differences = vectorNumbers.flatMap((i) => {
    const [v, w] = [`v${i}`, `w${i}`]
    const difference = `i32x4.add(i32x4.sub(${w}, ${v}), v128.load(PAIR_TWO_P, ${16 * i}))`
    return [
      `let ${v} = v128.load(SUM_XY, ${16 * i}), ${w} = ${exchanged(v)}`,
      `v128.store(GH, ${lanes(difference, `i32x4.add(${w}, ${v})`, [0, 5, 2, 7])}, ${16 * i})`,
    ]
  })
  const eh = pairMultiply('e', SCRATCH_PAIR, pairAt('GH'), pairAt('entry'), pairTo('EH'), differenceAndSum)
  const factors: Sink = (i, limb) =>
    `{ const d = load<u64>(z, ${8 * i}) << 1\n${wordsTo('FG', i, `d + ${twoP[i]} - ${limb}`, `d + ${limb}`)} }`
  const c = multiply('c', wideAt('SUM_T'), atOffset('entry', ENTRY_T), { sink: factors })
  const vectors = [...differences, ...statements(eh)]
  if (!withT) return weave(vectors, statements(c))
  // The E and H before are read before those to come are stored.
  const t = productT()
  return [...t.before, ...weave(vectors, [...t.columns, ...t.after, ...statements(c)])]
}

/** (G, H) = Y^2 -+ X^2, E = 2 X Y, F = 2 Z^2 - G: "dbl-2008-hwcd" with a = -1 and the signs of F and H turned. F is 4-fold. */
function doublingFactors(): string[] {
  const gh = pairSquare('q', pairAt('SUM_XY'), pairTo('GH'), differenceAndSum)
  const e = multiply('e', (i) => `(load<u32>(SUM_XY, ${8 * i}) as u64) << 1`, halfAt('SUM_XY', 1), {
    sink: wideTo(SCRATCH_ONE),
  })
  const zz = square('z', wideAt('SUM_Z'), { sink: wideTo(SCRATCH_TWO) })
  return [
    ...weave(statements(gh), [...statements(e), ...statements(zz)]),
    ...limbNumbers.map((i) => {
      const gAndH = `const g = load<u32>(GH, ${8 * i}) as u64, h = load<u32>(GH, ${8 * i + 4}) as u64`
      const f = `(${wideAt(SCRATCH_TWO)(i)} << 1) + ${twoP[i]} - g`
      return `{ ${gAndH}\n${wordsTo('FG', i, f, 'g')}\n${wordsTo('EH', i, wideAt(SCRATCH_ONE)(i), 'h')} }`
    }),
  ]
}

const block = (comment: string, head: string, lines: readonly string[]): string =>
  `/** ${comment} */\n${head} {\n${lines.join('\n')}\n}\n`

/** The source of assembly/generated/edwards25519.ts. */
export function edwards25519(): string {
  return [
    ...constants(),
    // One copy for both formulas: two would not fit the instruction cache together with the rest of a verification.
    block('X, Y, Z from FG and EH.', 'function finish(): void', products(false)),
    block(
      'Adds an affine or cached entry; `z` is Z, or the product of both Z. Computes the T before, and leaves that of the sum to do.',
      'export function addEntry(entry: usize, z: usize): void',
      [...additionFactors(true), 'finish()'],
    ),
    block('Adds an affine entry, with T before and after.', 'export function addAffineComplete(entry: usize): void', [
      'const z = SUM_Z',
      ...additionFactors(false),
      ...products(true),
    ]),
    block('Doubles. T is left to do.', 'export function double(): void', [...doublingFactors(), 'finish()']),
    block('Computes T.', 'export function complete(): void', statements(productT())),
    block(
      'Multiplies Z by an element, into PRODUCT.',
      'export function multiplyZ(z: usize): void',
      statements(multiply('z', wideAt('SUM_Z'), limbsAt('z'), { sink: wideTo('PRODUCT') })),
    ),
    block(
      'Squares both elements of a pair.',
      'export function pairSquare(out: usize, f: usize): void',
      statements(pairSquare('s', pairAt('f'), pairTo('out'))),
    ),
    block(
      'Multiplies pairs.',
      'export function pairMultiply(out: usize, f: usize, g: usize): void',
      statements(pairMultiply('p', SCRATCH_PAIR, pairAt('f'), pairAt('g'), pairTo('out'))),
    ),
  ].join('\n')
}
