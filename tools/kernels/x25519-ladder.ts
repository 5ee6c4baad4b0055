// Writes the step of the Montgomery ladder (RFC 7748 §5) that does half of its work in vectors and half in integers.
//
// Names are those of the pseudocode there: from X2, Z2 and X3, Z3 the step computes A = X2 + Z2, B = X2 - Z2, C = X3 + Z3,
// D = X3 - Z3, AA = A², BB = B², E = AA - BB, and then
//   X2 = AA BB,  Z2 = E (AA + 121665 E),  X3 = (DA + CB)²,  Z3 = X1 (DA - CB)².
//
// What is side by side, in vectors and in integers:
//   (D, -B) times (A, C), which gives (DA, -CB)       A² and B²
//   (AA, E) times (BB, AA + 121665 E)                  (DA - CB)², (DA + CB)² and X1 (DA - CB)²
import {
  exchanged,
  halfAt,
  lanes,
  type PairSink,
  pairAt,
  pairConstants,
  pairMultiply,
  pairTo,
  vectorNumbers,
} from './field25519-pair.ts'
import { limbsAt, maskOf, multiply, type Operand, type Sink, square, twoP } from './field25519-scalar.ts'
import { simdData, simdSpace } from './simd-data.ts'
import { statements, weave } from './weave.ts'

const PAIR_BYTES = 80
const WIDE_BYTES = 160

/** Where everything is in the region LADDER: first what the caller knows, then scratch. */
const regions = {
  x2z2: PAIR_BYTES,
  x3z3: PAIR_BYTES,
  x1: 48,
  /** (D, -B) and (A, C). */
  differences: PAIR_BYTES,
  sums: PAIR_BYTES,
  /** AA and BB, later (DA - CB)² and X3: a limb in 8 bytes. */
  aa: PAIR_BYTES,
  bb: PAIR_BYTES,
  /** DA - CB and DA + CB, each the first of a pair of which the second is of no use. */
  minus: PAIR_BYTES,
  plus: PAIR_BYTES,
  pairColumns: WIDE_BYTES,
  w: PAIR_BYTES,
  x3: PAIR_BYTES,
}
type Region = keyof typeof regions
const names = Object.keys(regions) as Region[]

function offsetOfRegion(region: Region): number {
  return names.slice(0, names.indexOf(region)).reduce((sum, name) => sum + regions[name], 0)
}
const at = (region: Region): string => `(LADDER + ${offsetOfRegion(region)})`
const ladderBytes = names.reduce((sum, name) => sum + regions[name], 0)

const constants = [
  pairConstants(),
  simdData('LADDER_TWO_P', 'u64', twoP),
  simdData('LADDER_MASKS', 'u64', [maskOf(0), maskOf(1)]),
  simdData('LADDER_A24', 'u32', [121665, 121665, 121665, 121665]),
  simdData('LADDER_FIRST', 'u64', ['0xffffffffffffffff', 0]),
].join('\n')

/** Two limbs that were stored one after the other: a single load would wait until both stores are done. */
const twoLimbs = (region: Region, i: number): string =>
  `v128.load64_lane(${at(region)}, v128.load64_zero(${at(region)}, ${16 * i}), 1, ${16 * i + 8})`

/**
 * A, B, C, D from the points, exchanged first where all bits of `mask` are set. Exchanging the points exchanges (X3, Z2) and
 * (X2, Z3), and of those the sums and differences are made with one permutation each.
 */
const sumsAndDifferences = vectorNumbers.map((i) =>
  [
    `{ const p = v128.load(${at('x2z2')}, ${16 * i}), q = ${twoLimbs('x3z3', i)}`,
    `let a = ${lanes('q', 'p', [0, 5, 2, 7])}, b = ${lanes('p', 'q', [0, 5, 2, 7])}`,
    'const change = v128.and(v128.xor(a, b), mask)',
    'a = v128.xor(a, change)',
    'b = v128.xor(b, change)',
    `const twoP = v128.load(PAIR_TWO_P, ${16 * i})`,
    `v128.store(${at('differences')}, i32x4.add(i32x4.sub(a, ${exchanged('b')}), twoP), ${16 * i})`,
    `v128.store(${at('sums')}, i32x4.add(b, ${exchanged('a')}), ${16 * i}) }`,
  ].join('\n'),
)

/** DA - CB and DA + CB from (DA, -CB). */
const plusAndMinus: PairSink = (i, vector) =>
  [
    `{ const v = ${vector}, w = ${exchanged('v')}`,
    `v128.store(${at('minus')}, i32x4.add(v, w), ${16 * i})`,
    `v128.store(${at('plus')}, i32x4.add(i32x4.sub(v, w), v128.load(PAIR_TWO_P, ${16 * i})), ${16 * i}) }`,
  ].join('\n')
