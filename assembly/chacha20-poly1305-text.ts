import { wipe, xorBytes } from './bytes'
import { chacha20GiveBack, chacha20Xor } from './chacha20'
import { STREAM } from './chacha20-state'
import { xorFourBlocks, xorFourBlocksAbsorbing } from './generated/chacha20-blocks'
import { poly1305Update } from './poly1305'

// The text of the AEAD: ChaCha20 and Poly1305 side by side where there is SIMD, one after the other elsewhere. All work in place;
// `data` is a multiple of 8.

/** Double rounds that absorb two blocks each: 256 bytes of MAC beside 256 bytes of text. */
const WHOLE: i32 = 16

/** Encrypts `length` bytes and absorbs the ciphertext. */
export function encryptText(data: usize, length: usize): void {
  if (ASC_FEATURE_SIMD && length >= 512) {
    // The MAC is one step behind the cipher: what the last step encrypted, this one absorbs.
    xorFourBlocks(data)
    data += 256
    length -= 256
    for (; length >= 256; length -= 256) {
      xorFourBlocksAbsorbing(data, data - 256, WHOLE)
      data += 256
    }
    if (length > 128) {
      wipe(STREAM, 256)
      xorFourBlocksAbsorbing(STREAM, data - 256, WHOLE)
      xorBytes(data, STREAM, length)
      chacha20GiveBack(4 - ((length + 63) >> 6))
      poly1305Update(data, length)
    } else {
      chacha20Xor(data, length)
      poly1305Update(data - 256, 256 + length)
    }
  } else {
    chacha20Xor(data, length)
    poly1305Update(data, length)
  }
}
