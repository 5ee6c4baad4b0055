import { concat, fromBigEndian, toBigEndian, zeros } from './numbers.ts'

// SHA-256 and SHA-512 over BigInt words: FIPS 180-4, both from one text.

interface Variant {
  wordBits: bigint
  rounds: number
  bigSigma0: readonly bigint[]
  bigSigma1: readonly bigint[]
  smallSigma0: readonly bigint[]
  smallSigma1: readonly bigint[]
}

const sha256Variant: Variant = {
  wordBits: 32n,
  rounds: 64,
  bigSigma0: [2n, 13n, 22n],
  bigSigma1: [6n, 11n, 25n],
  smallSigma0: [7n, 18n, 3n],
  smallSigma1: [17n, 19n, 10n],
}

const sha512Variant: Variant = {
  wordBits: 64n,
  rounds: 80,
  bigSigma0: [28n, 34n, 39n],
  bigSigma1: [14n, 18n, 41n],
  smallSigma0: [1n, 8n, 7n],
  smallSigma1: [19n, 61n, 6n],
}

function primes(count: number): bigint[] {
  const found: bigint[] = []
  for (let n = 2n; found.length < count; n++) if (found.every((prime) => n % prime !== 0n)) found.push(n)
  return found
}

/** The first bits of the fractional part of the `degree`-th root: no constant is typed, all are computed. */
function fractionOfRoot(n: bigint, degree: bigint, bits: bigint): bigint {
  let low = 0n
  let high = 1n << (bits + 10n)
  const target = n << (degree * bits)
  while (low < high) {
    const middle = (low + high + 1n) >> 1n
    if (middle ** degree <= target) low = middle
    else high = middle - 1n
  }
  return low & ((1n << bits) - 1n)
}

function hasher(variant: Variant): (message: Uint8Array) => Uint8Array {
  const { wordBits, rounds } = variant
  const wordBytes = Number(wordBits) / 8
  const mask = (1n << wordBits) - 1n
  const k = primes(rounds).map((prime) => fractionOfRoot(prime, 3n, wordBits))
  const initial = primes(8).map((prime) => fractionOfRoot(prime, 2n, wordBits))
  const rotr = (x: bigint, n: bigint): bigint => (x >> n) | ((x << (wordBits - n)) & mask)
  const big = (x: bigint, [a, b, c]: readonly bigint[]): bigint => rotr(x, a!) ^ rotr(x, b!) ^ rotr(x, c!)
  const small = (x: bigint, [a, b, c]: readonly bigint[]): bigint => rotr(x, a!) ^ rotr(x, b!) ^ (x >> c!)

  function compress(state: readonly bigint[], block: Uint8Array): bigint[] {
    const w: bigint[] = []
    for (let t = 0; t < 16; t++) w.push(fromBigEndian(block.subarray(t * wordBytes, (t + 1) * wordBytes)))
    for (let t = 16; t < rounds; t++) {
      const sum =
        small(w[t - 2]!, variant.smallSigma1) + w[t - 7]! + small(w[t - 15]!, variant.smallSigma0) + w[t - 16]!
      w.push(sum & mask)
    }
    let [a, b, c, d, e, f, g, h] = state as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]
    for (let t = 0; t < rounds; t++) {
      const t1 = h + big(e, variant.bigSigma1) + ((e & f) ^ (~e & mask & g)) + k[t]! + w[t]!
      const t2 = big(a, variant.bigSigma0) + ((a & b) ^ (a & c) ^ (b & c))
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & mask, c, b, a, (t1 + t2) & mask]
    }
    return [a, b, c, d, e, f, g, h].map((word, i) => (word + state[i]!) & mask)
  }

  return (message) => {
    const blockBytes = 16 * wordBytes
    const lengthBytes = 2 * wordBytes
    const padding = (2 * blockBytes - 1 - lengthBytes - (message.length % blockBytes)) % blockBytes
    const bits = toBigEndian(BigInt(message.length) * 8n, lengthBytes)
    const padded = concat(message, Uint8Array.of(0x80), zeros(padding), bits)
    let state = initial
    for (let at = 0; at < padded.length; at += blockBytes) state = compress(state, padded.subarray(at, at + blockBytes))
    return concat(...state.map((word) => toBigEndian(word, wordBytes)))
  }
}

export const sha256: (message: Uint8Array) => Uint8Array = hasher(sha256Variant)
export const sha512: (message: Uint8Array) => Uint8Array = hasher(sha512Variant)
