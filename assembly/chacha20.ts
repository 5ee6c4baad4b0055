import { copyBytes, copyWords, wipe, xorBytes } from './bytes'
import { COUNTER, KEY, NONCE, STATE, STREAM } from './chacha20-state'
import { streamOneBlock, streamTwoBlocks, xorBlock, xorFourBlocks } from './generated/chacha20-blocks'

// ChaCha20, RFC 8439 §2.3 and §2.4, and HChaCha20, draft-irtf-cfrg-xchacha-03 §2.2. Words are little endian.

function setConstants(): void {
  store<u32>(STATE, 0x61707865)
  store<u32>(STATE, 0x3320646e, 4)
  store<u32>(STATE, 0x79622d32, 8)
  store<u32>(STATE, 0x6b206574, 12)
}

/** Writes the next block of the key stream to `STREAM`. */
export function chacha20NextBlock(): void {
  if (ASC_FEATURE_SIMD) {
    streamOneBlock()
  } else {
    wipe(STREAM, 64)
    xorBlock(STREAM)
  }
}

/** Starts a stream at block 0; `key` has 32 bytes, `nonce` 12, both at multiples of 4. */
export function chacha20Init(key: usize, nonce: usize): void {
  setConstants()
  copyWords(STATE + KEY, key, 32)
  store<u32>(STATE + COUNTER, 0)
  copyWords(STATE + NONCE, nonce, 12)
}

/** Starts a stream under the subkey of XChaCha20 (§2.3); `nonce` has 24 bytes. */
export function xchacha20Init(key: usize, nonce: usize): void {
  setConstants()
  copyWords(STATE + KEY, key, 32)
  copyWords(STATE + COUNTER, nonce, 16)
  chacha20NextBlock()
  // The subkey is the first and the last row before the addition of the input that ends a block: it is taken off again.
  for (let i: usize = 0; i < 16; i += 4) {
    store<u32>(STATE + KEY + i, load<u32>(STREAM + i) - load<u32>(STATE + i))
    store<u32>(STATE + KEY + 16 + i, load<u32>(STREAM + 48 + i) - load<u32>(nonce + i))
  }
  store<u32>(STATE + COUNTER, 0)
  store<u32>(STATE + NONCE, 0)
  copyWords(STATE + NONCE + 4, nonce + 16, 8)
}

/** Takes blocks back that were made and not used: they come again. */
export function chacha20GiveBack(blocks: usize): void {
  store<u32>(STATE + COUNTER, load<u32>(STATE + COUNTER) - (blocks as u32))
}

/** Exclusive-ors the key stream into less than four blocks at `data`. */
function xorTail(data: usize, length: usize): void {
  if (length > 128) {
    wipe(STREAM, 256)
    xorFourBlocks(STREAM)
    chacha20GiveBack(4 - ((length + 63) >> 6))
  } else if (length > 64) {
    streamTwoBlocks()
  } else {
    streamOneBlock()
  }
  xorBytes(data, STREAM, length)
}

/** Exclusive-ors the key stream into `length` bytes; `data` is a multiple of 4. Only the last call may end inside a block. */
export function chacha20Xor(data: usize, length: usize): void {
  if (ASC_FEATURE_SIMD) {
    for (; length >= 256; length -= 256) {
      xorFourBlocks(data)
      data += 256
    }
    if (length > 0) xorTail(data, length)
  } else {
    for (; length >= 64; length -= 64) {
      xorBlock(data)
      data += 64
    }
    if (length > 0) {
      copyBytes(STREAM, data, length)
      xorBlock(STREAM)
      copyBytes(data, STREAM, length)
    }
  }
}

export function chacha20Wipe(): void {
  wipe(STATE, 64)
  wipe(STREAM, ASC_FEATURE_SIMD ? 256 : 64)
}
