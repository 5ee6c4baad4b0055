// Writes how SHA-256 and SHA-512 (FIPS 180-4 §6.2 and §6.4) compress a block: rounds without moves, since each round names the eight
// working variables anew; with SIMD the message schedule in vectors beside them.

/** What differs between the two. */
interface Variant {
  /** The type of a word, and its vector of `lanes`. */
  readonly word: 'u32' | 'u64'
  readonly vector: 'i32x4' | 'i64x2'
  readonly wordBytes: number
  readonly lanes: number
  readonly rounds: number
  /** Rotations to the right; the last number of a small sigma is a shift (§4.1.2, §4.1.3). */
  readonly bigSigma0: readonly [number, number, number]
  readonly bigSigma1: readonly [number, number, number]
  readonly smallSigma0: readonly [number, number, number]
  readonly smallSigma1: readonly [number, number, number]
}

const sha256: Variant = {
  word: 'u32',
  vector: 'i32x4',
  wordBytes: 4,
  lanes: 4,
  rounds: 64,
  bigSigma0: [2, 13, 22],
  bigSigma1: [6, 11, 25],
  smallSigma0: [7, 18, 3],
  smallSigma1: [17, 19, 10],
}

const sha512: Variant = {
  word: 'u64',
  vector: 'i64x2',
  wordBytes: 8,
  lanes: 2,
  rounds: 80,
  bigSigma0: [28, 34, 39],
  bigSigma1: [14, 18, 41],
  smallSigma0: [1, 8, 7],
  smallSigma1: [19, 61, 6],
}

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const

const range = (length: number): number[] => Array.from({ length }, (_, i) => i)
const lines = (parts: readonly string[]): string => parts.join('\n')

/**
 * Writes round `i` (§6.2.2, step 3), in which `added` is the sum of a constant and a word of the schedule. The majority of a, b
 * and c is b, turned where it differs from both others; where it differs from c, the round before has found: then they were called
 * a and b.
 */
function round(variant: Variant, i: number, added: string): string {
  const [a, b, , d, e, f, g, h] = range(8).map((k) => letters[(k - i + 80) % 8])
  const rotr = `rotr<${variant.word}>`
  const sigma = (x: string | undefined, [r0, r1, r2]: readonly [number, number, number]): string =>
    `${rotr}(${x}, ${r0}) ^ ${rotr}(${x}, ${r1}) ^ ${rotr}(${x}, ${r2})`
  return `
    ${h} = ${h} + ${added} + (${g} ^ (${e} & (${f} ^ ${g}))) + (${sigma(e, variant.bigSigma1)})
    ${d} += ${h}
    differ = ${a} ^ ${b}
    ${h} += (${b} ^ (differ & before)) + (${sigma(a, variant.bigSigma0)})
    before = differ`
}

function loadState({ word, wordBytes }: Variant): string {
  return lines([
    ...letters.map((letter, i) => `  let ${letter} = load<${word}>(state, ${i * wordBytes})`),
    `  let before = b ^ c, differ: ${word}`,
  ])
}

function addState({ word, wordBytes }: Variant): string {
  return lines(
    letters.map(
      (letter, i) => `  store<${word}>(state, load<${word}>(state, ${i * wordBytes}) + ${letter}, ${i * wordBytes})`,
    ),
  )
}

/** The schedule in memory first, then eight rounds a turn: little code. */
function compress(variant: Variant): string {
  const { word, wordBytes, rounds } = variant
  const [r0, r1, r2] = variant.smallSigma0
  const [s0, s1, s2] = variant.smallSigma1
  return `
/** \`schedule\` has room for all words of the schedule. */
export function compress(state: usize, block: usize, constants: usize, schedule: usize): void {
  for (let i: usize = 0; i < ${16 * wordBytes}; i += ${wordBytes}) store<${word}>(schedule + i, bswap<${word}>(load<${word}>(block + i)))
  for (let at = schedule; at < schedule + ${(rounds - 16) * wordBytes}; at += ${wordBytes}) {
    const x = load<${word}>(at, ${wordBytes})
    const y = load<${word}>(at, ${14 * wordBytes})
    const sigma0 = rotr<${word}>(x, ${r0}) ^ rotr<${word}>(x, ${r1}) ^ (x >> ${r2})
    const sigma1 = rotr<${word}>(y, ${s0}) ^ rotr<${word}>(y, ${s1}) ^ (y >> ${s2})
    store<${word}>(at, load<${word}>(at) + sigma0 + load<${word}>(at, ${9 * wordBytes}) + sigma1, ${16 * wordBytes})
  }
${loadState(variant)}
  for (let i: usize = 0; i < ${rounds * wordBytes}; i += ${8 * wordBytes}) {
${lines(range(8).map((i) => round(variant, i, `load<${word}>(constants + i, ${i * wordBytes}) + load<${word}>(schedule + i, ${i * wordBytes})`)))}
  }
${addState(variant)}
}
`
}

