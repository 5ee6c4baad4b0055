import { wipe } from './bytes'
import { wideAbsorb, wideEnd, wideInit, wideStart, wideWipe } from './generated/ghash-wide'

// GHASH, NIST SP 800-38D §6.4, without tables: integer multiplication of words with holes. A word is split into four, each with
// every fourth bit, so that a column of a product of two adds up at most 15 ones (16 in the highest, whose carry falls off), and
// the carries stay in the three bits between: where they are masked off, what is left is the product without carries.

/**
 * The hash key H, and the hash so far: first the low word, that of the higher powers, each big endian in the blocks. Behind the
 * words of H are the same with their bits in reverse.
 */
const KEY = memory.data(32, 16)
const SUM = memory.data(16, 16)

const BLOCK = memory.data(16, 16)

/** So many bytes in one call are worth the preparation of the sixteen sums of the build with SIMD. */
const WIDE_BYTES: usize = 1024
let wideIsReady: bool = false

const EVERY_FOURTH: u64 = 0x1111111111111111

/** The low half of the product of `x` and `y` as polynomials over GF(2). */
function multiplyLow(x: u64, y: u64): u64 {
  const x0 = x & EVERY_FOURTH
  const x1 = x & (EVERY_FOURTH << 1)
  const x2 = x & (EVERY_FOURTH << 2)
  const x3 = x & (EVERY_FOURTH << 3)
  const y0 = y & EVERY_FOURTH
  const y1 = y & (EVERY_FOURTH << 1)
  const y2 = y & (EVERY_FOURTH << 2)
  const y3 = y & (EVERY_FOURTH << 3)
  const z0 = (x0 * y0) ^ (x1 * y3) ^ (x2 * y2) ^ (x3 * y1)
  const z1 = (x0 * y1) ^ (x1 * y0) ^ (x2 * y3) ^ (x3 * y2)
  const z2 = (x0 * y2) ^ (x1 * y1) ^ (x2 * y0) ^ (x3 * y3)
  const z3 = (x0 * y3) ^ (x1 * y2) ^ (x2 * y1) ^ (x3 * y0)
  return (z0 & EVERY_FOURTH) | (z1 & (EVERY_FOURTH << 1)) | (z2 & (EVERY_FOURTH << 2)) | (z3 & (EVERY_FOURTH << 3))
}

/** Reverses the order of the bits. */
function reverse(word: u64): u64 {
  let x = ((word >>> 1) & 0x5555555555555555) | ((word & 0x5555555555555555) << 1)
  x = ((x >>> 2) & 0x3333333333333333) | ((x & 0x3333333333333333) << 2)
  x = ((x >>> 4) & 0x0f0f0f0f0f0f0f0f) | ((x & 0x0f0f0f0f0f0f0f0f) << 4)
  return bswap<u64>(x)
}

/** The high half, from the words in reverse: the low half of their product is the high one in reverse, one bit further. */
function multiplyHigh(reversedX: u64, reversedY: u64): u64 {
  return reverse(multiplyLow(reversedX, reversedY)) >>> 1
}

/** Replaces the sum S by (S ^ block) · H, where the block is `high` and `low`. */
function absorb(high: u64, low: u64): void {
  const x0 = load<u64>(SUM) ^ low
  const x1 = load<u64>(SUM, 8) ^ high
  const h0 = load<u64>(KEY)
  const h1 = load<u64>(KEY, 8)
  const rx0 = reverse(x0)
  const rx1 = reverse(x1)
  const rh0 = load<u64>(KEY, 16)
  const rh1 = load<u64>(KEY, 24)
  // Karatsuba: three products of two words each instead of four.
  const low0 = multiplyLow(x0, h0)
  const low2 = multiplyLow(x1, h1)
  const low1 = multiplyLow(x0 ^ x1, h0 ^ h1) ^ low0 ^ low2
  const high0 = multiplyHigh(rx0, rh0)
  const high2 = multiplyHigh(rx1, rh1)
  const high1 = multiplyHigh(rx0 ^ rx1, rh0 ^ rh1) ^ high0 ^ high2
  const p0 = low0
  const p1 = high0 ^ low1
  const p2 = low2 ^ high1
  const p3 = high2

  // Bits are in reverse in a block (§6.3), so the product of two is one bit short.
  const v0 = p0 << 1
  let v1 = (p1 << 1) | (p0 >>> 63)
  let v2 = (p2 << 1) | (p1 >>> 63)
  let v3 = (p3 << 1) | (p2 >>> 63)
  // Modulo x^128 + x^7 + x^2 + x + 1, one word at a time.
  v2 ^= v0 ^ (v0 >>> 1) ^ (v0 >>> 2) ^ (v0 >>> 7)
  v1 ^= (v0 << 63) ^ (v0 << 62) ^ (v0 << 57)
  v3 ^= v1 ^ (v1 >>> 1) ^ (v1 >>> 2) ^ (v1 >>> 7)
  v2 ^= (v1 << 63) ^ (v1 << 62) ^ (v1 << 57)
  store<u64>(SUM, v2)
  store<u64>(SUM, v3, 8)
}

