import { copyWords, wipe } from './bytes'
import { substituteWord as substituteBySwizzle } from './generated/aes-blocks'
import { substitute } from './generated/aes-sbox'

// The key schedule of AES, FIPS 197 §5.2, in the words of the standard. What the two builds make of it is their own.

const SLICED: usize = ASC_FEATURE_SIMD ? 0 : memory.data(64, 16)

/** SubWord by the circuit of the S-box: bit i of each byte of the word is in the i-th 64-bit word. */
function substituteSliced(word: u32): u32 {
  for (let i: usize = 0; i < 8; i++) store<u64>(SLICED + 8 * i, ((word >>> (i as u32)) & 0x01010101) as u64)
  substitute(SLICED)
  let result: u32 = 0x63636363
  for (let i: usize = 0; i < 8; i++) result ^= (load<u32>(SLICED + 8 * i) & 0x01010101) << (i as u32)
  return result
}

/** SubWord. */
function substituteWord(word: u32): u32 {
  return ASC_FEATURE_SIMD ? substituteBySwizzle(word) : substituteSliced(word)
}

/** Expands a key of 16 or 32 bytes to 11 or 15 round keys of 16 bytes at `out`; returns the number of rounds, 10 or 14. */
export function aesSchedule(out: usize, key: usize, keyBytes: usize): usize {
  const words = keyBytes >>> 2
  const rounds = words + 6
  copyWords(out, key, keyBytes)
  let constant: u32 = 1
  for (let i = words; i < 4 * (rounds + 1); i++) {
    const at = out + 4 * i
    let word = load<u32>(at - 4)
    if ((i & (words - 1)) == 0) {
      word = substituteWord(rotr<u32>(word, 8)) ^ constant
      // Doubled in GF(2^8); a 128-bit key takes ten constants.
      constant = (constant << 1) ^ (0x11b & (0 - (constant >>> 7)))
    } else if ((i & 7) == 4 && words == 8) {
      word = substituteWord(word)
    }
    store<u32>(at, load<u32>(at - keyBytes) ^ word)
  }
  if (!ASC_FEATURE_SIMD) wipe(SLICED, 64)
  return rounds
}
