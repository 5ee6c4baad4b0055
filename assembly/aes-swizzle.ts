import { aesSchedule } from './aes-schedule'
import { aesSlicedEncrypt, aesSlicedExpand, aesSlicedWipe } from './aes-sliced'
import { wipe } from './bytes'
import {
  AFFINE_CONSTANT,
  decrypt1,
  decrypt4,
  encrypt1,
  encrypt2,
  encrypt4,
  NO_CONSTANT,
  SHIFT_ROWS,
  storePairs,
  TO_PAIR,
  TO_UNAFFINE_PAIR,
} from './generated/aes-blocks'

// AES, FIPS 197, for the build with SIMD: a block in a register, its S-box by vector permutations (tools/kernels/aes-tables.ts).
// Here is the key schedule.

/** 10 or 14. Set by `aesSwizzleExpand`. */
let rounds: usize = 0
/** The round keys of `aesSwizzleEncryptEight` are made when they are first needed. */
let isSliced: bool = false

/** The words of the standard, at most 60, and the round keys of encryption and decryption made of them. */
const SCHEDULE: usize = ASC_FEATURE_SIMD ? memory.data(240, 16) : 0
const ENCRYPTION_KEYS: usize = ASC_FEATURE_SIMD ? memory.data(240, 16) : 0
const DECRYPTION_KEYS: usize = ASC_FEATURE_SIMD ? memory.data(240, 16) : 0

/** Expands a key of 16 or 32 bytes (§5.2), until the next one or `aesSwizzleWipe`. */
export function aesSwizzleExpand(key: usize, keyBytes: usize): void {
  rounds = aesSchedule(SCHEDULE, key, keyBytes)
  isSliced = false
  // All but the first also hold the constant of the S-box, which MixColumns leaves as it is.
  const last: usize = 16 * rounds
  storePairs(ENCRYPTION_KEYS, SCHEDULE, NO_CONSTANT, TO_PAIR, SHIFT_ROWS)
  let undone: usize = 48
  for (let at: usize = 16; at < last; at += 16) {
    storePairs(ENCRYPTION_KEYS + at, SCHEDULE + at, AFFINE_CONSTANT, TO_PAIR, SHIFT_ROWS + undone)
    undone = (undone - 16) & 48
  }
  v128.store(ENCRYPTION_KEYS + last, v128.xor(v128.load(SCHEDULE + last), v128.load(AFFINE_CONSTANT)))
}

/** Multiplication by x in GF(2^8) of each byte (§4.2.1). */
function doubled(bytes: v128): v128 {
  const overflow = i8x16.lt_s(bytes, i8x16.splat(0))
  return v128.xor(i8x16.add(bytes, bytes), v128.and(overflow, i8x16.splat(0x1b)))
}

/** InvMixColumns, §5.3.3, in place. */
function unmixColumns(at: usize): void {
  const bytes = v128.load(at)
  const opposite = i8x16.shuffle(bytes, bytes, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
  // After {04}(a + c) is added to each byte a, where c is two below, MixColumns does it.
  const prepared = v128.xor(bytes, doubled(doubled(v128.xor(bytes, opposite))))
  const below = i8x16.shuffle(prepared, prepared, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12)
  const both = v128.xor(prepared, below)
  const bothBelow = i8x16.shuffle(both, both, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
  v128.store(at, v128.xor(v128.xor(doubled(both), below), bothBelow))
}

/** Makes the round keys of decryption, in its order (§5.3.5). */
export function aesSwizzleExpandInverse(): void {
  const last: usize = 16 * rounds
  storePairs(DECRYPTION_KEYS, SCHEDULE + last, AFFINE_CONSTANT, TO_UNAFFINE_PAIR, SHIFT_ROWS)
  let undone: usize = 16
  for (let at: usize = 16; at < last; at += 16) {
    const roundKey = SCHEDULE + last - at
    unmixColumns(roundKey)
    storePairs(DECRYPTION_KEYS + at, roundKey, AFFINE_CONSTANT, TO_UNAFFINE_PAIR, SHIFT_ROWS + undone)
    undone = (undone + 16) & 48
  }
  v128.store(DECRYPTION_KEYS + last, v128.load(SCHEDULE))
}

/** Encrypts the first `count` blocks, 1, 2 or 4, in place (§5.1). */
export function aesSwizzleEncrypt(blocks: usize, count: i32): void {
  if (count == 1) encrypt1(blocks, ENCRYPTION_KEYS, rounds)
  else if (count == 2) encrypt2(blocks, ENCRYPTION_KEYS, rounds)
  else encrypt4(blocks, ENCRYPTION_KEYS, rounds)
}

/** Encrypts the eight blocks of `EIGHT_BLOCKS` in place. */
export function aesSwizzleEncryptEight(): void {
  if (!isSliced) aesSlicedExpand(SCHEDULE, rounds)
  isSliced = true
  aesSlicedEncrypt(rounds)
}

/** Decrypts the first `count` blocks, 1 or 4, in place (§5.3.5). */
export function aesSwizzleDecrypt(blocks: usize, count: i32): void {
  if (count == 1) decrypt1(blocks, DECRYPTION_KEYS, rounds)
  else decrypt4(blocks, DECRYPTION_KEYS, rounds)
}

/** Wipes the key. */
export function aesSwizzleWipe(): void {
  wipe(SCHEDULE, 240)
  wipe(ENCRYPTION_KEYS, 240)
  wipe(DECRYPTION_KEYS, 240)
  if (isSliced) aesSlicedWipe()
  isSliced = false
}
