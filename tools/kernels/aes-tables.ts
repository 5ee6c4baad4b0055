// The tables of AES by vector permutation: M. Hamburg, "Accelerating AES with Vector Permute Instructions" (CHES 2009). Each has 16
// bytes, and is looked up by i8x16.swizzle in a register: no address depends on what is looked up.
//
// A byte x of GF(2^8) is written as i + k·w for two i and k of the subfield GF(2^4), where w is a root of t^2 + t + 1/a. Then,
// with j = i + k, the inverse of x is (i·w + j·(w + 1)) / (i·j + k^2 / a), and both
//   u = 1 / (1 / (1/i + a/k) + j)    and    v = 1 / (1 / (1/j + a/k) + i)
// are linear in i and j over the same denominator: so 1/x, and everything linear in it, is the sum of a function of u and one
// of v. That makes five lookups for the inversion and two for each linear function of the S-box. A byte of 0x80 and above stands
// for infinity: a swizzle finds 0 there, which is its inverse.

/** Multiplication in GF(2^8), FIPS 197 §4.2. */
export function times(a: number, b: number): number {
  let product = 0
  for (let bit = 0; bit < 8; bit++) {
    if ((b >> bit) & 1) product ^= a
    a = (a << 1) ^ (a & 0x80 ? 0x11b : 0)
  }
  return product
}

const bytes = Array.from({ length: 256 }, (_, x) => x)
const nibbles = bytes.slice(0, 16)
const infinity = 0x80

/** 0 is its own inverse here. */
function inverse(x: number): number {
  return x === 0 ? 0 : bytes.findIndex((y) => times(x, y) === 1)
}

function found(x: number | undefined): number {
  if (x === undefined) throw new Error('the field has no such element')
  return x
}

/** The linear part of the S-box (§5.1.1), and its inverse. */
function affine(x: number): number {
  let result = 0
  for (let shift = 0; shift < 5; shift++) result ^= (x << shift) | (x >> (8 - shift))
  return result & 0xff
}
const unaffine = (x: number): number => bytes.findIndex((y) => affine(y) === x)

/** A root of y^4 + y + 1 spans the subfield: bit n of a nibble stands for its power n. */
const g = found(bytes.find((x) => (times(times(x, x), times(x, x)) ^ x) === 1))
const powers = [1, g, times(g, g), times(g, times(g, g))]
const embedded = nibbles.map((n) => powers.reduce((sum, power, bit) => sum ^ ((n >> bit) & 1 ? power : 0), 0))
const nibbleOf = (x: number): number => embedded.indexOf(x)

/** The first a for which t^2 + t + 1/a has its roots outside of the subfield, and one of them. */
const roots = embedded
  .slice(2)
  .map((a) => ({ a, w: bytes.find((x) => (times(x, x) ^ x) === inverse(a) && !embedded.includes(x)) }))
const { a, w } = found2(roots.find((root) => root.w !== undefined))

function found2(root: { a: number; w: number | undefined } | undefined): { a: number; w: number } {
  return { a: found(root?.a), w: found(root?.w) }
}

/** i in the high nibble, k in the low one. */
const pair = (x: number): number =>
  found(bytes.find((p) => (found(embedded[p >> 4]) ^ times(found(embedded[p & 15]), w)) === x))

/** The share in 1/x of u = 1/`n`, and of v, where (1 + a)·i + j and i + (1 + a)·j over the denominator are a·u and a·v. */
function shareOfU(n: number): number {
  const u = inverse(found(embedded[n]))
  return times(inverse(a), times(times(1 ^ a, u), w) ^ times(u, w ^ 1))
}
function shareOfV(n: number): number {
  const v = inverse(found(embedded[n]))
  return times(inverse(a), times(v, w) ^ times(times(1 ^ a, v), w ^ 1))
}

/** The two tables of a linear function of 1/x. */
function ofInverse(linear: (inverted: number) => number): number[] {
  return [...nibbles.map((n) => linear(shareOfU(n))), ...nibbles.map((n) => linear(shareOfV(n)))]
}

/** The two tables of a linear function of a byte, by its low and by its high nibble. */
function ofByte(linear: (x: number) => number): number[] {
  return [...nibbles.map(linear), ...nibbles.map((n) => linear(n << 4))]
}

/** The byte in row r and column c stands at r + 4 c. ShiftRows, that many times, as a swizzle. */
function shiftRows(count: number): number[] {
  return nibbles.map((at) => (at + 4 * count * (at % 4)) % 16)
}

/** Going a row down in each column, where that many ShiftRows are still due. */
function rowDown(due: number): number[] {
  const done = shiftRows((4 - due) % 4)
  const shifted = shiftRows(due)
  // Shift, take the row below, and shift back.
  return done.map((from) => found(shifted[(from & 12) | ((from + 1) & 3)]))
}

const dues = [0, 1, 2, 3]

/** Each table by its name, some with others behind it; the order in memory is this one. */
export const aesTables: Readonly<Record<string, readonly number[]>> = {
  LOW_NIBBLES: nibbles.map(() => 15),
  NO_CONSTANT: nibbles.map(() => 0),
  AFFINE_CONSTANT: nibbles.map(() => 0x63),
  /** a/k. */
  A_OVER: nibbles.map((n) => (n === 0 ? infinity : nibbleOf(times(a, inverse(found(embedded[n])))))),
  INVERSE: nibbles.map((n) => (n === 0 ? infinity : nibbleOf(inverse(found(embedded[n]))))),
  /** A byte as a pair, and what the inverse S-box inverts as one. */
  TO_PAIR: ofByte(pair),
  TO_UNAFFINE_PAIR: ofByte((x) => pair(unaffine(x))),
  /** The S-box without its constant: as a byte, and as a pair for the next round, once and doubled. */
  SBOX: ofInverse(affine),
  SBOX_PAIR: ofInverse((x) => pair(affine(x))),
  SBOX_PAIR_DOUBLED: ofInverse((x) => pair(times(2, affine(x)))),
  /** The inverse S-box: as a byte, and for the next round times the factors of InvMixColumns (§5.3.3). */
  UNSBOX: ofInverse((x) => x),
  UNSBOX_9: ofInverse((x) => pair(unaffine(times(9, x)))),
  UNSBOX_13: ofInverse((x) => pair(unaffine(times(13, x)))),
  UNSBOX_11: ofInverse((x) => pair(unaffine(times(11, x)))),
  UNSBOX_14: ofInverse((x) => pair(unaffine(times(14, x)))),
  /** Four each, by how many ShiftRows are meant. */
  SHIFT_ROWS: dues.flatMap(shiftRows),
  ROW_DOWN: dues.flatMap(rowDown),
  TWO_ROWS_DOWN: dues.flatMap((due) => rowDown(due).map((at) => found(rowDown(due)[at]))),
  ROW_UP: dues.flatMap((due) => nibbles.map((at) => rowDown(due).indexOf(at))),
}