const products = pairMultiply('da', at('pairColumns'), pairAt(at('differences')), pairAt(at('sums')), plusAndMinus)

const wideTo =
  (region: Region): Sink =>
  (i, limb) =>
    `store<u64>(${at(region)}, ${limb}, ${8 * i})`
const aa = square('aa', halfAt(at('sums'), 0), { sink: wideTo('aa') })
const bb = square('bb', halfAt(at('differences'), 1), { sink: wideTo('bb') })

const upper = (a: string): string => `i64x2.shl(${a}, 32)`

/**
 * (AA, E) and (BB, AA + 121665 E): E, 3-fold, and AA + 121665 E, below 2^45 in a limb. That is carried once, every limb at the same time, which leaves limbs 1 to 9
 * below their width and 2^20 more, limb 0 below its width and 2^25 more: 1.5-fold.
 */
function lineOfTangent(): string[] {
  const lines = vectorNumbers.map(
    (i) =>
      `const a${i} = ${twoLimbs('aa', i)}, b${i} = ${twoLimbs('bb', i)}\n` +
      `const e${i} = i64x2.add(i64x2.sub(a${i}, b${i}), v128.load(LADDER_TWO_P, ${16 * i}))`,
  )
  lines.push('const a24 = v128.load(LADDER_A24)')
  for (const i of [0, 2, 4]) {
    const next = Math.min(i + 1, 4)
    lines.push(`const four${i} = ${lanes(`e${i}`, `e${next}`, [0, 2, 4, 6])}`)
    lines.push(`const t${i} = i64x2.add(i64x2.extmul_low_i32x4_u(four${i}, a24), a${i})`)
    if (next > i) lines.push(`const t${next} = i64x2.add(i64x2.extmul_high_i32x4_u(four${i}, a24), a${next})`)
  }
  const carry = (i: number): string => `v128.shuffle<i64>(i64x2.shr_u(t${i}, 26), i64x2.shr_u(t${i}, 25), 0, 3)`
  lines.push(...vectorNumbers.map((i) => `const carry${i} = ${carry(i)}`))
  // What comes from the limb below; 19 times that from the topmost.
  const below = (i: number): string => `v128.shuffle<i64>(carry${(i + 4) % 5}, carry${i}, 1, 2)`
  lines.push(...vectorNumbers.map((i) => `let below${i} = ${below(i)}`))
  const eighteen = 'i64x2.add(i64x2.shl(below0, 1), i64x2.shl(below0, 4))'
  lines.push(`below0 = i64x2.add(below0, v128.and(${eighteen}, v128.load(LADDER_FIRST)))`)
  lines.push('const masks = v128.load(LADDER_MASKS)')
  for (const i of vectorNumbers) {
    lines.push(`v128.store(${at('differences')}, v128.or(a${i}, ${upper(`e${i}`)}), ${16 * i})`)
    const carried = `i64x2.add(v128.and(t${i}, masks), below${i})`
    lines.push(`v128.store(${at('sums')}, v128.or(b${i}, ${upper(carried)}), ${16 * i})`)
  }
  return lines
}

const doubled = pairMultiply('db', at('pairColumns'), pairAt(at('differences')), pairAt(at('sums')), pairTo(at('x2z2')))

/** The other point: W = (DA - CB)², X3 and Z3 = X1 W. */
function addedPoint(): string[] {
  const w = square('w', halfAt(at('minus'), 0), { sink: wideTo('w') })
  const x3 = square('x', halfAt(at('plus'), 0), { sink: wideTo('x3') })
  const wLimbs: Operand = (i) => `load<u64>(${at('w')}, ${8 * i})`
  const z3 = multiply('z', wLimbs, limbsAt(at('x1')), {
    sink: (i, limb) => `store<u64>(${at('x3z3')}, load<u64>(${at('x3')}, ${8 * i}) | (${limb} << 32), ${8 * i})`,
  })
  return [...statements(w), ...statements(x3), ...statements(z3)]
}

/** The source of assembly/generated/x25519-ladder.ts. */
export function x25519Ladder(): string {
  const body = [
    'const mask = i32x4.splat(-(swap as i32))',
    ...sumsAndDifferences,
    ...weave(statements(products), [...statements(aa), ...statements(bb)]),
    ...weave([...lineOfTangent(), ...statements(doubled)], addedPoint()),
  ]
  return [
    constants,
    `export const LADDER_BYTES: usize = ${ladderBytes}`,
    `export ${simdSpace('LADDER', ladderBytes)}`,
    ...(['x2z2', 'x3z3', 'x1'] as const).map(
      (region) => `export const LADDER_${region.toUpperCase()}: usize = ${at(region)}`,
    ),
    'export function ladderStep(swap: u32): void {',
    ...body.map((line) => line.replace(/^/gm, '  ')),
    '}',
    '',
  ].join('\n')
}
