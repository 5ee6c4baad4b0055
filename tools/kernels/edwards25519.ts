// Points of edwards25519 in vectors: doubling and addition, in which products of pairs in vectors run beside products of integers.
//
// The sum of points is X and Y as a pair, Z, and T. Both formulas end in the same four products (RFC 8032 §5.1.4),
// X = E F, Y = G H, Z = F G, T = E H: with the pairs (F, G) and (E, H) the first two are one product of pairs.
import {
  exchanged,
  halfAt,
  lanes,
  packed,
  pairAt,
  pairConstants,
  pairMultiply,
  pairSquare,
  storePair,
  vectorNumbers,
} from './field25519-pair.ts'
import {
  limbNumbers,
  limbsAt,
  multiply,
  type Operand,
  resultLimb,
  square,
  storeLimbs,
  twoP,
} from './field25519-scalar.ts'
import { statements, weave } from './weave.ts'

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

function constants(): string[] {
  const hex = (value: bigint): string => `0x${value.toString(16)}`
  // ~a + 1 is -a.
  const bias = (name: string, i: number): string =>
    `const ${name} = memory.data<u64>([${hex((BigInt(twoP[i] ?? 0) << 35n) + 1n)}, 0], 16)`
  return [
    pairConstants(),
    'const LOWER = memory.data<u64>([0xffffffffffffffff, 0], 16)',
    bias('BIAS_0', 0),
    bias('BIAS_ODD', 1),
    bias('BIAS_EVEN', 2),
    'export const SCRATCH = memory.data(320, 16)',
    '/** The sum: X and Y as a pair, Z, T. */',
    'export const SUM_XY = memory.data(80, 16), SUM_Z = memory.data(40, 16), SUM_T = memory.data(40, 16)',
    '/** Pairs (F, G), (E, H) and (G, H). */',
    'export const FG = memory.data(80, 16), EH = memory.data(80, 16), GH = memory.data(80, 16)',
    '',
  ]
}

/** X, Y and Z, and T too where it is asked for, from the pairs in FG and EH. */
function products(f: Operand, g: Operand, eh: Operand, complete: boolean): string[] {
  const xy = pairMultiply('p', SCRATCH_PAIR, pairOfWordsAt('FG'), eh)
  const z = multiply('z', f, g, { scratch: SCRATCH_ONE })
  const t = multiply('t', halfAt('EH', 0), halfAt('EH', 1), { scratch: SCRATCH_TWO })
  return weave(
    [...statements(xy), ...storePair('p', 'SUM_XY')],
    [
      ...statements(z),
      ...storeLimbs('z', 'SUM_Z'),
      ...(complete ? [...statements(t), ...storeLimbs('t', 'SUM_T')] : []),
    ],
  )
}

function storeWords(address: string, low: Operand, high: Operand): string[] {
  return limbNumbers.map((i) => `store<u64>(${address}, ${low(i)} | (${high(i)} << 32), ${8 * i})`)
}

/**
 * (E, H) = ((Y + X)(y + x) -+ (Y - X)(y - x)), beside C = T * 2 d x y; then F, G = 2 Z -+ C, with Z at \`z\`. "add-2008-hwcd-3".
 * F is 4-fold, G 3-fold; E and H are reduced.
 */
function additionFactors(): string[] {
  const differences = vectorNumbers.flatMap((i) => {
    const v = `v${i}`
    return [
      `let ${v} = v128.load(SUM_XY, ${16 * i}), w${i} = ${exchanged(v)}`,
      `let s${i} = ${lanes(`i32x4.add(i32x4.sub(w${i}, ${v}), v128.load(PAIR_TWO_P, ${16 * i}))`, `i32x4.add(w${i}, ${v})`, [0, 5, 2, 7])}`,
    ]
  })
  const eh = pairMultiply('e', SCRATCH_PAIR, (i) => `s${i}`, pairAt('entry'), differenceAndSum)
  const factors = vectorNumbers.map((i) => `let eh_${i} = ${packed('e', i)}; v128.store(EH, eh_${i}, ${16 * i})`)
  const c = multiply('c', limbsAt('SUM_T'), atOffset('entry', ENTRY_T), { scratch: SCRATCH_ONE })
  return [
    ...weave([...differences, ...statements(eh), ...factors], statements(c)),
    ...limbNumbers.map((i) => {
      const twiceZ = `let d${i} = (load<u32>(z, ${4 * i}) as u64) << 1`
      return `${twiceZ}, f${i} = d${i} + ${twoP[i]} - ${resultLimb('c', i)}, g${i} = d${i} + ${resultLimb('c', i)}`
    }),
    ...storeWords(
      'FG',
      (i) => `f${i}`,
      (i) => `g${i}`,
    ),
  ]
}

/** (G, H) = Y^2 -+ X^2, E = 2 X Y, F = 2 Z^2 - G: "dbl-2008-hwcd" with a = -1 and the signs of F and H turned. F is 4-fold. */
function doublingFactors(): string[] {
  const gh = pairSquare('q', SCRATCH_PAIR, pairAt('SUM_XY'), differenceAndSum)
  const e = multiply('e', (i) => `(load<u32>(SUM_XY, ${8 * i}) as u64) << 1`, halfAt('SUM_XY', 1), {
    scratch: SCRATCH_ONE,
  })
  const zz = square('z', limbsAt('SUM_Z'), { scratch: SCRATCH_TWO })
  return [
    ...weave([...statements(gh), ...storePair('q', 'GH')], [...statements(e), ...statements(zz)]),
    ...limbNumbers.map((i) => {
      const [g, h] = [`g${i}`, `h${i}`]
      return `let ${g} = load<u32>(GH, ${8 * i}) as u64, ${h} = load<u32>(GH, ${8 * i + 4}) as u64`
    }),
    ...storeWords(
      'FG',
      (i) => `((${resultLimb('z', i)} << 1) + ${twoP[i]} - g${i})`,
      (i) => `g${i}`,
    ),
    ...storeWords(
      'EH',
      (i) => resultLimb('e', i),
      (i) => `h${i}`,
    ),
  ]
}

const block = (comment: string, head: string, lines: readonly string[]): string =>
  `/** ${comment} */\n${head} {\n${lines.join('\n')}\n}\n`

/** The source of assembly/generated/edwards25519.ts. */
export function edwards25519(): string {
  const t = multiply('t', halfAt('EH', 0), halfAt('EH', 1))
  return [
    ...constants(),
    // One copy for both formulas: two would not fit the instruction cache together with the rest of a verification.
    block(
      'X, Y, Z from FG and EH.',
      'function finish(): void',
      products(halfAt('FG', 0), halfAt('FG', 1), pairOfWordsAt('EH'), false),
    ),
    block(
      'Adds an affine or cached entry; `z` is Z, or the product of both Z. T is left to do.',
      'export function addEntry(entry: usize, z: usize): void',
      [...additionFactors(), 'finish()'],
    ),
    block('Adds an affine entry, with T.', 'export function addAffineComplete(entry: usize): void', [
      'const z = SUM_Z',
      ...additionFactors(),
      ...products(
        (i) => `f${i}`,
        (i) => `g${i}`,
        (i) => `eh_${i}`,
        true,
      ),
    ]),
    block('Doubles. T is left to do.', 'export function double(): void', [...doublingFactors(), 'finish()']),
    block('Computes T.', 'export function complete(): void', [...statements(t), ...storeLimbs('t', 'SUM_T')]),
  ].join('\n')
}
