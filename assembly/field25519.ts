import { wipe } from './bytes'

// The field of Curve25519: integers modulo p = 2^255 - 19.
//
// An element is ten signed 32-bit limbs in memory, 40 bytes at a multiple of 8: the sum of limb i * 2^ceil(25.5 i). So even limbs
// stand for 26 bits and odd ones for 25. "Reduced" means |even limb| <= 1.01 * 2^25 and |odd limb| <= 1.01 * 2^24: every product
// is reduced. Sums and differences are not carried: `n` reduced elements added are "n-fold". What each function takes is beside it.
// Results may overwrite arguments.

/** Bytes of an element in memory. */
export const FIELD: usize = 40

function mul(a: i32, b: i32): i64 {
  return (a as i64) * (b as i64)
}

/** Carries ten column sums, each below 2^63 - 2^41 in size, and stores the reduced element. */
function carry(
  out: usize,
  h0: i64,
  h1: i64,
  h2: i64,
  h3: i64,
  h4: i64,
  h5: i64,
  h6: i64,
  h7: i64,
  h8: i64,
  h9: i64,
): void {
  let c: i64
  // Each carry rounds, so that limbs stay centred; 2^255 = 19 mod p brings the topmost back to limb 0.
  c = (h0 + (1 << 25)) >> 26
  h1 += c
  h0 -= c << 26
  c = (h4 + (1 << 25)) >> 26
  h5 += c
  h4 -= c << 26
  c = (h1 + (1 << 24)) >> 25
  h2 += c
  h1 -= c << 25
  c = (h5 + (1 << 24)) >> 25
  h6 += c
  h5 -= c << 25
  c = (h2 + (1 << 25)) >> 26
  h3 += c
  h2 -= c << 26
  c = (h6 + (1 << 25)) >> 26
  h7 += c
  h6 -= c << 26
  c = (h3 + (1 << 24)) >> 25
  h4 += c
  h3 -= c << 25
  c = (h7 + (1 << 24)) >> 25
  h8 += c
  h7 -= c << 25
  c = (h4 + (1 << 25)) >> 26
  h5 += c
  h4 -= c << 26
  c = (h8 + (1 << 25)) >> 26
  h9 += c
  h8 -= c << 26
  c = (h9 + (1 << 24)) >> 25
  h0 += c * 19
  h9 -= c << 25
  c = (h0 + (1 << 25)) >> 26
  h1 += c
  h0 -= c << 26
  store<i32>(out, h0 as i32)
  store<i32>(out, h1 as i32, 4)
  store<i32>(out, h2 as i32, 8)
  store<i32>(out, h3 as i32, 12)
  store<i32>(out, h4 as i32, 16)
  store<i32>(out, h5 as i32, 20)
  store<i32>(out, h6 as i32, 24)
  store<i32>(out, h7 as i32, 28)
  store<i32>(out, h8 as i32, 32)
  store<i32>(out, h9 as i32, 36)
}

export function fieldCopy(out: usize, f: usize): void {
  for (let i: usize = 0; i < FIELD; i += 8) store<u64>(out + i, load<u64>(f + i))
}

/** Sets a small integer, at most 2^24. */
export function fieldSet(out: usize, value: i32): void {
  for (let i: usize = 0; i < FIELD; i += 8) store<u64>(out + i, 0)
  store<i32>(out, value)
}

export function fieldAdd(out: usize, f: usize, g: usize): void {
  store<i32>(out, load<i32>(f) + load<i32>(g))
  store<i32>(out, load<i32>(f, 4) + load<i32>(g, 4), 4)
  store<i32>(out, load<i32>(f, 8) + load<i32>(g, 8), 8)
  store<i32>(out, load<i32>(f, 12) + load<i32>(g, 12), 12)
  store<i32>(out, load<i32>(f, 16) + load<i32>(g, 16), 16)
  store<i32>(out, load<i32>(f, 20) + load<i32>(g, 20), 20)
  store<i32>(out, load<i32>(f, 24) + load<i32>(g, 24), 24)
  store<i32>(out, load<i32>(f, 28) + load<i32>(g, 28), 28)
  store<i32>(out, load<i32>(f, 32) + load<i32>(g, 32), 32)
  store<i32>(out, load<i32>(f, 36) + load<i32>(g, 36), 36)
}

