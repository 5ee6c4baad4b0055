/** A seeded stream of test bytes (xoshiro128**): a failure repeats with the same seed. */
export function randomFrom(seed: number): { bytes(length: number): Uint8Array; below(bound: number): number } {
  let a = seed ^ 0x9e3779b9
  let b = 0x243f6a88
  let c = 0xb7e15162
  let d = 0x5f375a86
  function word(): number {
    const t = b << 9
    let result = Math.imul(a, 5)
    result = Math.imul((result << 7) | (result >>> 25), 9)
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }
  for (let i = 0; i < 16; i++) word()
  return {
    bytes: (length) => Uint8Array.from({ length }, () => word() & 0xff),
    below: (bound) => word() % bound,
  }
}
