// Writes how Poly1305 (RFC 8439 §2.5) absorbs blocks: h = (h + block + 2^128) * r modulo 2^130 - 5, over words of 32 bits, with
// 16 multiplications a block.
//
// r has words r0 to r3 below 2^28, and r1 to r3 are multiples of 4. What reaches 2^128 and above is folded by 2^130 = 5: for
// words at 32 i and 32 j with i + j >= 4 it is s_i * r_j * 2^128 = s_i * (r_j / 4 * 5), and r_j / 4 * 5 is the t_j below. The sum
// s = h + block + 2^128 has 131 bits: its last word s3 keeps those above 2^128 and so has 35 bits, for which there is room.

const words = [0, 1, 2, 3] as const

/** Loads the accumulator and r. Names: h0 to h3, r0 to r3, t1 to t3, s0 to s3, sum. */
export const loadPoly1305 = `
  let h0 = load<u64>(H)
  let h1 = load<u64>(H, 8)
  let h2 = load<u64>(H, 16)
  let h3 = load<u64>(H, 24)
  const r0 = load<u32>(R) as u64
  const r1 = load<u32>(R, 4) as u64
  const r2 = load<u32>(R, 8) as u64
  const r3 = load<u32>(R, 12) as u64
  const t1 = r1 + (r1 >> 2)
  const t2 = r2 + (r2 >> 2)
  const t3 = r3 + (r3 >> 2)
  let s0: u64, s1: u64, s2: u64, s3: u64, sum: u64
`

export const storePoly1305 = `
  store<u64>(H, h0)
  store<u64>(H, h1, 8)
  store<u64>(H, h2, 16)
  store<u64>(H, h3, 24)
`

/** The word at 32 k of the product. */
function productWord(k: number): string {
  return words.map((i) => (i <= k ? `s${i} * r${k - i}` : `s${i} * t${4 + k - i}`)).join(' + ')
}

/**
 * Absorbs the block at the local `mac` plus `offset`.
 *
 * Bounds: h3 is below 2^34 and a carry below 2^32, so s3 is below 7 * 2^32; s0 to s2 are below 2^32, r below 2^28, t below
 * 1.25 * 2^28. A word of the product is at most s3 * t + 2 * s * t + s * r < (8.75 + 2.5 + 1) * 2^60 < 2^64, with room for the
 * carries. Of word 3 the bits from 2^130 on are folded.
 */
export function absorbBlock(mac: string, offset: number): string {
  const word = (i: number): string => `(load<u32>(${mac}, ${offset + 4 * i}) as u64)`
  return `
    sum = h0 + ${word(0)}
    s0 = sum & 0xffffffff
    sum = h1 + ${word(1)} + (sum >> 32)
    s1 = sum & 0xffffffff
    sum = h2 + ${word(2)} + (sum >> 32)
    s2 = sum & 0xffffffff
    s3 = h3 + ${word(3)} + (sum >> 32) + 0x100000000
    h3 = ${productWord(3)}
    h0 = ${productWord(0)} + (h3 >> 34) * 5
    h1 = ${productWord(1)}
    h2 = ${productWord(2)}
    h3 &= 0x3ffffffff
`
}

/** The source of assembly/generated/poly1305-blocks.ts. */
export function poly1305Blocks(): string {
  return `import { H, R } from '../poly1305-state'

/** Absorbs whole blocks: \`length\` is a multiple of 16, \`data\` of 4. */
export function absorbBlocks(data: usize, length: usize): void {
${loadPoly1305}
  for (; length > 0; length -= 16) {
${absorbBlock('data', 0)}
    data += 16
  }
${storePoly1305}
}
`
}