export function fieldSubtract(out: usize, f: usize, g: usize): void {
  store<i32>(out, load<i32>(f) - load<i32>(g))
  store<i32>(out, load<i32>(f, 4) - load<i32>(g, 4), 4)
  store<i32>(out, load<i32>(f, 8) - load<i32>(g, 8), 8)
  store<i32>(out, load<i32>(f, 12) - load<i32>(g, 12), 12)
  store<i32>(out, load<i32>(f, 16) - load<i32>(g, 16), 16)
  store<i32>(out, load<i32>(f, 20) - load<i32>(g, 20), 20)
  store<i32>(out, load<i32>(f, 24) - load<i32>(g, 24), 24)
  store<i32>(out, load<i32>(f, 28) - load<i32>(g, 28), 28)
  store<i32>(out, load<i32>(f, 32) - load<i32>(g, 32), 32)
  store<i32>(out, load<i32>(f, 36) - load<i32>(g, 36), 36)
}

export function fieldNegate(out: usize, f: usize): void {
  for (let i: usize = 0; i < FIELD; i += 4) store<i32>(out + i, -load<i32>(f + i))
}

/** Exchanges f and g where `bit` is 1, leaves them where it is 0, in the same steps. */
export function fieldSwap(f: usize, g: usize, bit: u32): void {
  const mask = -(bit as i64)
  for (let i: usize = 0; i < FIELD; i += 8) {
    const x = load<i64>(f + i)
    const y = load<i64>(g + i)
    const difference = mask & (x ^ y)
    store<i64>(f + i, x ^ difference)
    store<i64>(g + i, y ^ difference)
  }
}

/**
 * Multiplies: `f` at most 4-fold, `g` at most 3-fold.
 *
 * Bounds: 19 * g is at most 19 * 3.03 * 2^25 < 2^31. In the sum for h0, the largest, even limbs meet with weights 1 + 4 * 19
 * and odd ones, each product doubled since 25.5 was rounded up twice, with 5 * 38 / 4 of the same unit 2^50:
 * 4.04 * 3.03 * (77 + 47.5) * 2^50 < 2^61, far below 2^63. A carry out of h9 is below 2^36, times 19 below 2^41; the last carry,
 * from h0 to h1, is then below 2^16, so h1 ends below 1.01 * 2^24.
 */
