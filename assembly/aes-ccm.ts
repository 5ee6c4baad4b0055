import { AES_BLOCKS, aesEncrypt, aesExpand } from './aes'
import { ctrInit, ctrNext, ctrWipe } from './aes-ctr'
import { copyWords, wipe } from './bytes'

// CCM, RFC 3610, with two bytes for the length of the text and so a nonce of 13: the AES-CCM-16-* of RFC 9053 §4.2. A step
// encrypts two blocks at once, one of the MAC and one of the key stream, since neither waits for the other.

/** The MAC so far: what of its input is not encrypted yet is exclusive-ored into it. */
const MAC = memory.data(16, 16)
/** The key stream of the next block of text. */
const STREAM = memory.data(16, 16)
/** What the tag is masked with: the encrypted counter 0. */
const MASK = memory.data(16, 16)
/** The counter block 1, from which decryption starts again. */
const FIRST = memory.data(16, 16)

/** How many bytes of the additional data, with their length in front, are in the last block of the MAC. */
let used: usize = 0

function encryptMac(): void {
  copyWords(AES_BLOCKS, MAC, 16)
  aesEncrypt(1)
  copyWords(MAC, AES_BLOCKS, 16)
}

/** Encrypts the MAC, and the counter block that follows into `STREAM`. */
function encryptBoth(): void {
  copyWords(AES_BLOCKS, MAC, 16)
  ctrNext(AES_BLOCKS + 16)
  aesEncrypt(2)
  copyWords(MAC, AES_BLOCKS, 16)
  copyWords(STREAM, AES_BLOCKS + 16, 16)
}

function absorbByte(byte: u32): void {
  store<u8>(MAC + used, (load<u8>(MAC + used) as u32) ^ byte)
  if (++used == 16) {
    encryptMac()
    used = 0
  }
}

/** Starts under a key of 16 or 32 bytes and a 13-byte nonce; the lengths are of all that will come (§2.2). */
export function ccmInit(key: usize, keyBytes: usize, nonce: usize, tagBytes: u32, aadBytes: u32, textBytes: u32): void {
  aesExpand(key, keyBytes)
  // The first block of the MAC: flags, nonce, length of the text. L' = L - 1 = 1 is in the low bits of the flags.
  copyWords(MAC, nonce, 16)
  for (let i: usize = 13; i > 0; i--) store<u8>(MAC + i, load<u8>(MAC + i - 1))
  store<u8>(MAC, 1)
  store<u8>(MAC, 0, 14)
  store<u8>(MAC, 0, 15)
  // The counter blocks have L' alone as flags, and a counter instead of the length (§2.3).
  ctrInit(MAC)
  ctrNext(MASK)
  ctrNext(FIRST)
  ctrInit(MASK)
  store<u8>(MAC, (aadBytes > 0 ? 0x41 : 1) + (((tagBytes - 2) >>> 1) << 3))
  store<u8>(MAC, textBytes >>> 8, 14)
  store<u8>(MAC, textBytes, 15)
  encryptBoth()
  copyWords(MASK, STREAM, 16)
  used = 0
  if (aadBytes == 0) return
  if (aadBytes >= 0xff00) {
    absorbByte(0xff)
    absorbByte(0xfe)
    absorbByte(aadBytes >>> 24)
    absorbByte((aadBytes >>> 16) & 0xff)
  }
  absorbByte((aadBytes >>> 8) & 0xff)
  absorbByte(aadBytes & 0xff)
}

export function ccmAad(data: usize, length: usize): void {
  for (let i: usize = 0; i < length; i++) absorbByte(load<u8>(data + i))
}

/** Ends the additional data, filled up with zeros, and makes the key stream of the first block of text. */
export function ccmStartText(): void {
  if (used > 0) encryptMac()
  ctrInit(FIRST)
  ctrNext(AES_BLOCKS)
  aesEncrypt(1)
  copyWords(STREAM, AES_BLOCKS, 16)
}

/** Encrypts in place and takes the text into the MAC. */
export function ccmEncrypt(data: usize, length: usize): void {
  for (; length >= 16; length -= 16) {
    for (let i: usize = 0; i < 16; i += 8) {
      const text = load<u64>(data + i)
      store<u64>(MAC + i, load<u64>(MAC + i) ^ text)
      store<u64>(data + i, text ^ load<u64>(STREAM + i))
    }
    encryptBoth()
    data += 16
  }
  if (length == 0) return
  for (let i: usize = 0; i < length; i++) {
    const text = load<u8>(data + i)
    store<u8>(MAC + i, load<u8>(MAC + i) ^ text)
    store<u8>(data + i, text ^ load<u8>(STREAM + i))
  }
  encryptMac()
}

/** Takes the text of a ciphertext into the MAC, and leaves the ciphertext as it is. */
export function ccmAuthenticate(data: usize, length: usize): void {
  for (; length >= 16; length -= 16) {
    for (let i: usize = 0; i < 16; i += 8) {
      store<u64>(MAC + i, load<u64>(MAC + i) ^ load<u64>(data + i) ^ load<u64>(STREAM + i))
    }
    encryptBoth()
    data += 16
  }
  if (length == 0) return
  for (let i: usize = 0; i < length; i++) {
    store<u8>(MAC + i, load<u8>(MAC + i) ^ load<u8>(data + i) ^ load<u8>(STREAM + i))
  }
  encryptMac()
}

/** Returns to the start of the text, to decrypt it with `ctrXor`. */
export function ccmRestart(): void {
  ctrInit(FIRST)
}

/** Writes 16 bytes to `out`, of which the tag is the first ones. */
export function ccmFinal(out: usize): void {
  for (let i: usize = 0; i < 16; i += 8) store<u64>(out + i, load<u64>(MAC + i) ^ load<u64>(MASK + i))
}

export function ccmWipe(): void {
  ctrWipe()
  wipe(MAC, 16)
  wipe(STREAM, 16)
  wipe(MASK, 16)
  wipe(FIRST, 16)
}