/** Rotates each word of a vector to the right. */
function rotateVector({ vector, wordBytes }: Variant, x: string, bits: number): string {
  return `v128.or(${vector}.shr_u(${x}, ${bits}), ${vector}.shl(${x}, ${8 * wordBytes - bits}))`
}

function smallSigmaVector(variant: Variant, x: string, [r0, r1, r2]: readonly [number, number, number]): string {
  const rotations = `v128.xor(${rotateVector(variant, x, r0)}, ${rotateVector(variant, x, r1)})`
  return `v128.xor(${rotations}, ${variant.vector}.shr_u(${x}, ${r2}))`
}

/**
 * Writes the next vector of the schedule, W[t] = sigma1(W[t - 2]) + W[t - 7] + sigma0(W[t - 15]) + W[t - 16], over the oldest of
 * the vectors m0, m1, …, which hold the last sixteen words.
 */
function nextWords(variant: Variant, oldest: number): string {
  const { vector, lanes, word } = variant
  const m = (word: number): string => `m${(oldest + word / lanes) % (16 / lanes)}`
  const plus = (x: string): string => `${m(0)} = ${vector}.add(${m(0)}, ${x})`
  const shuffle = `v128.shuffle<${word}>`
  /** The words from one behind `i` on: `i` is where a vector begins. */
  const behind = (i: number): string => `${shuffle}(${m(i)}, ${m(i + lanes)}, ${range(lanes).map((lane) => lane + 1)})`
  const sigma1 = smallSigmaVector(variant, 'x', variant.smallSigma1)
  const start = [`x = ${behind(0)}`, plus(smallSigmaVector(variant, 'x', variant.smallSigma0)), plus(behind(8))]
  // Of two words the sigma1 is known. Of four, that of the last two depends on the first two; the sigma of zero is zero.
  const end =
    lanes === 2
      ? [`x = ${m(14)}`, plus(sigma1)]
      : [
          `x = ${shuffle}(${m(12)}, zero, 2, 3, 4, 5)`,
          plus(sigma1),
          `x = ${shuffle}(zero, ${m(0)}, 2, 3, 4, 5)`,
          plus(sigma1),
        ]
  return lines([...start, ...end])
}

/** Sixteen rounds a turn, and meanwhile the schedule of the next sixteen, a vector at a time. */
function compressVector(variant: Variant): string {
  const { vector, word, wordBytes, lanes, rounds } = variant
  const vectors = range(16 / lanes)
  const store = lines(
    vectors.map((v) => `v128.store(schedule, ${vector}.add(m${v}, v128.load(constants, ${16 * v})), ${16 * v})`),
  )
  const roundsOf = (v: number): string =>
    lines(
      range(lanes).map((lane) =>
        round(variant, v * lanes + lane, `load<${word}>(schedule, ${(v * lanes + lane) * wordBytes})`),
      ),
    )
  return `
/** \`bigEndian\` holds the mask that turns the bytes of each word around; \`schedule\` has room for 16 words. */
export function compressVector(state: usize, block: usize, constants: usize, schedule: usize, bigEndian: usize): void {
  const turn = v128.load(bigEndian)
${lines(vectors.map((v) => `  let m${v} = v128.swizzle(v128.load(block, ${16 * v}), turn)`))}
${lanes === 4 ? '  const zero = i32x4.splat(0)' : ''}
  let x: v128
${loadState(variant)}
  for (let last = constants + ${(rounds - 16) * wordBytes}; constants < last; constants += ${16 * wordBytes}) {
${store}
${lines(vectors.flatMap((v) => [roundsOf(v), nextWords(variant, v)]))}
  }
${store}
${lines(vectors.map(roundsOf))}
${addState(variant)}
}
`
}

function source(variant: Variant): string {
  return compress(variant) + compressVector(variant)
}

/** The source of assembly/generated/sha256-block.ts. */
export function sha256Block(): string {
  return source(sha256)
}

/** The source of assembly/generated/sha512-block.ts. */
export function sha512Block(): string {
  return source(sha512)
}