export function fieldMultiply(out: usize, f: usize, g: usize): void {
  const f0 = load<i32>(f)
  const f1 = load<i32>(f, 4)
  const f2 = load<i32>(f, 8)
  const f3 = load<i32>(f, 12)
  const f4 = load<i32>(f, 16)
  const f5 = load<i32>(f, 20)
  const f6 = load<i32>(f, 24)
  const f7 = load<i32>(f, 28)
  const f8 = load<i32>(f, 32)
  const f9 = load<i32>(f, 36)
  const g0 = load<i32>(g)
  const g1 = load<i32>(g, 4)
  const g2 = load<i32>(g, 8)
  const g3 = load<i32>(g, 12)
  const g4 = load<i32>(g, 16)
  const g5 = load<i32>(g, 20)
  const g6 = load<i32>(g, 24)
  const g7 = load<i32>(g, 28)
  const g8 = load<i32>(g, 32)
  const g9 = load<i32>(g, 36)
  const g1x19 = 19 * g1
  const g2x19 = 19 * g2
  const g3x19 = 19 * g3
  const g4x19 = 19 * g4
  const g5x19 = 19 * g5
  const g6x19 = 19 * g6
  const g7x19 = 19 * g7
  const g8x19 = 19 * g8
  const g9x19 = 19 * g9
  const f1x2 = 2 * f1
  const f3x2 = 2 * f3
  const f5x2 = 2 * f5
  const f7x2 = 2 * f7
  const f9x2 = 2 * f9
  const h0a = mul(f0, g0) + mul(f1x2, g9x19) + mul(f2, g8x19) + mul(f3x2, g7x19) + mul(f4, g6x19)
  const h0 = h0a + mul(f5x2, g5x19) + mul(f6, g4x19) + mul(f7x2, g3x19) + mul(f8, g2x19) + mul(f9x2, g1x19)
  const h1a = mul(f0, g1) + mul(f1, g0) + mul(f2, g9x19) + mul(f3, g8x19) + mul(f4, g7x19)
  const h1 = h1a + mul(f5, g6x19) + mul(f6, g5x19) + mul(f7, g4x19) + mul(f8, g3x19) + mul(f9, g2x19)
  const h2a = mul(f0, g2) + mul(f1x2, g1) + mul(f2, g0) + mul(f3x2, g9x19) + mul(f4, g8x19)
  const h2 = h2a + mul(f5x2, g7x19) + mul(f6, g6x19) + mul(f7x2, g5x19) + mul(f8, g4x19) + mul(f9x2, g3x19)
  const h3a = mul(f0, g3) + mul(f1, g2) + mul(f2, g1) + mul(f3, g0) + mul(f4, g9x19)
  const h3 = h3a + mul(f5, g8x19) + mul(f6, g7x19) + mul(f7, g6x19) + mul(f8, g5x19) + mul(f9, g4x19)
  const h4a = mul(f0, g4) + mul(f1x2, g3) + mul(f2, g2) + mul(f3x2, g1) + mul(f4, g0)
  const h4 = h4a + mul(f5x2, g9x19) + mul(f6, g8x19) + mul(f7x2, g7x19) + mul(f8, g6x19) + mul(f9x2, g5x19)
  const h5a = mul(f0, g5) + mul(f1, g4) + mul(f2, g3) + mul(f3, g2) + mul(f4, g1)
  const h5 = h5a + mul(f5, g0) + mul(f6, g9x19) + mul(f7, g8x19) + mul(f8, g7x19) + mul(f9, g6x19)
  const h6a = mul(f0, g6) + mul(f1x2, g5) + mul(f2, g4) + mul(f3x2, g3) + mul(f4, g2)
  const h6 = h6a + mul(f5x2, g1) + mul(f6, g0) + mul(f7x2, g9x19) + mul(f8, g8x19) + mul(f9x2, g7x19)
  const h7a = mul(f0, g7) + mul(f1, g6) + mul(f2, g5) + mul(f3, g4) + mul(f4, g3)
  const h7 = h7a + mul(f5, g2) + mul(f6, g1) + mul(f7, g0) + mul(f8, g9x19) + mul(f9, g8x19)
  const h8a = mul(f0, g8) + mul(f1x2, g7) + mul(f2, g6) + mul(f3x2, g5) + mul(f4, g4)
  const h8 = h8a + mul(f5x2, g3) + mul(f6, g2) + mul(f7x2, g1) + mul(f8, g0) + mul(f9x2, g9x19)
  const h9a = mul(f0, g9) + mul(f1, g8) + mul(f2, g7) + mul(f3, g6) + mul(f4, g5)
  const h9 = h9a + mul(f5, g4) + mul(f6, g3) + mul(f7, g2) + mul(f8, g1) + mul(f9, g0)
  carry(out, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9)
}

