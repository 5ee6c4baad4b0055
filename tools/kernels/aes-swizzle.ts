import { aesTables } from './aes-tables.ts'
import { simdData } from './simd-data.ts'

// Writes AES for the build with SIMD. One register holds a block; several blocks go side by side, since the lookups of one wait
// for each other and a table that is loaded serves them all. ShiftRows is not done: MixColumns finds the rows where they would be, and the round keys
// are stored to match (assembly/aes-swizzle.ts).

type Lines = (block: number) => readonly string[]

/** Writes a step for each of `count` blocks, before the next step of any. */
function interleaved(count: number, lines: Lines): string {
  const blocks = Array.from({ length: count }, (_, b) => lines(b))
  return (blocks[0] ?? []).flatMap((_, step) => blocks.map((block) => `    ${block[step]}`)).join('\n')
}

/** Loads the two tables of a linear function. */
const load = (name: string, table: string): string =>
  `    ${name} = v128.load(${table})\n    ${name}2 = v128.load(${table}, 16)`

/** From the pairs in x to what the output tables of the S-box take, in p and q. */
function invert(count: number): string {
  return [
    '    table = v128.load(A_OVER)',
    interleaved(count, (b) => [
      `p${b} = v128.and(x${b}, low)`,
      `q${b} = v128.and(i32x4.shr_u(x${b}, 4), low)`,
      `x${b} = i8x16.swizzle(table, p${b})`,
      `p${b} = v128.xor(p${b}, q${b})`,
    ]),
    '    table = v128.load(INVERSE)',
    interleaved(count, (b) => [
      `r${b} = i8x16.swizzle(table, q${b})`,
      `s${b} = i8x16.swizzle(table, p${b})`,
      `r${b} = v128.xor(r${b}, x${b})`,
      `s${b} = v128.xor(s${b}, x${b})`,
      `r${b} = i8x16.swizzle(table, r${b})`,
      `s${b} = i8x16.swizzle(table, s${b})`,
      `p${b} = v128.xor(r${b}, p${b})`,
      `q${b} = v128.xor(s${b}, q${b})`,
    ]),
  ].join('\n')
}

/** The sum of two lookups. */
const output = (b: number): string => `v128.xor(i8x16.swizzle(table, p${b}), i8x16.swizzle(table2, q${b}))`

/** Loads blocks and takes them into pairs under the first round key. */
function enter(count: number, table: string): string {
  return [
    interleaved(count, (b) => [`x${b} = v128.load(blocks, ${16 * b})`]),
    load('table', table),
    '    key = v128.load(keys)',
    interleaved(count, (b) => [
      `p${b} = v128.and(x${b}, low)`,
      `q${b} = v128.and(i32x4.shr_u(x${b}, 4), low)`,
      `x${b} = v128.xor(${output(b)}, key)`,
    ]),
  ].join('\n')
}

function leave(count: number, table: string): string {
  return [
    invert(count),
    load('table', table),
    '    key = v128.load(at)',
    `    down = v128.load(SHIFT_ROWS, 32)`,
    interleaved(count, (b) => [
      `x${b} = ${output(b)}`,
      `x${b} = v128.xor(i8x16.swizzle(x${b}, down), key)`,
      `v128.store(blocks, x${b}, ${16 * b})`,
    ]),
  ].join('\n')
}

function declarations(count: number): string {
  const names = ['x', 'p', 'q', 'r', 's'].flatMap((name) =>
    Array.from({ length: count }, (_, b) => `${name}${b}: v128`),
  )
  return `  let ${names.join(', ')}
  let table: v128, table2: v128, key: v128, down: v128
  const low = v128.load(LOW_NIBBLES)`
}

