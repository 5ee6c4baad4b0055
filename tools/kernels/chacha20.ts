// Writes the block functions of ChaCha20 (RFC 8439 §2.3): one block in words; four blocks at once, a vector for each word; one
// block or two in rows, a vector for each four words; and four blocks while Poly1305 absorbs others.
import { absorbBlock, loadPoly1305, storePoly1305 } from './poly1305.ts'
import { simdData } from './simd-data.ts'

type QuarterRound = readonly [a: number, b: number, c: number, d: number]

/** §2.3: the words that each quarter round of a double round mixes. */
const columns: readonly QuarterRound[] = [0, 1, 2, 3].map((i) => [i, 4 + i, 8 + i, 12 + i])
const diagonals: readonly QuarterRound[] = [0, 1, 2, 3].map((i) => [
  i,
  4 + ((i + 1) % 4),
  8 + ((i + 2) % 4),
  12 + ((i + 3) % 4),
])

const range = (length: number): number[] => Array.from({ length }, (_, i) => i)
const lines = (parts: readonly string[]): string => parts.join('\n')

/** How a form of the cipher writes `a += b` and `d = rotl(d ^ a, bits)`. */
interface Form {
  add(a: string, b: string): string
  xorRotate(d: string, a: string, bits: number): string
}

const scalar: Form = {
  add: (a, b) => `${a} += ${b}`,
  xorRotate: (d, a, bits) => `${d} = rotl<u32>(${d} ^ ${a}, ${bits})`,
}

const vector: Form = {
  add: (a, b) => `${a} = i32x4.add(${a}, ${b})`,
  xorRotate(d, a, bits) {
    const mixed = `v128.xor(${d}, ${a})`
    // Whole bytes: one instruction, whose mask is in a local.
    if (bits % 8 === 0) return `${d} = v128.swizzle(${mixed}, by${bits})`
    return `${d} = ${mixed}\n${d} = v128.or(i32x4.shl(${d}, ${bits}), i32x4.shr_u(${d}, ${32 - bits}))`
  },
}

/** §2.1, in eight steps. */
function quarterRound(form: Form, a: string, b: string, c: string, d: string): string[] {
  return [
    form.add(a, b),
    form.xorRotate(d, a, 16),
    form.add(c, d),
    form.xorRotate(b, c, 12),
    form.add(a, b),
    form.xorRotate(d, a, 8),
    form.add(c, d),
    form.xorRotate(b, c, 7),
  ]
}

/** Writes lists of steps side by side: a step of each, then the next of each. They do not depend on each other. */
function interleave(lists: readonly (readonly string[])[]): string {
  return lines((lists[0] ?? []).map((_, step) => lines(lists.map((list) => list[step] ?? ''))))
}

/** A double round over the locals x0 to x15, `width` quarter rounds side by side. */
function doubleRound(form: Form, width: number): string {
  const rounds = [...columns, ...diagonals].map(
    (words) => words.map((i) => `x${i}`) as [string, string, string, string],
  )
  const steps = rounds.map(([a, b, c, d]) => quarterRound(form, a, b, c, d))
  return lines(range(8 / width).map((i) => interleave(steps.slice(i * width, (i + 1) * width))))
}

function oneBlock(): string {
  return `
/** Exclusive-ors the next block of the key stream into 64 bytes at \`text\`, a multiple of 4, and counts it. */
export function xorBlock(text: usize): void {
${lines(range(16).map((i) => `  let x${i} = load<u32>(STATE, ${4 * i})`))}
  for (let round = 0; round < 20; round += 2) {
${doubleRound(scalar, 4)}
  }
${lines(
  range(16).map((i) => {
    const at = 4 * i
    return `  store<u32>(text, load<u32>(text, ${at}) ^ (x${i} + load<u32>(STATE, ${at})), ${at})`
  }),
)}
  store<u32>(STATE, load<u32>(STATE, 48) + 1, 48)
}
`
}

const loadRotations = `  const by16 = v128.load(ROTATIONS)
  const by8 = v128.load(ROTATIONS, 16)`

