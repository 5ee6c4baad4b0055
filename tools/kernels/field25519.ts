// Writes the functions over the limbs of single elements that assembly/field25519.ts exports.
import {
  bitsOf,
  CarryChain,
  limbNumbers,
  limbsAt,
  maskOf,
  multiply,
  offsetOf,
  square,
  storeLimbs,
  twoP,
} from './field25519-scalar.ts'
import { statements } from './weave.ts'

/** A function of AssemblyScript. */
function functionOf(declaration: string, lines: readonly string[]): string {
  return [`export function ${declaration}: void {`, ...lines.map((line) => `  ${line}`), '}', ''].join('\n')
}

/** Numbers of limbs that are at a multiple of 8. */
const evenNumbers = limbNumbers.filter((i) => i % 2 === 0)

/**
 * Adds and subtracts two limbs at a time: no lane of 32 bits overflows, and none becomes negative, so that nothing goes from one to
 * the other.
 */
const twoLimbsAt = (operand: string, i: number): string => `load<u64>(${operand}, ${4 * i})`

/** 2p for limbs i and i + 1. */
const twoPFor = (i: number): string => `0x${(BigInt(twoP[i] ?? 0) + (BigInt(twoP[i + 1] ?? 0) << 32n)).toString(16)}`

const product = functionOf('fieldMultiply(out: usize, f: usize, g: usize)', [
  ...statements(multiply('p', limbsAt('f'), limbsAt('g'))),
  ...storeLimbs('p', 'out'),
])

const squared = functionOf('fieldSquare(out: usize, f: usize)', [
  ...statements(square('s', limbsAt('f'))),
  ...storeLimbs('s', 'out'),
])

const smallChain = new CarryChain('m', undefined)
const productWithSmall = functionOf('fieldMultiplySmall(out: usize, f: usize, small: u32)', [
  ...limbNumbers.flatMap((i) => smallChain.add(i, `(${limbsAt('f')(i)}) * (small as u64)`)),
  ...smallChain.close(0),
  ...storeLimbs('m', 'out'),
])

const sum = functionOf(
  'fieldAdd(out: usize, f: usize, g: usize)',
  evenNumbers.map((i) => `store<u64>(out, ${twoLimbsAt('f', i)} + ${twoLimbsAt('g', i)}, ${4 * i})`),
)

const difference = functionOf(
  'fieldSubtract(out: usize, f: usize, g: usize)',
  evenNumbers.map((i) => `store<u64>(out, ${twoLimbsAt('f', i)} + ${twoPFor(i)} - ${twoLimbsAt('g', i)}, ${4 * i})`),
)

const negated = functionOf('fieldNegate(out: usize, f: usize)', [
  ...evenNumbers.map((i) => `store<u64>(out, ${twoPFor(i)} - ${twoLimbsAt('f', i)}, ${4 * i})`),
  'fieldMultiplySmall(out, out, 1)',
])

const sumAndDifference = functionOf('fieldAddSubtract(sum: usize, difference: usize, f: usize, g: usize)', [
  ...evenNumbers.map((i) => `const f${i} = ${twoLimbsAt('f', i)}, g${i} = ${twoLimbsAt('g', i)}`),
  ...evenNumbers.map((i) => `store<u64>(sum, f${i} + g${i}, ${4 * i})`),
  ...evenNumbers.map((i) => `store<u64>(difference, f${i} + ${twoPFor(i)} - g${i}, ${4 * i})`),
])

const swapped = functionOf('fieldSwap(f: usize, g: usize, bit: u32)', [
  'const mask = -(bit as u64)',
  ...evenNumbers.flatMap((i) => [
    `const f${i} = ${twoLimbsAt('f', i)}, g${i} = ${twoLimbsAt('g', i)}, d${i} = (f${i} ^ g${i}) & mask`,
    `store<u64>(f, f${i} ^ d${i}, ${4 * i})`,
    `store<u64>(g, g${i} ^ d${i}, ${4 * i})`,
  ]),
])

/** Limb i from the words of 32 bytes; bit 255 stays outside. */
function limbOfWords(i: number): string {
  const [word, shift] = [offsetOf(i) >> 5, offsetOf(i) & 31]
  const upper = shift + bitsOf(i) > 32 ? ` | (w${word + 1} << ${32 - shift})` : ''
  return `(w${word} >>> ${shift}${upper}) & ${maskOf(i)}`
}

const decoded = functionOf('fieldDecode(out: usize, bytes: usize)', [
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `const w${i} = load<u32>(bytes, ${4 * i})`),
  ...limbNumbers.map((i) => `const h${i}: u64 = ${limbOfWords(i)}`),
  ...storeLimbs('', 'out'),
])

/** Word `word` of 32 bytes from limbs that are all in range. */
function wordOfLimbs(word: number): string {
  const parts = limbNumbers.flatMap((i) => {
    const shift = offsetOf(i) - 32 * word
    if (shift >= 32 || shift + bitsOf(i) <= 0) return []
    return shift < 0 ? [`(h${i} >>> ${-shift})`] : [`(h${i} << ${shift})`]
  })
  return parts.join(' | ')
}

/** Carries limb i into the next. */
const carryOn = (i: number): string[] => [`h${i + 1} += h${i} >>> ${bitsOf(i)}`, `h${i} &= ${maskOf(i)}`]
const untilLast = limbNumbers.slice(0, 9)

const encoded = functionOf('fieldEncode(out: usize, f: usize)', [
  ...limbNumbers.map((i) => `let h${i} = load<u32>(f, ${4 * i})`),
  ...untilLast.flatMap(carryOn),
  `h0 += 19 * (h9 >>> ${bitsOf(9)})`,
  `h9 &= ${maskOf(9)}`,
  // The number is now below 2^255 + 2^11, so below 2p: it is p or more exactly where adding 19 reaches bit 255.
  'let q: u32 = 19',
  ...limbNumbers.map((i) => `q = (h${i} + q) >>> ${bitsOf(i)}`),
  'h0 += 19 * q',
  ...untilLast.flatMap(carryOn),
  `h9 &= ${maskOf(9)}`,
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((word) => `store<u32>(out, ${wordOfLimbs(word)}, ${4 * word})`),
])

/** The source of assembly/generated/field25519.ts. */
export function field25519(): string {
  return [
    product,
    squared,
    productWithSmall,
    sum,
    difference,
    negated,
    sumAndDifference,
    swapped,
    decoded,
    encoded,
  ].join('\n')
}