function writeSum(out: usize): void {
  store<u64>(out, bswap<u64>(load<u64>(SUM, 8)))
  store<u64>(out, bswap<u64>(load<u64>(SUM)), 8)
}

function absorbBlocks(data: usize, length: usize): void {
  for (const end = data + length; data < end; data += 16)
    absorb(bswap<u64>(load<u64>(data)), bswap<u64>(load<u64>(data, 8)))
}

/** Prepares for sixteen sums side by side: they need H^16. */
function prepareWide(): void {
  const low = load<u64>(SUM)
  const high = load<u64>(SUM, 8)
  store<u64>(SUM, load<u64>(KEY))
  store<u64>(SUM, load<u64>(KEY, 8), 8)
  for (let power = 1; power < 16; power++) absorb(0, 0)
  writeSum(BLOCK)
  wideInit(BLOCK)
  store<u64>(SUM, low)
  store<u64>(SUM, high, 8)
  wideIsReady = true
}

/** Absorbs `length` bytes, a multiple of 256: all that comes after the first 256 is folded into them sixteen blocks at a time. */
function absorbWide(data: usize, length: usize): void {
  if (!wideIsReady) prepareWide()
  writeSum(BLOCK)
  wideStart(data, BLOCK)
  for (let at = data + 256; at < data + length; at += 256) wideAbsorb(at)
  wipe(SUM, 16)
  absorbBlocks(wideEnd(), 256)
}

/** Starts under the hash key, 16 bytes. */
export function ghashInit(key: usize): void {
  store<u64>(KEY, bswap<u64>(load<u64>(key, 8)))
  store<u64>(KEY, bswap<u64>(load<u64>(key)), 8)
  store<u64>(KEY, reverse(load<u64>(KEY)), 16)
  store<u64>(KEY, reverse(load<u64>(KEY, 8)), 24)
  wipe(SUM, 16)
  wideIsReady = false
}

/** Absorbs `length` bytes; the last block of a call is filled up with zeros. */
export function ghashUpdate(data: usize, length: usize): void {
  if (ASC_FEATURE_SIMD && length >= WIDE_BYTES) {
    const taken = length & ~255
    absorbWide(data, taken)
    data += taken
    length -= taken
  }
  const whole = length & ~15
  absorbBlocks(data, whole)
  data += whole
  length -= whole
  if (length == 0) return
  let high: u64 = 0
  let low: u64 = 0
  for (let i: usize = 0; i < length; i++) {
    const byte = load<u8>(data + i) as u64
    if (i < 8) high |= byte << (56 - 8 * (i as u64))
    else low |= byte << (120 - 8 * (i as u64))
  }
  absorb(high, low)
}

/** Absorbs the two lengths in bytes, which end every hash, and writes the 16 bytes of it to `out`. */
export function ghashFinal(out: usize, aadBytes: u64, textBytes: u64): void {
  absorb(aadBytes << 3, textBytes << 3)
  writeSum(out)
}

export function ghashWipe(): void {
  if (ASC_FEATURE_SIMD && wideIsReady) {
    wideWipe()
    wipe(BLOCK, 16)
    wideIsReady = false
  }
  wipe(KEY, 32)
  wipe(SUM, 16)
}