/** Squares: `f` at most 3-fold (38 * odd limb is at most 38 * 3.03 * 2^24 < 2^31). */
export function fieldSquare(out: usize, f: usize): void {
  const f0 = load<i32>(f)
  const f1 = load<i32>(f, 4)
  const f2 = load<i32>(f, 8)
  const f3 = load<i32>(f, 12)
  const f4 = load<i32>(f, 16)
  const f5 = load<i32>(f, 20)
  const f6 = load<i32>(f, 24)
  const f7 = load<i32>(f, 28)
  const f8 = load<i32>(f, 32)
  const f9 = load<i32>(f, 36)
  const f0x2 = 2 * f0
  const f1x2 = 2 * f1
  const f2x2 = 2 * f2
  const f3x2 = 2 * f3
  const f4x2 = 2 * f4
  const f5x2 = 2 * f5
  const f6x2 = 2 * f6
  const f7x2 = 2 * f7
  const f5x38 = 38 * f5
  const f6x19 = 19 * f6
  const f7x38 = 38 * f7
  const f8x19 = 19 * f8
  const f9x38 = 38 * f9
  const h0a = mul(f0, f0) + mul(f1x2, f9x38) + mul(f2x2, f8x19) + mul(f3x2, f7x38) + mul(f4x2, f6x19)
  const h0 = h0a + mul(f5, f5x38)
  const h1 = mul(f0x2, f1) + mul(f2, f9x38) + mul(f3x2, f8x19) + mul(f4, f7x38) + mul(f5x2, f6x19)
  const h2a = mul(f0x2, f2) + mul(f1x2, f1) + mul(f3x2, f9x38) + mul(f4x2, f8x19) + mul(f5x2, f7x38)
  const h2 = h2a + mul(f6, f6x19)
  const h3 = mul(f0x2, f3) + mul(f1x2, f2) + mul(f4, f9x38) + mul(f5x2, f8x19) + mul(f6, f7x38)
  const h4a = mul(f0x2, f4) + mul(f1x2, f3x2) + mul(f2, f2) + mul(f5x2, f9x38) + mul(f6x2, f8x19)
  const h4 = h4a + mul(f7, f7x38)
  const h5 = mul(f0x2, f5) + mul(f1x2, f4) + mul(f2x2, f3) + mul(f6, f9x38) + mul(f7x2, f8x19)
  const h6a = mul(f0x2, f6) + mul(f1x2, f5x2) + mul(f2x2, f4) + mul(f3x2, f3) + mul(f7x2, f9x38)
  const h6 = h6a + mul(f8, f8x19)
  const h7 = mul(f0x2, f7) + mul(f1x2, f6) + mul(f2x2, f5) + mul(f3x2, f4) + mul(f8, f9x38)
  const h8a = mul(f0x2, f8) + mul(f1x2, f7x2) + mul(f2x2, f6) + mul(f3x2, f5x2) + mul(f4, f4)
  const h8 = h8a + mul(f9, f9x38)
  const h9 = mul(f0x2, f9) + mul(f1x2, f8) + mul(f2x2, f7) + mul(f3x2, f6) + mul(f4x2, f5)
  carry(out, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9)
}

/** Squares `times` times, at least once. */
export function fieldSquareTimes(out: usize, f: usize, times: i32): void {
  fieldSquare(out, f)
  for (let i = 1; i < times; i++) fieldSquare(out, out)
}

/** Multiplies `f`, at most 4-fold, by `small`, at most 2^17: products are below 2^45. */
export function fieldMultiplySmall(out: usize, f: usize, small: i32): void {
  const h0 = mul(load<i32>(f), small)
  const h1 = mul(load<i32>(f, 4), small)
  const h2 = mul(load<i32>(f, 8), small)
  const h3 = mul(load<i32>(f, 12), small)
  const h4 = mul(load<i32>(f, 16), small)
  const h5 = mul(load<i32>(f, 20), small)
  const h6 = mul(load<i32>(f, 24), small)
  const h7 = mul(load<i32>(f, 28), small)
  const h8 = mul(load<i32>(f, 32), small)
  const h9 = mul(load<i32>(f, 36), small)
  carry(out, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9)
}

/** Reads 32 bytes, little endian, at a multiple of 4, without bit 255 and modulo p. The result is reduced. */
export function fieldDecode(out: usize, bytes: usize): void {
  const w0 = load<u32>(bytes)
  const w1 = load<u32>(bytes, 4)
  const w2 = load<u32>(bytes, 8)
  const w3 = load<u32>(bytes, 12)
  const w4 = load<u32>(bytes, 16)
  const w5 = load<u32>(bytes, 20)
  const w6 = load<u32>(bytes, 24)
  const w7 = load<u32>(bytes, 28)
  const h0 = (w0 & 0x3ffffff) as i64
  const h1 = (((w0 >>> 26) | (w1 << 6)) & 0x1ffffff) as i64
  const h2 = (((w1 >>> 19) | (w2 << 13)) & 0x3ffffff) as i64
  const h3 = (((w2 >>> 13) | (w3 << 19)) & 0x1ffffff) as i64
  const h4 = (w3 >>> 6) as i64
  const h5 = (w4 & 0x1ffffff) as i64
  const h6 = (((w4 >>> 25) | (w5 << 7)) & 0x3ffffff) as i64
  const h7 = (((w5 >>> 19) | (w6 << 13)) & 0x1ffffff) as i64
  const h8 = (((w6 >>> 12) | (w7 << 20)) & 0x3ffffff) as i64
  const h9 = ((w7 >>> 6) & 0x1ffffff) as i64
  carry(out, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9)
}

