import { copyBytes, copyWords, wipe } from './bytes'

// ChaCha20, RFC 8439 §2.3 and §2.4, and HChaCha20, draft-irtf-cfrg-xchacha-03 §2.2. Words are little endian.

/** Constants, key, counter and nonce, as §2.3 lays them out. */
const STATE = memory.data(64, 16)
const STREAM = memory.data(64, 16)
/** The last, incomplete block of a message, at an aligned address. */
const TAIL = memory.data(64, 16)

const KEY: usize = 16
const COUNTER: usize = 48
const NONCE: usize = 52

function setConstants(): void {
  store<u32>(STATE, 0x61707865)
  store<u32>(STATE, 0x3320646e, 4)
  store<u32>(STATE, 0x79622d32, 8)
  store<u32>(STATE, 0x6b206574, 12)
}

/** Writes the state after 20 rounds to `STREAM`, without the addition of the input that ends a block. */
function permute(): void {
  let x0 = load<u32>(STATE)
  let x1 = load<u32>(STATE, 4)
  let x2 = load<u32>(STATE, 8)
  let x3 = load<u32>(STATE, 12)
  let x4 = load<u32>(STATE, 16)
  let x5 = load<u32>(STATE, 20)
  let x6 = load<u32>(STATE, 24)
  let x7 = load<u32>(STATE, 28)
  let x8 = load<u32>(STATE, 32)
  let x9 = load<u32>(STATE, 36)
  let x10 = load<u32>(STATE, 40)
  let x11 = load<u32>(STATE, 44)
  let x12 = load<u32>(STATE, 48)
  let x13 = load<u32>(STATE, 52)
  let x14 = load<u32>(STATE, 56)
  let x15 = load<u32>(STATE, 60)
  for (let round = 0; round < 20; round += 2) {
    // The four columns, a step of each at a time.
    x0 += x4
    x12 = rotl<u32>(x12 ^ x0, 16)
    x1 += x5
    x13 = rotl<u32>(x13 ^ x1, 16)
    x2 += x6
    x14 = rotl<u32>(x14 ^ x2, 16)
    x3 += x7
    x15 = rotl<u32>(x15 ^ x3, 16)
    x8 += x12
    x4 = rotl<u32>(x4 ^ x8, 12)
    x9 += x13
    x5 = rotl<u32>(x5 ^ x9, 12)
    x10 += x14
    x6 = rotl<u32>(x6 ^ x10, 12)
    x11 += x15
    x7 = rotl<u32>(x7 ^ x11, 12)
    x0 += x4
    x12 = rotl<u32>(x12 ^ x0, 8)
    x1 += x5
    x13 = rotl<u32>(x13 ^ x1, 8)
    x2 += x6
    x14 = rotl<u32>(x14 ^ x2, 8)
    x3 += x7
    x15 = rotl<u32>(x15 ^ x3, 8)
    x8 += x12
    x4 = rotl<u32>(x4 ^ x8, 7)
    x9 += x13
    x5 = rotl<u32>(x5 ^ x9, 7)
    x10 += x14
    x6 = rotl<u32>(x6 ^ x10, 7)
    x11 += x15
    x7 = rotl<u32>(x7 ^ x11, 7)
    // The four diagonals.
    x0 += x5
    x15 = rotl<u32>(x15 ^ x0, 16)
    x1 += x6
    x12 = rotl<u32>(x12 ^ x1, 16)
    x2 += x7
    x13 = rotl<u32>(x13 ^ x2, 16)
    x3 += x4
    x14 = rotl<u32>(x14 ^ x3, 16)
    x10 += x15
    x5 = rotl<u32>(x5 ^ x10, 12)
    x11 += x12
    x6 = rotl<u32>(x6 ^ x11, 12)
    x8 += x13
    x7 = rotl<u32>(x7 ^ x8, 12)
    x9 += x14
    x4 = rotl<u32>(x4 ^ x9, 12)
    x0 += x5
    x15 = rotl<u32>(x15 ^ x0, 8)
    x1 += x6
    x12 = rotl<u32>(x12 ^ x1, 8)
    x2 += x7
    x13 = rotl<u32>(x13 ^ x2, 8)
    x3 += x4
    x14 = rotl<u32>(x14 ^ x3, 8)
    x10 += x15
    x5 = rotl<u32>(x5 ^ x10, 7)
    x11 += x12
    x6 = rotl<u32>(x6 ^ x11, 7)
    x8 += x13
    x7 = rotl<u32>(x7 ^ x8, 7)
    x9 += x14
    x4 = rotl<u32>(x4 ^ x9, 7)
  }
  store<u32>(STREAM, x0)
  store<u32>(STREAM, x1, 4)
  store<u32>(STREAM, x2, 8)
  store<u32>(STREAM, x3, 12)
  store<u32>(STREAM, x4, 16)
  store<u32>(STREAM, x5, 20)
  store<u32>(STREAM, x6, 24)
  store<u32>(STREAM, x7, 28)
  store<u32>(STREAM, x8, 32)
  store<u32>(STREAM, x9, 36)
  store<u32>(STREAM, x10, 40)
  store<u32>(STREAM, x11, 44)
  store<u32>(STREAM, x12, 48)
  store<u32>(STREAM, x13, 52)
  store<u32>(STREAM, x14, 56)
  store<u32>(STREAM, x15, 60)
}

/** Makes the next block of the key stream in `STREAM`. */
function nextBlock(): void {
  permute()
  for (let i: usize = 0; i < 64; i += 4) store<u32>(STREAM + i, load<u32>(STREAM + i) + load<u32>(STATE + i))
  store<u32>(STATE + COUNTER, load<u32>(STATE + COUNTER) + 1)
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
  permute()
  copyWords(STATE + KEY, STREAM, 16)
  copyWords(STATE + KEY + 16, STREAM + 48, 16)
  store<u32>(STATE + COUNTER, 0)
  store<u32>(STATE + NONCE, 0)
  copyWords(STATE + NONCE + 4, nonce + 16, 8)
}

/** Writes the first 32 bytes of the next block of the key stream to `out`, a multiple of 4. */
export function chacha20HalfBlock(out: usize): void {
  nextBlock()
  copyWords(out, STREAM, 32)
}

/** Exclusive-ors the key stream into `length` bytes; `data` is a multiple of 4. Only the last call may end inside a block. */
export function chacha20Xor(data: usize, length: usize): void {
  for (; length >= 64; length -= 64) {
    nextBlock()
    for (let i: usize = 0; i < 64; i += 4) store<u32>(data + i, load<u32>(data + i) ^ load<u32>(STREAM + i))
    data += 64
  }
  if (length > 0) {
    nextBlock()
    copyBytes(TAIL, data, length)
    for (let i: usize = 0; i < 64; i += 4) store<u32>(TAIL + i, load<u32>(TAIL + i) ^ load<u32>(STREAM + i))
    copyBytes(data, TAIL, length)
  }
}

export function chacha20Wipe(): void {
  wipe(STATE, 64)
  wipe(STREAM, 64)
  wipe(TAIL, 64)
}
