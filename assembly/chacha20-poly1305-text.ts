import { wipe, xorBytes } from './bytes'
import { chacha20GiveBack, chacha20Xor } from './chacha20'
import { STREAM } from './chacha20-state'
import { xorFourBlocksAbsorbing } from './generated/chacha20-blocks'
import { poly1305Update } from './poly1305'

// The text of the AEAD: ChaCha20 and Poly1305 side by side where there is SIMD, one after the other elsewhere. All work in place;
// `data` is a multiple of 8, and only the last call of a message may end inside a block.

/**
 * Encrypts `length` bytes and absorbs the ciphertext, with `behind` bytes of ciphertext before `data` that wait to be absorbed: a
 * multiple of 32, at most 256.
 */
export function encryptText(data: usize, length: usize, behind: usize): void {
  if (ASC_FEATURE_SIMD) {
    // The MAC stays one step behind the cipher. A double round absorbs two blocks.
    for (; length >= 256; length -= 256) {
      xorFourBlocksAbsorbing(data, data - behind, (behind >> 4) as i32)
      data += 256
      behind = 256
    }
    if (length > 128) {
      wipe(STREAM, 256)
      xorFourBlocksAbsorbing(STREAM, data - behind, (behind >> 4) as i32)
      behind = 0
      xorBytes(data, STREAM, length)
      chacha20GiveBack(4 - ((length + 63) >> 6))
    } else {
      chacha20Xor(data, length)
    }
    poly1305Update(data - behind, behind + length)
  } else {
    chacha20Xor(data, length)
    poly1305Update(data, length)
  }
}

/** Absorbs `length` bytes of ciphertext and decrypts them: the tag is not known yet, so nobody may see them before it is. */
export function decryptText(data: usize, length: usize): void {
  if (ASC_FEATURE_SIMD) {
    for (; length >= 256; length -= 256) {
      xorFourBlocksAbsorbing(data, data, 16)
      data += 256
    }
  }
  poly1305Update(data, length)
  chacha20Xor(data, length)
}
