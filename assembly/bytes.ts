// Moves, wipes and compares bytes. Time depends on lengths and addresses only, never on the bytes.

/** Copies `length` bytes between any addresses. */
export function copyBytes(to: usize, from: usize, length: usize): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    for (; i + 16 <= length; i += 16) v128.store(to + i, v128.load(from + i))
  }
  for (; i < length; i++) store<u8>(to + i, load<u8>(from + i))
}

/** Copies `length` bytes, a multiple of 4, between addresses that are multiples of 4. */
export function copyWords(to: usize, from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 4) store<u32>(to + i, load<u32>(from + i))
}

/** Copies 16 bytes between any addresses. */
export function copyBlock(to: usize, from: usize): void {
  if (ASC_FEATURE_SIMD) v128.store(to, v128.load(from))
  else copyBytes(to, from, 16)
}

/** Exclusive-ors `length` bytes at `from` into those at `to`. SIMD build only. */
export function xorBytes(to: usize, from: usize, length: usize): void {
  let i: usize = 0
  for (; i + 16 <= length; i += 16) v128.store(to + i, v128.xor(v128.load(to + i), v128.load(from + i)))
  for (; i < length; i++) store<u8>(to + i, load<u8>(to + i) ^ load<u8>(from + i))
}

/** Overwrites `length` bytes, a multiple of 8, with zeros; `at` is a multiple of 8. */
export function wipe(at: usize, length: usize): void {
  let i: usize = 0
  if (ASC_FEATURE_SIMD) {
    for (; i + 16 <= length; i += 16) v128.store(at + i, i64x2.splat(0))
    if (i < length) store<u64>(at + i, 0)
  } else {
    for (; i < length; i += 8) store<u64>(at + i, 0)
  }
}

/** Returns zero exactly where `length` bytes, a multiple of 4, are equal; looks at all of them always. */
export function differenceOfWords(a: usize, b: usize, length: usize): u32 {
  let difference: u32 = 0
  for (let i: usize = 0; i < length; i += 4) difference |= load<u32>(a + i) ^ load<u32>(b + i)
  return difference
}
