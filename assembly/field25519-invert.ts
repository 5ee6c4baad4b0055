import { wipe } from './bytes'
import { fieldDecode, fieldEncode } from './field25519'

// Inversion modulo p = 2^255 - 19 by division steps: Bernstein and Yang, "Fast constant-time gcd computation and modular
// inversion" (2019), in the variant that begins with delta = 1/2, for which 590 steps suffice for any input below 2^256. Every step
// does the same whatever its numbers are; there are 600, in 20 batches of 30.
//
// f and g go from p and z towards ±1 and 0, with f = d z and g = e z modulo p all the while. The steps of a batch look only at the
// lowest 30 bits of f and g; together they are a matrix (u v; q r) / 2^30, which is then applied to all of f, g, d and e.
// These are nine limbs of 30 bits, i32, of which the topmost has the sign.

const F = memory.data(40, 16)
const G = memory.data(40, 16)
const D = memory.data(40, 16)
const E = memory.data(40, 16)
/** The words of z, and one of zeros. */
const WORDS = memory.data(40, 16)

const LIMB: i32 = 0x3fffffff
/** 2^255 = 2^15 2^240 is bit 15 of limb 8. */
const P_TOP: i32 = 1 << 15
/** p^-1 modulo 2^30. */
const P_INVERSE: i32 = 395589093

function product(a: i32, b: i32): i64 {
  return (a as i64) * (b as i64)
}

function limb(number: usize, i: u32): i32 {
  return load<i32>(number + (i << 2))
}

/** Makes limbs of the words of a number below 2^255. */
function readWords(out: usize): void {
  store<i32>(out, load<u32>(WORDS) & LIMB)
  for (let i: u32 = 1; i < 9; i++) {
    const at = WORDS + (i << 2)
    store<i32>(out + (i << 2), ((load<u32>(at - 4) >>> (32 - 2 * i)) | (load<u32>(at) << (2 * i))) & LIMB)
  }
}

/** Makes words of limbs that are all in range. */
function writeWords(number: usize): void {
  for (let i: u32 = 0; i < 8; i++) {
    store<u32>(WORDS + (i << 2), (limb(number, i) >>> (2 * i)) | (limb(number, i + 1) << (30 - 2 * i)))
  }
}

/** Writes (u f + v g) / 2^30 over f and (q f + r g) / 2^30 over g: both divide without remainder. */
function applyToFG(u: i32, v: i32, q: i32, r: i32): void {
  let f = limb(F, 0)
  let g = limb(G, 0)
  let a = (product(u, f) + product(v, g)) >> 30
  let b = (product(q, f) + product(r, g)) >> 30
  for (let i: u32 = 1; i < 9; i++) {
    f = limb(F, i)
    g = limb(G, i)
    a += product(u, f) + product(v, g)
    b += product(q, f) + product(r, g)
    store<i32>(F + (i << 2) - 4, (a as i32) & LIMB)
    store<i32>(G + (i << 2) - 4, (b as i32) & LIMB)
    a >>= 30
    b >>= 30
  }
  store<i32>(F, a as i32, 32)
  store<i32>(G, b as i32, 32)
}

/** The same for d and e, modulo p: both are above -2p and below p before and after. */
function applyToDE(u: i32, v: i32, q: i32, r: i32): void {
  // Multiples of p are added, first to bring what is negative above -p, then so that the sums become divisible by 2^30.
  const dNegative = limb(D, 8) >> 31
  const eNegative = limb(E, 8) >> 31
  let timesP1 = (u & dNegative) + (v & eNegative)
  let timesP2 = (q & dNegative) + (r & eNegative)
  let d = limb(D, 0)
  let e = limb(E, 0)
  let a = product(u, d) + product(v, e)
  let b = product(q, d) + product(r, e)
  timesP1 -= (P_INVERSE * (a as i32) + timesP1) & LIMB
  timesP2 -= (P_INVERSE * (b as i32) + timesP2) & LIMB
  a = (a - product(19, timesP1)) >> 30
  b = (b - product(19, timesP2)) >> 30
  for (let i: u32 = 1; i < 9; i++) {
    d = limb(D, i)
    e = limb(E, i)
    a += product(u, d) + product(v, e)
    b += product(q, d) + product(r, e)
    if (i == 8) {
      a += product(P_TOP, timesP1)
      b += product(P_TOP, timesP2)
    }
    store<i32>(D + (i << 2) - 4, (a as i32) & LIMB)
    store<i32>(E + (i << 2) - 4, (b as i32) & LIMB)
    a >>= 30
    b >>= 30
  }
  store<i32>(D, a as i32, 32)
  store<i32>(E, b as i32, 32)
}

/** Adds p to d where d is negative. */
function addPWhereNegative(): void {
  const negative = limb(D, 8) >> 31
  store<i32>(D, limb(D, 0) - (19 & negative))
  store<i32>(D, limb(D, 8) + (P_TOP & negative), 32)
}

/** Changes the sign of d where f is -1. */
function takeSignOfF(): void {
  const negative = limb(F, 8) >> 31
  for (let i: usize = 0; i < 36; i += 4) store<i32>(D + i, (load<i32>(D + i) ^ negative) - negative)
}

function carryD(): void {
  for (let i: usize = 0; i < 32; i += 4) {
    const value = load<i32>(D + i)
    store<i32>(D + i, value & LIMB)
    store<i32>(D + i, load<i32>(D + i, 4) + (value >> 30), 4)
  }
}

/** Inverts; zero gives zero. `z` at most 16-fold. */
export function fieldInvert(out: usize, z: usize): void {
  fieldEncode(WORDS, z)
  readWords(G)
  wipe(F, 40)
  store<i32>(F, -19)
  store<i32>(F, P_TOP, 32)
  wipe(D, 40)
  wipe(E, 40)
  store<i32>(E, 1)

  let zeta: i32 = -1 // -(delta + 1/2)
  for (let batch = 0; batch < 20; batch++) {
    let f = limb(F, 0)
    let g = limb(G, 0)
    // u + 2^32 v and q + 2^32 r: the steps are linear, and all four stay within ±2^30.
    let uv: i64 = 1
    let qr: i64 = 0x100000000
    for (let i = 0; i < 30; i++) {
      // (f, g) becomes (g, (g - f) / 2) where g is odd and zeta negative, else (f, (g + (g odd) f) / 2).
      let swaps = zeta >> 31
      const odd = -(g & 1)
      g += ((f ^ swaps) - swaps) & odd
      qr += ((uv ^ (swaps as i64)) - (swaps as i64)) & (odd as i64)
      swaps &= odd
      zeta = (zeta ^ swaps) - 1
      f += g & swaps
      uv += qr & (swaps as i64)
      g >>= 1
      uv <<= 1
    }
    const u = uv as i32
    const v = ((uv - (u as i64)) >> 32) as i32
    const q = qr as i32
    const r = ((qr - (q as i64)) >> 32) as i32
    applyToFG(u, v, q, r)
    applyToDE(u, v, q, r)
  }

  addPWhereNegative()
  takeSignOfF()
  carryD()
  addPWhereNegative()
  carryD()
  writeWords(D)
  fieldDecode(out, WORDS)
  wipe(F, 40)
  wipe(G, 40)
  wipe(D, 40)
  wipe(E, 40)
  wipe(WORDS, 40)
}
