import { wipe } from './bytes'

// The field of Curve25519: integers modulo p = 2^255 - 19.
//
// An element is ten signed 32-bit limbs in memory, 40 bytes at a multiple of 8: the sum of limb i * 2^ceil(25.5 i). So even limbs
// stand for 26 bits and odd ones for 25. "Reduced" means |even limb| <= 1.01 * 2^25 and |odd limb| <= 1.01 * 2^24: every product
// is reduced. Sums and differences are not carried: `n` reduced elements added are "n-fold". What each function takes is beside it.
// Results may overwrite arguments.

/** Bytes of an element in memory. */
export const FIELD: usize = 40

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
  let h0 = (w0 & 0x3ffffff) as i64
  let h1 = (((w0 >>> 26) | (w1 << 6)) & 0x1ffffff) as i64
  let h2 = (((w1 >>> 19) | (w2 << 13)) & 0x3ffffff) as i64
  let h3 = (((w2 >>> 13) | (w3 << 19)) & 0x1ffffff) as i64
  let h4 = (w3 >>> 6) as i64
  let h5 = (w4 & 0x1ffffff) as i64
  let h6 = (((w4 >>> 25) | (w5 << 7)) & 0x3ffffff) as i64
  let h7 = (((w5 >>> 19) | (w6 << 13)) & 0x1ffffff) as i64
  let h8 = (((w6 >>> 12) | (w7 << 20)) & 0x3ffffff) as i64
  let h9 = ((w7 >>> 6) & 0x1ffffff) as i64
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

/**
 * Writes the one number in [0, p) as 32 bytes, little endian, at a multiple of 4. `f` at most 2-fold.
 *
 * With f = q p + r and 0 <= r < p, q is floor(2^-255 (f + 19 * 2^-25 * h9 + 1/2)): 2^-25 h9 differs from 2^-255 f by less than
 * 2^-24, so the parenthesis is 2^255 q + r + 19 r 2^-255 + 1/2 with an error below 2^-19, where 0 <= r <= 2^255 - 20. Then r is
 * f + 19 q without bit 255.
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
