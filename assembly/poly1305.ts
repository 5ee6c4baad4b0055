import { copyBytes, wipe } from './bytes'

// Poly1305, RFC 8439 §2.5, over five limbs of 26 bits: a value is the sum of limb i * 2^(26 i), modulo p = 2^130 - 5.

const MASK: u32 = 0x3ffffff
/** The bit 2^128 that every 16-byte block carries above its bytes, in limb 4. */
const HIGH_BIT: u32 = 1 << 24

/** r, clamped: limbs below 2^26. */
const R = memory.data(24, 16)
/** The accumulator: limbs below 2^26, but limb 1, which may exceed it by less than 2^7. */
const H = memory.data(24, 16)
const S = memory.data(16, 16)
const PADDED = memory.data(16, 16)

/** Starts a MAC under the 32-byte one-time key r || s, at a multiple of 4. */
export function poly1305Init(key: usize): void {
  const t0 = load<u32>(key)
  const t1 = load<u32>(key, 4)
  const t2 = load<u32>(key, 8)
  const t3 = load<u32>(key, 12)
  store<u32>(R, t0 & 0x3ffffff)
  store<u32>(R, ((t0 >>> 26) | (t1 << 6)) & 0x3ffff03, 4)
  store<u32>(R, ((t1 >>> 20) | (t2 << 12)) & 0x3ffc0ff, 8)
  store<u32>(R, ((t2 >>> 14) | (t3 << 18)) & 0x3f03fff, 12)
  store<u32>(R, (t3 >>> 8) & 0x00fffff, 16)
  wipe(H, 24)
  copyBytes(S, key + 16, 16)
}

function product(a: u32, b: u32): u64 {
  return (a as u64) * (b as u64)
}

/** Absorbs whole blocks: h = (h + block + 2^128) * r. `length` is a multiple of 16, `data` of 4. */
function absorb(data: usize, length: usize): void {
  const r0 = load<u32>(R)
  const r1 = load<u32>(R, 4)
  const r2 = load<u32>(R, 8)
  const r3 = load<u32>(R, 12)
  const r4 = load<u32>(R, 16)
  // 2^130 = 5 mod p, so limbs that leave at the top come back times 5: below 5 * 2^26 < 2^29.
  const s1 = r1 * 5
  const s2 = r2 * 5
  const s3 = r3 * 5
  const s4 = r4 * 5
  let h0 = load<u32>(H)
  let h1 = load<u32>(H, 4)
  let h2 = load<u32>(H, 8)
  let h3 = load<u32>(H, 12)
  let h4 = load<u32>(H, 16)
  for (; length > 0; length -= 16) {
    const t0 = load<u32>(data)
    const t1 = load<u32>(data, 4)
    const t2 = load<u32>(data, 8)
    const t3 = load<u32>(data, 12)
    // Each h is below 2^27 + 2^7 now.
    h0 += t0 & MASK
    h1 += ((t0 >>> 26) | (t1 << 6)) & MASK
    h2 += ((t1 >>> 20) | (t2 << 12)) & MASK
    h3 += ((t2 >>> 14) | (t3 << 18)) & MASK
    h4 += (t3 >>> 8) | HIGH_BIT
    // Five products below 2^27.1 * 2^28.4: each sum is below 2^58.
    const d0 = product(h0, r0) + product(h1, s4) + product(h2, s3) + product(h3, s2) + product(h4, s1)
    let d1 = product(h0, r1) + product(h1, r0) + product(h2, s4) + product(h3, s3) + product(h4, s2)
    let d2 = product(h0, r2) + product(h1, r1) + product(h2, r0) + product(h3, s4) + product(h4, s3)
    let d3 = product(h0, r3) + product(h1, r2) + product(h2, r1) + product(h3, r0) + product(h4, s4)
    let d4 = product(h0, r4) + product(h1, r3) + product(h2, r2) + product(h3, r1) + product(h4, r0)
    d1 += d0 >>> 26
    d2 += d1 >>> 26
    d3 += d2 >>> 26
    d4 += d3 >>> 26
    // d4 has no factor 5 in its products with r: it is below 2^56, its carry below 2^30, times 5 below 2^33.
    const top = (d0 & (MASK as u64)) + (d4 >>> 26) * 5
    h0 = (top as u32) & MASK
    h1 = ((d1 as u32) & MASK) + ((top >>> 26) as u32)
    h2 = (d2 as u32) & MASK
    h3 = (d3 as u32) & MASK
    h4 = (d4 as u32) & MASK
    data += 16
  }
  store<u32>(H, h0)
  store<u32>(H, h1, 4)
  store<u32>(H, h2, 8)
  store<u32>(H, h3, 12)
  store<u32>(H, h4, 16)
}

