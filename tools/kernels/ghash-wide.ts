// Writes how GHASH (NIST SP 800-38D §6.4) takes many blocks at once in the build with SIMD: sixteen sums side by side, each of
// every sixteenth block, times H^16. They are kept byte by byte: register j holds byte j of all sixteen.
//
// A byte times H^16 is looked up by its two nibbles. The product of a nibble and a number of 16 bytes has 17, so there are 17
// tables of 16 bytes for the high nibble and 17 for the low one: byte k of the product, looked up in a register.

import { simdData, simdSpace } from './simd-data.ts'

const nibbles = Array.from({ length: 16 }, (_, n) => n)
const products = Array.from({ length: 17 }, (_, k) => k)

/** A byte above the 16th, times x^7 + x^2 + x + 1: it adds 16 bits. Bit 7 of a byte is that of the lowest power. */
function reduced(byte: number): readonly [first: number, second: number] {
  const word = byte << 8
  const sum = word ^ (word >> 1) ^ (word >> 2) ^ (word >> 7)
  return [sum >> 8, sum & 0xff]
}

/** By the high nibble and by the low one, the first byte and the second. */
const reduction = [0, 1].flatMap((part) => [
  ...nibbles.map((n) => reduced(n << 4)[part] ?? 0),
  ...nibbles.map((n) => reduced(n)[part] ?? 0),
])

/** For each bit of a nibble, from the highest on, a mask of the table entries that have it. */
const entriesWith = [8, 4, 2, 1].flatMap((bit) => nibbles.map((n) => (n & bit ? 0xff : 0)))

const lookUp = (table: string): string =>
  `v128.xor(i8x16.swizzle(v128.load(${table}), high), i8x16.swizzle(v128.load(${table}, 16), low))`

/** Writes assembly/generated/ghash-wide.ts. */
export function ghashWide(): string {
  return `
${simdSpace('TABLES', 2 * 16 * products.length)}
${simdSpace('PRODUCT', 512)}
${simdSpace('SUMS', 256)}
${simdSpace('GROUP', 256)}
/** H^16 with a byte of zero on either side. */
${simdSpace('POWER', 32)}
${simdData('REDUCTION', 'u8', reduction)}
${simdData('ENTRIES_WITH', 'u8', entriesWith)}
${simdData(
  'LOW_NIBBLES',
  'u8',
  nibbles.map(() => 15),
)}

/** Starts under H^16, the 16 bytes of a block. */
export function wideInit(power: usize): void {
  for (let i: usize = 0; i < 16; i++) store<u8>(POWER + i, load<u8>(power + i), 1)
  for (let k: usize = 0; k <= 16; k++) {
    // This byte and the one before it, of which a shift by a bit brings some in.
    const pair = ((load<u8>(POWER + k) as u32) << 8) | (load<u8>(POWER + k, 1) as u32)
    for (let nibble: usize = 0; nibble < 2; nibble++) {
      let table = i32x4.splat(0)
      for (let bit: usize = 0; bit < 4; bit++) {
        const byte = (pair >>> (4 * (nibble as u32) + (bit as u32))) as u8
        table = v128.xor(table, v128.and(i8x16.splat(byte), v128.load(ENTRIES_WITH + 16 * bit)))
      }
      v128.store(TABLES + 32 * k + 16 * nibble, table)
    }
  }
}

/** Writes what stands in rows of 16 bytes at from in columns at to. */
function transpose(to: usize, from: usize): void {
  // Shuffled four times like cards. Both halves of the product are free while this runs.
  let source = from
  let target = PRODUCT
  for (let round = 0; round < 4; round++) {
    for (let i: usize = 0; i < 128; i += 16) {
      const a = v128.load(source + i)
      const b = v128.load(source + i, 128)
      v128.store(target + 2 * i, i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23))
      v128.store(target + 2 * i, i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16)
    }
    source = target
    target = round == 2 ? to : PRODUCT + ((target - PRODUCT) ^ 256)
  }
}

/** Takes the first 256 bytes, of which the first block has the hash so far added at sum. */
export function wideStart(data: usize, sum: usize): void {
  for (let i: usize = 0; i < 256; i += 16) v128.store(GROUP + i, v128.load(data + i))
  v128.store(GROUP, v128.xor(v128.load(GROUP), v128.load(sum)))
  transpose(SUMS, GROUP)
}

/** Multiplies the sums by H^16 and adds 256 bytes. */
export function wideAbsorb(data: usize): void {
  const nibbles = v128.load(LOW_NIBBLES)
  transpose(GROUP, data)
  const zero = i32x4.splat(0)
  for (let i: usize = 0; i < 512; i += 16) v128.store(PRODUCT + i, zero)
  for (let j: usize = 0; j < 256; j += 16) {
    const byte = v128.load(SUMS + j)
    const high = v128.and(i32x4.shr_u(byte, 4), nibbles)
    const low = v128.and(byte, nibbles)
    const at = PRODUCT + j
${products
  .map((k) => {
    const [table, at] = [32 * k, 16 * k]
    return `    v128.store(at, v128.xor(v128.load(at, ${at}), v128.xor(i8x16.swizzle(v128.load(TABLES, ${table}), high), i8x16.swizzle(v128.load(TABLES, ${table + 16}), low))), ${at})`
  })
  .join('\n')}
  }
  // From the highest byte down, since a byte adds to the two that are 16 and 15 below.
  for (let at: usize = PRODUCT + 240; at >= PRODUCT; at -= 16) {
    const byte = v128.load(at, 256)
    const high = v128.and(i32x4.shr_u(byte, 4), nibbles)
    const low = v128.and(byte, nibbles)
    v128.store(at, v128.xor(v128.load(at), ${lookUp('REDUCTION')}))
    v128.store(at, v128.xor(v128.load(at, 16), ${lookUp('REDUCTION + 32')}), 16)
  }
  for (let i: usize = 0; i < 256; i += 16) v128.store(SUMS + i, v128.xor(v128.load(PRODUCT + i), v128.load(GROUP + i)))
}

/** Returns where the sixteen sums stand, as blocks that have yet to be absorbed one by one from a sum of zero. */
export function wideEnd(): usize {
  transpose(GROUP, SUMS)
  return GROUP
}

export function wideWipe(): void {
  const zero = i32x4.splat(0)
  for (let i: usize = 0; i < ${2 * 16 * products.length}; i += 16) v128.store(TABLES + i, zero)
  for (let i: usize = 0; i < 512; i += 16) v128.store(PRODUCT + i, zero)
  for (let i: usize = 0; i < 256; i += 16) {
    v128.store(SUMS + i, zero)
    v128.store(GROUP + i, zero)
  }
  v128.store(POWER, zero)
  v128.store(POWER, zero, 16)
}
`
}
