// Halves the length of a public scalar, so that a verification needs half the doublings.

/** 8 L: the order of the whole group is that, so multiples of any point repeat after it. */
const GROUP = memory.data<u64>([0xc09318d2e7ae9f68, 0xa6f7cef517bce6b2, 0x0, 0x8000000000000000])

/** Tells whether the number in the first four words is below that in the last four. */
function less(a3: u64, a2: u64, a1: u64, a0: u64, b3: u64, b2: u64, b1: u64, b0: u64): bool {
  if (a3 != b3) return a3 < b3
  if (a2 != b2) return a2 < b2
  if (a1 != b1) return a1 < b1
  return a0 < b0
}

/** Counts the bits of a number of four words. */
function lengthOf(a3: u64, a2: u64, a1: u64, a0: u64): i32 {
  if (a3 != 0) return 256 - (clz<u64>(a3) as i32)
  if (a2 != 0) return 192 - (clz<u64>(a2) as i32)
  if (a1 != 0) return 128 - (clz<u64>(a1) as i32)
  return 64 - (clz<u64>(a0) as i32)
}

function write(out: usize, a0: u64, a1: u64, a2: u64, a3: u64): void {
  store<u64>(out, a0)
  store<u64>(out, a1, 8)
  store<u64>(out, a2, 16)
  store<u64>(out, a3, 24)
}

/**
 * Writes numbers r and t with r = t k modulo 8 L, or r = -t k where true is returned: 32 bytes each, but for almost all k below 2^128.
 * t is odd and below L: so it has an inverse modulo 8 L, and t P = 0 only where P = 0, for all points of the curve. Takes time that
 * depends on k, which is below L.
 *
 * Euclid's algorithm on 8 L and k, as far as the remainder r has 128 bits: then t has no more than 8 L has beyond the remainder
 * before. Of two values of t that follow each other one is odd.
 */
export function scalarHalve(r: usize, t: usize, k: usize): bool {
  // The remainder before, and its t; the signs of t alternate, so that sizes add up.
  let a0 = load<u64>(GROUP)
  let a1 = load<u64>(GROUP, 8)
  let a2 = load<u64>(GROUP, 16)
  let a3 = load<u64>(GROUP, 24)
  let u0: u64 = 0
  let u1: u64 = 0
  let u2: u64 = 0
  let u3: u64 = 0
  let b0 = load<u64>(k)
  let b1 = load<u64>(k, 8)
  let b2 = load<u64>(k, 16)
  let b3 = load<u64>(k, 24)
  let v0: u64 = 1
  let v1: u64 = 0
  let v2: u64 = 0
  let v3: u64 = 0
  let negative = false
  while ((b3 | b2) != 0 || (v0 & 1) == 0) {
    // The remainder of a by b: multiples 2^shift b are taken away, and 2^shift v is added to u.
    while (!less(a3, a2, a1, a0, b3, b2, b1, b0)) {
      let shift = min(lengthOf(a3, a2, a1, a0) - lengthOf(b3, b2, b1, b0), 63) as u64
      let x0 = b0 << shift
      let x1 = (b1 << shift) | ((b0 >>> 1) >>> (63 - shift))
      let x2 = (b2 << shift) | ((b1 >>> 1) >>> (63 - shift))
      let x3 = (b3 << shift) | ((b2 >>> 1) >>> (63 - shift))
      if (less(a3, a2, a1, a0, x3, x2, x1, x0)) {
        shift--
        x0 = (x0 >>> 1) | (x1 << 63)
        x1 = (x1 >>> 1) | (x2 << 63)
        x2 = (x2 >>> 1) | (x3 << 63)
        x3 >>>= 1
      }
      let borrow: u64 = a0 < x0 ? 1 : 0
      a0 -= x0
      let next: u64 = (a1 < x1 ? 1 : 0) | (a1 == x1 ? borrow : 0)
      a1 -= x1 + borrow
      borrow = (a2 < x2 ? 1 : 0) | (a2 == x2 ? next : 0)
      a2 -= x2 + next
      a3 -= x3 + borrow

      const y0 = v0 << shift
      const y1 = (v1 << shift) | ((v0 >>> 1) >>> (63 - shift))
      const y2 = (v2 << shift) | ((v1 >>> 1) >>> (63 - shift))
      const y3 = (v3 << shift) | ((v2 >>> 1) >>> (63 - shift))
      u0 += y0
      let carry: u64 = u0 < y0 ? 1 : 0
      u1 += carry
      carry = u1 < carry ? 1 : 0
      u1 += y1
      carry += u1 < y1 ? 1 : 0
      u2 += carry
      carry = u2 < carry ? 1 : 0
      u2 += y2
      carry += u2 < y2 ? 1 : 0
      u3 += y3 + carry
    }
    let old = a0
    a0 = b0
    b0 = old
    old = a1
    a1 = b1
    b1 = old
    old = a2
    a2 = b2
    b2 = old
    old = a3
    a3 = b3
    b3 = old
    old = u0
    u0 = v0
    v0 = old
    old = u1
    u1 = v1
    v1 = old
    old = u2
    u2 = v2
    v2 = old
    old = u3
    u3 = v3
    v3 = old
    negative = !negative
  }
  if (v3 != 0) {
    // One k in 2^60 or fewer: k itself will do.
    for (let i: usize = 0; i < 32; i += 8) store<u64>(r + i, load<u64>(k + i))
    write(t, 1, 0, 0, 0)
    return false
  }
  write(r, b0, b1, b2, b3)
  write(t, v0, v1, v2, v3)
  return negative
}
