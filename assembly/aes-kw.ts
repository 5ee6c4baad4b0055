import { AES_BLOCKS, aesDecrypt, aesEncrypt, aesExpand, aesExpandInverse, aesWipe } from './aes'
import { wipe } from './bytes'
import { MISUSE, NOT_AUTHENTIC, OK } from './status'

// AES Key Wrap with a 256-bit key, RFC 3394 §2.2, in place. Each step needs the one before, so one block of four is used.

/** The default initial value (§2.2.3.1); the same in either byte order. */
const INITIAL: u64 = 0xa6a6a6a6a6a6a6a6

function taken(length: usize): bool {
  return length >= 16 && (length & 7) == 0
}

/** Wraps the `length` bytes behind the first 8 at `data` under the 32-byte key: `length + 8` bytes come out at `data`. */
export function aesKeyWrap(kek: usize, data: usize, length: usize): i32 {
  if (!taken(length)) return MISUSE
  aesExpand(kek, 32)
  let a = INITIAL
  let step: u64 = 0
  for (let round = 0; round < 6; round++) {
    for (let at = data + 8; at <= data + length; at += 8) {
      store<u64>(AES_BLOCKS, a)
      store<u64>(AES_BLOCKS, load<u64>(at), 8)
      aesEncrypt(1)
      a = load<u64>(AES_BLOCKS) ^ bswap<u64>(++step)
      store<u64>(at, load<u64>(AES_BLOCKS, 8))
    }
  }
  store<u64>(data, a)
  aesWipe()
  return OK
}

/** Unwraps into the `length` bytes behind the first 8 at `data`; where the wrapping is not of this key, wipes them. */
export function aesKeyUnwrap(kek: usize, data: usize, length: usize): i32 {
  if (!taken(length)) return MISUSE
  aesExpand(kek, 32)
  aesExpandInverse()
  let a = load<u64>(data)
  let step = 6 * ((length >>> 3) as u64)
  for (let round = 0; round < 6; round++) {
    for (let at = data + length; at > data; at -= 8) {
      store<u64>(AES_BLOCKS, a ^ bswap<u64>(step--))
      store<u64>(AES_BLOCKS, load<u64>(at), 8)
      aesDecrypt(1)
      a = load<u64>(AES_BLOCKS)
      store<u64>(at, load<u64>(AES_BLOCKS, 8))
    }
  }
  store<u64>(data, 0)
  aesWipe()
  if ((a ^ INITIAL) == 0) return OK
  wipe(data + 8, length)
  return NOT_AUTHENTIC
}
