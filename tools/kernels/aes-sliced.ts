import { sboxCircuit } from './aes-sbox.ts'
import { simdData } from './simd-data.ts'

// Writes AES for eight blocks at once in the build with SIMD, bitsliced: register i holds bit i of all 128 bytes, and bit b of
// its byte p is of byte p of block b. As in aes-swizzle.ts, ShiftRows is not done: MixColumns finds the rows where they would be.

const bits = Array.from({ length: 8 }, (_, bit) => bit)

function lines(write: (bit: number) => string): string {
  return bits.map((bit) => `    ${write(bit)}`).join('\n')
}

/** Exchanges the bits of register a at mask << shift with those of b at mask. */
function exchange(a: number, b: number, shift: number): string {
  return `
    difference = v128.and(v128.xor(i64x2.shr_u(x${a}, ${shift}), x${b}), mask)
    x${b} = v128.xor(x${b}, difference)
    x${a} = v128.xor(x${a}, i64x2.shl(difference, ${shift}))`
}

/** Bit i of byte p of register b becomes bit b of byte p of register i. It is its own inverse. */
const transpose = [1, 2, 4]
  .map((distance, level) => {
    const pairs = bits.filter((bit) => !(bit & distance)).map((bit) => exchange(bit, bit + distance, distance))
    return `    mask = v128.load(MASKS, ${16 * level})${pairs.join('')}`
  })
  .join('\n')

const masks = [0x55, 0x33, 0x0f].flatMap((mask) => Array.from({ length: 16 }, () => mask))
const bitMasks = bits.flatMap((bit) => Array.from({ length: 16 }, () => 1 << bit))

const substitute = `${lines((bit) => `const u${7 - bit} = x${bit}`)}
${sboxCircuit((operator, a, b) => `v128.${operator === '&' ? 'and' : 'xor'}(${a}, ${b})`)}`

/** Bit i of the double of sum in GF(2^8). */
function doubled(bit: number): string {
  const below = `sum${(bit + 7) % 8}`
  return [1, 3, 4].includes(bit) ? `v128.xor(${below}, sum7)` : below
}

/** Writes assembly/generated/aes-sliced-blocks.ts. */
export function aesSlicedBlocks(): string {
  return `
import { ROW_DOWN, SHIFT_ROWS, TWO_ROWS_DOWN } from './aes-blocks'

${simdData('MASKS', 'u8', masks)}
${simdData('BITS', 'u8', bitMasks)}

/** Writes the 16 bytes of a round key at from, plus those at added, in eight registers at to, in \`order\`. */
export function sliceRoundKey(to: usize, from: usize, added: usize, order: usize): void {
    const bytes = i8x16.swizzle(v128.xor(v128.load(from), v128.load(added)), v128.load(order))
    const zero = i32x4.splat(0)
${lines((bit) => `v128.store(to, i8x16.ne(v128.and(bytes, v128.load(BITS, ${16 * bit})), zero), ${16 * bit})`)}
}

/** Encrypts eight blocks in place under the rounds + 1 sliced round keys at keys. */
export function encrypt8(blocks: usize, keys: usize, rounds: usize): void {
    let mask: v128, difference: v128
${lines((bit) => `let x${bit} = v128.load(blocks, ${16 * bit})`)}
${transpose}
${lines((bit) => `x${bit} = v128.xor(x${bit}, v128.load(keys, ${16 * bit}))`)}
  const last = keys + 128 * rounds
  let due: usize = 16
  let at = keys + 128
  for (; at < last; at += 128) {
${substitute}
    const row = v128.load(ROW_DOWN + due)
    const rows = v128.load(TWO_ROWS_DOWN + due)
${lines((bit) => `const down${bit} = i8x16.swizzle(s${7 - bit}, row)`)}
${lines((bit) => `const sum${bit} = v128.xor(s${7 - bit}, down${bit})`)}
${lines((bit) => `x${bit} = v128.xor(v128.xor(${doubled(bit)}, down${bit}), v128.xor(i8x16.swizzle(sum${bit}, rows), v128.load(at, ${16 * bit})))`)}
    due = (due + 16) & 48
  }
  {
${substitute}
    const order = v128.load(SHIFT_ROWS, 32)
${lines((bit) => `x${bit} = v128.xor(i8x16.swizzle(s${7 - bit}, order), v128.load(at, ${16 * bit}))`)}
  }
${transpose}
${lines((bit) => `v128.store(blocks, x${bit}, ${16 * bit})`)}
}
`
}