/** MixColumns of S is 2 S + D(S) + D(D(D(S))) + D(2 S + D(S)), where D goes a row down. */
function encrypt(count: number): string {
  return `
/** Encrypts ${count} blocks in place under the ${'`rounds`'} + 1 round keys at ${'`keys`'}. */
export function encrypt${count}(blocks: usize, keys: usize, rounds: usize): void {
${declarations(count)}
  let up: v128
  const last = keys + 16 * rounds
${enter(count, 'TO_PAIR')}
  let at = keys + 16
  let due: usize = 16
  for (; at < last; at += 16) {
${invert(count)}
${load('table', 'SBOX_PAIR')}
${interleaved(count, (b) => [`x${b} = ${output(b)}`])}
${load('table', 'SBOX_PAIR_DOUBLED')}
    key = v128.load(at)
    down = v128.load(ROW_DOWN + due)
    up = v128.load(ROW_UP + due)
${interleaved(count, (b) => [
  `p${b} = ${output(b)}`,
  `p${b} = v128.xor(p${b}, i8x16.swizzle(x${b}, down))`,
  `q${b} = v128.xor(i8x16.swizzle(x${b}, up), key)`,
  `q${b} = v128.xor(q${b}, p${b})`,
  `x${b} = v128.xor(i8x16.swizzle(p${b}, down), q${b})`,
])}
    due = (due + 16) & 48
  }
${leave(count, 'SBOX')}
}
`
}

/** InvMixColumns of S by Horner's rule in D. */
function decrypt(count: number): string {
  const factor = (n: number, before: string): string =>
    `${load('table', `UNSBOX_${n}`)}\n${interleaved(count, (b) => [`x${b} = ${before ? `v128.xor(i8x16.swizzle(x${b}, down), ${output(b)})` : output(b)}`])}`
  return `
/** Decrypts ${count} blocks in place under the ${'`rounds`'} + 1 round keys of decryption at ${'`keys`'}. */
export function decrypt${count}(blocks: usize, keys: usize, rounds: usize): void {
${declarations(count)}
  const last = keys + 16 * rounds
${enter(count, 'TO_UNAFFINE_PAIR')}
  let at = keys + 16
  let due: usize = 48
  for (; at < last; at += 16) {
${invert(count)}
    down = v128.load(ROW_DOWN + due)
${factor(9, '')}
${factor(13, 'down')}
${factor(11, 'down')}
${factor(14, 'down')}
    key = v128.load(at)
${interleaved(count, (b) => [`x${b} = v128.xor(x${b}, key)`])}
    due = (due - 16) & 48
  }
${leave(count, 'UNSBOX')}
}
`
}

/** What the key schedule needs: the S-box of a word, and bytes as pairs. */
const forKeys = `
/** SubWord (FIPS 197 §5.2). */
export function substituteWord(word: u32): u32 {
${declarations(1)}
  x0 = i32x4.splat(word)
${load('table', 'TO_PAIR')}
    p0 = v128.and(x0, low)
    q0 = v128.and(i32x4.shr_u(x0, 4), low)
    x0 = ${output(0)}
${invert(1)}
${load('table', 'SBOX')}
  return i32x4.extract_lane(${output(0)}, 0) ^ 0x63636363
}

/** Writes the round key at from, plus \`added\`, as encryption takes it, or with TO_UNAFFINE_PAIR as decryption does, in \`order\`. */
export function storePairs(to: usize, from: usize, added: usize, map: usize, order: usize): void {
  const low = v128.load(LOW_NIBBLES)
  const bytes = v128.xor(v128.load(from), v128.load(added))
  const pairs = v128.xor(
    i8x16.swizzle(v128.load(map), v128.and(bytes, low)),
    i8x16.swizzle(v128.load(map, 16), v128.and(i32x4.shr_u(bytes, 4), low)),
  )
  v128.store(to, i8x16.swizzle(pairs, v128.load(order)))
}
`

/** Writes assembly/generated/aes-blocks.ts. */
export function aesBlocks(): string {
  const tables = Object.entries(aesTables).map(([name, bytes]) => `export ${simdData(name, 'u8', bytes)}`)
  const unused = forKeys.replace(', key: v128, down: v128', '')
  return [...tables, unused, encrypt(1), encrypt(2), encrypt(4), decrypt(1), decrypt(4)].join('\n')
}
