import { AES_BLOCKS, aesEncrypt, aesEncryptEight } from './aes'
import { EIGHT_BLOCKS } from './aes-sliced'
import { copyWords, wipe } from './bytes'

// AES in the counter mode, NIST SP 800-38A §6.5, as GCM and CCM use it: the last 32 bits of a block count.

const PREFIX = memory.data(16, 16)

/** So many bytes in one call are worth the round keys for eight blocks at once. */
const EIGHT_BYTES: usize = 512

let counter: u32 = 0

/** Starts at the counter block at `block`, under the key that was expanded last. */
export function ctrInit(block: usize): void {
  copyWords(PREFIX, block, 16)
  counter = bswap<u32>(load<u32>(block, 12))
}

/** Writes the next counter block to `out`. */
export function ctrNext(out: usize): void {
  copyWords(out, PREFIX, 12)
  store<u32>(out, bswap<u32>(counter++), 12)
}

/** Exclusive-ors the key stream into `length` bytes, a multiple of 128. */
function xorEight(data: usize, length: usize): void {
  for (const end = data + length; data < end; data += 128) {
    const prefix = v128.load(PREFIX)
    for (let b: usize = 0; b < 128; b += 16) {
      v128.store(EIGHT_BLOCKS + b, i32x4.replace_lane(prefix, 3, bswap<u32>(counter++)))
    }
    aesEncryptEight()
    for (let b: usize = 0; b < 128; b += 16) {
      v128.store(data + b, v128.xor(v128.load(data + b), v128.load(EIGHT_BLOCKS + b)))
    }
  }
}

/** Exclusive-ors the key stream into `length` bytes; all calls but the last take a multiple of 64 bytes. */
export function ctrXor(data: usize, length: usize): void {
  if (ASC_FEATURE_SIMD && length >= EIGHT_BYTES) {
    const taken = length & ~127
    xorEight(data, taken)
    data += taken
    length -= taken
  }
  for (; length > 0; data += 64) {
    for (let b: usize = 0; b < 64; b += 16) ctrNext(AES_BLOCKS + b)
    aesEncrypt(4)
    if (length < 64) {
      for (let i: usize = 0; i < length; i++) store<u8>(data + i, load<u8>(data + i) ^ load<u8>(AES_BLOCKS + i))
      return
    }
    for (let i: usize = 0; i < 64; i += 8) store<u64>(data + i, load<u64>(data + i) ^ load<u64>(AES_BLOCKS + i))
    length -= 64
  }
}

export function ctrWipe(): void {
  wipe(PREFIX, 16)
  counter = 0
}
