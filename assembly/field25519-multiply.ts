// Products in the field of Curve25519; the representation and its bounds are in field25519.ts.
//
// Every function ends in the same chain of carries. It is written out in each: as a function of ten values it would not be
// inlined, and calling it costs a quarter of a multiplication.

function mul(a: i32, b: i32): i64 {
  return (a as i64) * (b as i64)
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
  let h0 = h0a + mul(f5x2, g5x19) + mul(f6, g4x19) + mul(f7x2, g3x19) + mul(f8, g2x19) + mul(f9x2, g1x19)
  const h1a = mul(f0, g1) + mul(f1, g0) + mul(f2, g9x19) + mul(f3, g8x19) + mul(f4, g7x19)
  let h1 = h1a + mul(f5, g6x19) + mul(f6, g5x19) + mul(f7, g4x19) + mul(f8, g3x19) + mul(f9, g2x19)
  const h2a = mul(f0, g2) + mul(f1x2, g1) + mul(f2, g0) + mul(f3x2, g9x19) + mul(f4, g8x19)
  let h2 = h2a + mul(f5x2, g7x19) + mul(f6, g6x19) + mul(f7x2, g5x19) + mul(f8, g4x19) + mul(f9x2, g3x19)
  const h3a = mul(f0, g3) + mul(f1, g2) + mul(f2, g1) + mul(f3, g0) + mul(f4, g9x19)
  let h3 = h3a + mul(f5, g8x19) + mul(f6, g7x19) + mul(f7, g6x19) + mul(f8, g5x19) + mul(f9, g4x19)
  const h4a = mul(f0, g4) + mul(f1x2, g3) + mul(f2, g2) + mul(f3x2, g1) + mul(f4, g0)
  let h4 = h4a + mul(f5x2, g9x19) + mul(f6, g8x19) + mul(f7x2, g7x19) + mul(f8, g6x19) + mul(f9x2, g5x19)
  const h5a = mul(f0, g5) + mul(f1, g4) + mul(f2, g3) + mul(f3, g2) + mul(f4, g1)
  let h5 = h5a + mul(f5, g0) + mul(f6, g9x19) + mul(f7, g8x19) + mul(f8, g7x19) + mul(f9, g6x19)
  const h6a = mul(f0, g6) + mul(f1x2, g5) + mul(f2, g4) + mul(f3x2, g3) + mul(f4, g2)
  let h6 = h6a + mul(f5x2, g1) + mul(f6, g0) + mul(f7x2, g9x19) + mul(f8, g8x19) + mul(f9x2, g7x19)
  const h7a = mul(f0, g7) + mul(f1, g6) + mul(f2, g5) + mul(f3, g4) + mul(f4, g3)
  let h7 = h7a + mul(f5, g2) + mul(f6, g1) + mul(f7, g0) + mul(f8, g9x19) + mul(f9, g8x19)
  const h8a = mul(f0, g8) + mul(f1x2, g7) + mul(f2, g6) + mul(f3x2, g5) + mul(f4, g4)
  let h8 = h8a + mul(f5x2, g3) + mul(f6, g2) + mul(f7x2, g1) + mul(f8, g0) + mul(f9x2, g9x19)
  const h9a = mul(f0, g9) + mul(f1, g8) + mul(f2, g7) + mul(f3, g6) + mul(f4, g5)
  let h9 = h9a + mul(f5, g4) + mul(f6, g3) + mul(f7, g2) + mul(f8, g1) + mul(f9, g0)
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
  let h0 = h0a + mul(f5, f5x38)
  let h1 = mul(f0x2, f1) + mul(f2, f9x38) + mul(f3x2, f8x19) + mul(f4, f7x38) + mul(f5x2, f6x19)
  const h2a = mul(f0x2, f2) + mul(f1x2, f1) + mul(f3x2, f9x38) + mul(f4x2, f8x19) + mul(f5x2, f7x38)
  let h2 = h2a + mul(f6, f6x19)
  let h3 = mul(f0x2, f3) + mul(f1x2, f2) + mul(f4, f9x38) + mul(f5x2, f8x19) + mul(f6, f7x38)
  const h4a = mul(f0x2, f4) + mul(f1x2, f3x2) + mul(f2, f2) + mul(f5x2, f9x38) + mul(f6x2, f8x19)
  let h4 = h4a + mul(f7, f7x38)
  let h5 = mul(f0x2, f5) + mul(f1x2, f4) + mul(f2x2, f3) + mul(f6, f9x38) + mul(f7x2, f8x19)
  const h6a = mul(f0x2, f6) + mul(f1x2, f5x2) + mul(f2x2, f4) + mul(f3x2, f3) + mul(f7x2, f9x38)
  let h6 = h6a + mul(f8, f8x19)
  let h7 = mul(f0x2, f7) + mul(f1x2, f6) + mul(f2x2, f5) + mul(f3x2, f4) + mul(f8, f9x38)
  const h8a = mul(f0x2, f8) + mul(f1x2, f7x2) + mul(f2x2, f6) + mul(f3x2, f5x2) + mul(f4, f4)
  let h8 = h8a + mul(f9, f9x38)
  let h9 = mul(f0x2, f9) + mul(f1x2, f8) + mul(f2x2, f7) + mul(f3x2, f6) + mul(f4x2, f5)
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

/** Squares `times` times, at least once. */
export function fieldSquareTimes(out: usize, f: usize, times: i32): void {
  fieldSquare(out, f)
  for (let i = 1; i < times; i++) fieldSquare(out, out)
}

/** Multiplies `f`, at most 4-fold, by `small`, at most 2^17: products are below 2^45. */
export function fieldMultiplySmall(out: usize, f: usize, small: i32): void {
  let h0 = mul(load<i32>(f), small)
  let h1 = mul(load<i32>(f, 4), small)
  let h2 = mul(load<i32>(f, 8), small)
  let h3 = mul(load<i32>(f, 12), small)
  let h4 = mul(load<i32>(f, 16), small)
  let h5 = mul(load<i32>(f, 20), small)
  let h6 = mul(load<i32>(f, 24), small)
  let h7 = mul(load<i32>(f, 28), small)
  let h8 = mul(load<i32>(f, 32), small)
  let h9 = mul(load<i32>(f, 36), small)
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
