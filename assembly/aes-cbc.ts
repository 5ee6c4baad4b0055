import { AES_BLOCKS, aesDecrypt, aesEncrypt, aesExpand } from './aes'
import { copyWords, wipe } from './bytes'

// AES in the CBC mode, NIST SP 800-38A §6.2, over whole blocks, as a stream.

/** The initialization vector, then the ciphertext block before the next. */
const CHAIN = memory.data(16, 16)

/** Starts under a 32-byte key and a 16-byte initialization vector. */
export function cbcInit(key: usize, iv: usize): void {
  aesExpand(key, 32)
  copyWords(CHAIN, iv, 16)
}

/** Encrypts `length` bytes in place, block after block: each waits for the one before. */
export function cbcEncrypt(data: usize, length: usize): void {
  for (const end = data + length; data < end; data += 16) {
    store<u64>(AES_BLOCKS, load<u64>(data) ^ load<u64>(CHAIN))
    store<u64>(AES_BLOCKS, load<u64>(data, 8) ^ load<u64>(CHAIN, 8), 8)
    aesEncrypt(1)
    copyWords(data, AES_BLOCKS, 16)
    copyWords(CHAIN, AES_BLOCKS, 16)
  }
}

/** Decrypts up to four blocks in place. */
function decryptBlocks(data: usize, length: usize): void {
  copyWords(AES_BLOCKS, data, length)
  aesDecrypt(4)
  for (let i: usize = 0; i < 16; i += 8) store<u64>(AES_BLOCKS + i, load<u64>(AES_BLOCKS + i) ^ load<u64>(CHAIN + i))
  for (let i: usize = 16; i < length; i += 8) {
    store<u64>(AES_BLOCKS + i, load<u64>(AES_BLOCKS + i) ^ load<u64>(data + i - 16))
  }
  copyWords(CHAIN, data + length - 16, 16)
  copyWords(data, AES_BLOCKS, length)
}

/** Decrypts `length` bytes in place. */
export function cbcDecrypt(data: usize, length: usize): void {
  for (; length > 64; length -= 64) {
    decryptBlocks(data, 64)
    data += 64
  }
  if (length > 0) decryptBlocks(data, length)
}

/** Returns the padding of a text (RFC 5652 §6.3), 1 to 16, from its last two blocks of ciphertext; 0 where it is wrong. */
export function cbcPadding(lastTwo: usize): i32 {
  copyWords(AES_BLOCKS, lastTwo + 16, 16)
  aesDecrypt(1)
  for (let i: usize = 0; i < 16; i++) {
    store<u8>(AES_BLOCKS + i, load<u8>(AES_BLOCKS + i) ^ load<u8>(lastTwo + i))
  }
  const padding = load<u8>(AES_BLOCKS, 15) as u32
  // Not zero where the padding is 0 or above 16, or where one of its bytes differs.
  let wrong: u32 = ((padding - 1) | (16 - padding)) >>> 31
  for (let i: u32 = 0; i < 16; i++) {
    // All ones where byte i is one of the padding: 15 - i < padding.
    const inside = 0 - ((15 - i - padding) >>> 31)
    wrong |= inside & ((load<u8>(AES_BLOCKS + (i as usize)) as u32) ^ padding)
  }
  // `wrong` has eight bits, so that its predecessor is negative only where it is zero.
  const right = 0 - ((wrong - 1) >>> 31)
  return (padding & right) as i32
}

/** Wipes the chain. */
export function cbcWipe(): void {
  wipe(CHAIN, 16)
}