/** Absorbs `length` bytes at a multiple of 4, and zeros up to a multiple of 16, as the AEAD of §2.8 has it. */
export function poly1305Update(data: usize, length: usize): void {
  const rest = length & 15
  absorb(data, length - rest)
  if (rest > 0) {
    wipe(PADDED, 16)
    copyBytes(PADDED, data + length - rest, rest)
    absorb(PADDED, 16)
  }
}

/** Writes the 16 bytes of the tag, (h mod p) + s mod 2^128, to `out`, a multiple of 4, and wipes the context. */
export function poly1305Final(out: usize): void {
  let h0 = load<u32>(H)
  let h1 = load<u32>(H, 4)
  let h2 = load<u32>(H, 8)
  let h3 = load<u32>(H, 12)
  let h4 = load<u32>(H, 16)
  // Twice around, so that every limb is below 2^26.
  h2 += h1 >>> 26
  h1 &= MASK
  h3 += h2 >>> 26
  h2 &= MASK
  h4 += h3 >>> 26
  h3 &= MASK
  h0 += (h4 >>> 26) * 5
  h4 &= MASK
  h1 += h0 >>> 26
  h0 &= MASK
  h2 += h1 >>> 26
  h1 &= MASK
  h3 += h2 >>> 26
  h2 &= MASK
  h4 += h3 >>> 26
  h3 &= MASK

  // g = h + 5 - 2^130 is h - p: taken where it is not negative.
  let g0 = h0 + 5
  let g1 = h1 + (g0 >>> 26)
  let g2 = h2 + (g1 >>> 26)
  let g3 = h3 + (g2 >>> 26)
  const g4 = h4 + (g3 >>> 26) - (1 << 26)
  const takeG: u32 = (g4 >>> 31) - 1
  g0 &= MASK
  g1 &= MASK
  g2 &= MASK
  g3 &= MASK
  h0 ^= takeG & (h0 ^ g0)
  h1 ^= takeG & (h1 ^ g1)
  h2 ^= takeG & (h2 ^ g2)
  h3 ^= takeG & (h3 ^ g3)
  h4 ^= takeG & (h4 ^ g4)

  let sum = ((h0 | (h1 << 26)) as u64) + (load<u32>(S) as u64)
  store<u32>(out, sum as u32)
  sum = (((h1 >>> 6) | (h2 << 20)) as u64) + (load<u32>(S, 4) as u64) + (sum >>> 32)
  store<u32>(out, sum as u32, 4)
  sum = (((h2 >>> 12) | (h3 << 14)) as u64) + (load<u32>(S, 8) as u64) + (sum >>> 32)
  store<u32>(out, sum as u32, 8)
  sum = (((h3 >>> 18) | (h4 << 8)) as u64) + (load<u32>(S, 12) as u64) + (sum >>> 32)
  store<u32>(out, sum as u32, 12)
  poly1305Wipe()
}

export function poly1305Wipe(): void {
  wipe(R, 24)
  wipe(H, 24)
  wipe(S, 16)
  wipe(PADDED, 16)
}