/**
 * Writes the one number in [0, p) as 32 bytes, little endian, at a multiple of 4. `f` at most 2-fold.
 *
 * q, the multiple of p to take away, is floor(2^-255 * (f + 19 * 2^-25 * limb 9 + 1/2)): for |f| below 1.02 * 2^255 the error of
 * that estimate is below 1/2 from every integer, so f - q * p is in [0, p). Then f + 19 q, without bit 255, is it.
 */
export function fieldEncode(out: usize, f: usize): void {
  let h0 = load<i32>(f)
  let h1 = load<i32>(f, 4)
  let h2 = load<i32>(f, 8)
  let h3 = load<i32>(f, 12)
  let h4 = load<i32>(f, 16)
  let h5 = load<i32>(f, 20)
  let h6 = load<i32>(f, 24)
  let h7 = load<i32>(f, 28)
  let h8 = load<i32>(f, 32)
  let h9 = load<i32>(f, 36)
  let q = (19 * h9 + (1 << 24)) >> 25
  q = (h0 + q) >> 26
  q = (h1 + q) >> 25
  q = (h2 + q) >> 26
  q = (h3 + q) >> 25
  q = (h4 + q) >> 26
  q = (h5 + q) >> 25
  q = (h6 + q) >> 26
  q = (h7 + q) >> 25
  q = (h8 + q) >> 26
  q = (h9 + q) >> 25
  h0 += 19 * q
  h1 += h0 >> 26
  h0 &= 0x3ffffff
  h2 += h1 >> 25
  h1 &= 0x1ffffff
  h3 += h2 >> 26
  h2 &= 0x3ffffff
  h4 += h3 >> 25
  h3 &= 0x1ffffff
  h5 += h4 >> 26
  h4 &= 0x3ffffff
  h6 += h5 >> 25
  h5 &= 0x1ffffff
  h7 += h6 >> 26
  h6 &= 0x3ffffff
  h8 += h7 >> 25
  h7 &= 0x1ffffff
  h9 += h8 >> 26
  h8 &= 0x3ffffff
  h9 &= 0x1ffffff
  store<u32>(out, h0 | (h1 << 26))
  store<u32>(out, (h1 >> 6) | (h2 << 19), 4)
  store<u32>(out, (h2 >> 13) | (h3 << 13), 8)
  store<u32>(out, (h3 >> 19) | (h4 << 6), 12)
  store<u32>(out, h5 | (h6 << 25), 16)
  store<u32>(out, (h6 >> 7) | (h7 << 19), 20)
  store<u32>(out, (h7 >> 13) | (h8 << 12), 24)
  store<u32>(out, (h8 >> 20) | (h9 << 6), 28)
}

const ENCODED = memory.data(32, 16)

/** Returns zero exactly where the element, at most 2-fold, is zero modulo p. */
export function fieldNonZero(f: usize): u32 {
  fieldEncode(ENCODED, f)
  let bits: u32 = 0
  for (let i: usize = 0; i < 32; i += 4) bits |= load<u32>(ENCODED + i)
  return bits
}

/** Returns bit 0 of the number in [0, p), which RFC 8032 §5.1.2 calls the sign. `f` at most 2-fold. */
export function fieldSign(f: usize): u32 {
  fieldEncode(ENCODED, f)
  return load<u32>(ENCODED) & 1
}

export function fieldWipe(): void {
  wipe(ENCODED, 32)
}