/** Four blocks: lane j of vector i is word i of block j. `beside` is done in each double round, `around` before and after. */
function fourBlocks(beside: string): string {
  const groups = range(4).map((group) => {
    const [a, b, c, d] = range(4).map((i) => `x${4 * group + i}`)
    // Four vectors of a word each become four vectors of a block each.
    const pairs = [
      `p0 = v128.shuffle<i32>(${a}, ${b}, 0, 4, 1, 5)`,
      `p1 = v128.shuffle<i32>(${c}, ${d}, 0, 4, 1, 5)`,
      `p2 = v128.shuffle<i32>(${a}, ${b}, 2, 6, 3, 7)`,
      `p3 = v128.shuffle<i32>(${c}, ${d}, 2, 6, 3, 7)`,
    ]
    const blocks = [
      'v128.shuffle<i32>(p0, p1, 0, 1, 4, 5)',
      'v128.shuffle<i32>(p0, p1, 2, 3, 6, 7)',
      'v128.shuffle<i32>(p2, p3, 0, 1, 4, 5)',
      'v128.shuffle<i32>(p2, p3, 2, 3, 6, 7)',
    ]
    const stores = blocks.map((block, i) => {
      const at = 64 * i + 16 * group
      return `v128.store(text, v128.xor(v128.load(text, ${at}), ${block}), ${at})`
    })
    return lines([...pairs, ...stores])
  })
  return `
${lines(range(16).map((i) => `  let x${i} = v128.load32_splat(STATE, ${4 * i})`))}
  x12 = i32x4.add(x12, v128.load(LANES))
  const counters = x12
${loadRotations}
  for (let round = 0; round < 20; round += 2) {
${doubleRound(vector, 2)}
${beside}
  }
${lines(range(16).map((i) => `  x${i} = i32x4.add(x${i}, ${i === 12 ? 'counters' : `v128.load32_splat(STATE, ${4 * i})`})`))}
  store<u32>(STATE, load<u32>(STATE, 48) + 4, 48)
  let p0: v128, p1: v128, p2: v128, p3: v128
${lines(groups)}`
}

/** Blocks in rows: the rounds of all of them side by side, since one alone waits for its own results. */
function rows(count: number): string {
  const blocks = range(count)
  const rounds = interleave(blocks.map((i) => quarterRound(vector, `a${i}`, `b${i}`, `c${i}`, `d${i}`)))
  /** Turns row b, c and d so that the diagonals stand in columns, or back. */
  const turn = (b: string, d: string): string =>
    lines(
      blocks.flatMap((i) => [
        `b${i} = v128.shuffle<i32>(b${i}, b${i}, ${b})`,
        `c${i} = v128.shuffle<i32>(c${i}, c${i}, 2, 3, 0, 1)`,
        `d${i} = v128.shuffle<i32>(d${i}, d${i}, ${d})`,
      ]),
    )
  const counter = (i: number): string => (i === 0 ? 'd' : `i32x4.add(d, i32x4(${i}, 0, 0, 0))`)
  return `
  const a = v128.load(STATE)
  const b = v128.load(STATE, 16)
  const c = v128.load(STATE, 32)
  const d = v128.load(STATE, 48)
${lines(blocks.map((i) => `  let a${i} = a, b${i} = b, c${i} = c, d${i} = ${counter(i)}`))}
${loadRotations}
  for (let round = 0; round < 20; round += 2) {
${rounds}
${turn('1, 2, 3, 0', '3, 0, 1, 2')}
${rounds}
${turn('3, 0, 1, 2', '1, 2, 3, 0')}
  }
${lines(
  blocks.flatMap((i) => [
    `  v128.store(STREAM, i32x4.add(a${i}, a), ${64 * i})`,
    `  v128.store(STREAM, i32x4.add(b${i}, b), ${64 * i + 16})`,
    `  v128.store(STREAM, i32x4.add(c${i}, c), ${64 * i + 32})`,
    `  v128.store(STREAM, i32x4.add(d${i}, ${counter(i)}), ${64 * i + 48})`,
  ]),
)}
  store<u32>(STATE, load<u32>(STATE, 48) + ${count}, 48)`
}

const left16 = [2, 3, 0, 1]
const left8 = [3, 0, 1, 2]
/** For `v128.swizzle`: rotates each word to the left. */
const rotations = [left16, left8].flatMap((bytes) => [0, 4, 8, 12].flatMap((word) => bytes.map((byte) => word + byte)))

/** The source of assembly/generated/chacha20-blocks.ts. */
export function chacha20Blocks(): string {
  return `import { STATE, STREAM } from '../chacha20-state'
import { H, R } from '../poly1305-state'

/** For \`v128.swizzle\`: rotations of each word to the left by 16 and by 8. */
${simdData('ROTATIONS', 'u8', rotations)}
/** How far the counter of each of four blocks is ahead. */
${simdData('LANES', 'u32', [0, 1, 2, 3])}
${oneBlock()}
/** Writes the next block of the key stream to \`STREAM\`, and counts it. */
export function streamOneBlock(): void {
${rows(1)}
}

/** Writes the next two blocks of the key stream to \`STREAM\`, and counts them. */
export function streamTwoBlocks(): void {
${rows(2)}
}

/** Exclusive-ors the next four blocks of the key stream into 256 bytes at \`text\`, and counts them. */
export function xorFourBlocks(text: usize): void {
${fourBlocks('')}
}

/**
 * The same, and meanwhile Poly1305 absorbs blocks at \`mac\`, two in each double round before round \`macRounds\`: they are read
 * before \`text\` is written.
 */
export function xorFourBlocksAbsorbing(text: usize, mac: usize, macRounds: i32): void {
${loadPoly1305}
${fourBlocks(`    if (round < macRounds) {
${absorbBlock('mac', 0)}
${absorbBlock('mac', 16)}
      mac += 32
    }`)}
${storePoly1305}
}
`
}
