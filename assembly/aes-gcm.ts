import { AES_BLOCKS, aesEncrypt, aesExpand } from './aes'
import { ctrInit, ctrWipe } from './aes-ctr'
import { copyWords, wipe } from './bytes'
import { ghashFinal, ghashInit, ghashWipe } from './ghash'

// What GCM, NIST SP 800-38D §7, adds to the counter mode and GHASH, with a nonce of 12 bytes and a tag of 16.

/** What the tag is masked with: the encrypted first counter. */
const MASK = memory.data(16, 16)

/** Starts under a key of 16 or 32 bytes and a 12-byte nonce. */
export function gcmInit(key: usize, keyBytes: usize, nonce: usize): void {
  aesExpand(key, keyBytes)
  // The hash key is the encryption of zeros, the mask that of the counter 1, and the text starts at 2.
  wipe(AES_BLOCKS, 16)
  copyWords(AES_BLOCKS + 16, nonce, 12)
  store<u32>(AES_BLOCKS, 0x02000000, 28)
  ctrInit(AES_BLOCKS + 16)
  store<u32>(AES_BLOCKS, 0x01000000, 28)
  aesEncrypt(2)
  ghashInit(AES_BLOCKS)
  copyWords(MASK, AES_BLOCKS + 16, 16)
}

/** Writes the 16 bytes of the tag to `out`. */
export function gcmFinal(out: usize, aadBytes: u64, textBytes: u64): void {
  ghashFinal(out, aadBytes, textBytes)
  for (let i: usize = 0; i < 16; i += 8) store<u64>(out + i, load<u64>(out + i) ^ load<u64>(MASK + i))
}

export function gcmWipe(): void {
  ctrWipe()
  ghashWipe()
  wipe(MASK, 16)
}
