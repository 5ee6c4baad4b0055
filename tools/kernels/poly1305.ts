// Writes how Poly1305 (RFC 8439 §2.5) absorbs blocks: h = (h + block + 2^128) * r modulo 2^130 - 5, over words of 32 bits, with
// 20 multiplications a block.
//
// r has words r0 to r3 below 2^28, and r1 to r3 are multiples of 4. What reaches 2^128 and above is folded by 2^130 = 5: for
// words at 32 i and 32 j with i + j >= 4, s_i * r_j * 2^128 = s_i * (r_j / 4 * 5) * 2^0, and r_j / 4 * 5 is the t_j below. r0
// is no multiple of 4, so its two low bits stay above (`low`), and only the rest is folded.

const words = [0, 1, 2, 3] as const

/** Loads the accumulator and r. Names: h0 to h4, r0 to r3, t0 to t3, low. */
export const loadPoly1305 = `
  let h0 = load<u64>(H)
  let h1 = load<u64>(H, 8)
  let h2 = load<u64>(H, 16)
  let h3 = load<u64>(H, 24)
  let h4 = load<u64>(H, 32)
  const r0 = load<u32>(R) as u64
  const r1 = load<u32>(R, 4) as u64
  const r2 = load<u32>(R, 8) as u64
  const r3 = load<u32>(R, 12) as u64
  const t0 = (r0 >> 2) * 5
  const t1 = r1 + (r1 >> 2)
  const t2 = r2 + (r2 >> 2)
  const t3 = r3 + (r3 >> 2)
  const low = r0 & 3
  let s0: u64, s1: u64, s2: u64, s3: u64, s4: u64
  let sum: u64, top: u64
`

export const storePoly1305 = `
  store<u64>(H, h0)
  store<u64>(H, h1, 8)
  store<u64>(H, h2, 16)
  store<u64>(H, h3, 24)
  store<u64>(H, h4, 32)
`

/** The word at 32 k of the product, without what the fold of its own top adds. */
function productWord(k: number): string {
  const below = words.filter((i) => i <= k).map((i) => `s${i} * r${k - i}`)
  const folded = words.filter((i) => i > k).map((i) => `s${i} * t${4 + k - i}`)
  return [...below, ...folded, `s4 * t${k}`].join(' + ')
}

/**
 * Absorbs the block at the local `mac` plus `offset`.
 *
 * Bounds: the words s0 to s3 are below 2^32, s4 is below 8, r and t below 2^28.4: a sum of five products is below 2^62.5, and
 * with its carries a limb stays below 2^63.
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
    sum = h3 + ${word(3)} + (sum >> 32)
    s3 = sum & 0xffffffff
    s4 = h4 + (sum >> 32) + 1
    h3 = ${productWord(3)}
    top = s4 * low + (h3 >> 32)
    h0 = ${productWord(0)} + (top >> 2) * 5
    h1 = ${productWord(1)}
    h2 = ${productWord(2)}
    h3 &= 0xffffffff
    h4 = top & 3
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
