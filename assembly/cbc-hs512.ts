import { cbcInit, cbcPadding, cbcWipe } from './aes-cbc'
import { copyWords, wipe } from './bytes'
import { hmacSha512Final, hmacSha512Init, hmacSha512Update } from './hmac'

// What A256CBC-HS512, RFC 7518 §5.2.5, adds to AES-CBC and HMAC: the MAC of the additional data, the initialization vector, the
// ciphertext and the length of the additional data. The vector is absorbed when the first ciphertext is, since the data comes before.

const IV = memory.data(16, 16)
/** The last two blocks of ciphertext, or the vector and the only one: the padding is in them. */
const LAST_TWO = memory.data(32, 16)
const AAD_BITS = memory.data(8, 16)
const MAC = memory.data(64, 16)

let macIsOpen: bool = false

/** Starts under a 64-byte key, its first half for the MAC (§5.2.2.1), and a 16-byte initialization vector. */
export function cbcHs512Init(key: usize, iv: usize): void {
  hmacSha512Init(key, 32)
  macIsOpen = true
  cbcInit(key + 32, iv)
  copyWords(IV, iv, 16)
  copyWords(LAST_TWO + 16, iv, 16)
}

export function cbcHs512Aad(data: usize, length: usize): void {
  hmacSha512Update(data, length)
}

/** Ends the additional data. */
export function cbcHs512StartText(): void {
  hmacSha512Update(IV, 16)
}

/** Absorbs `length` bytes of ciphertext, whole blocks. */
export function cbcHs512Text(data: usize, length: usize): void {
  hmacSha512Update(data, length)
  if (length >= 32) {
    copyWords(LAST_TWO, data + length - 32, 32)
  } else if (length == 16) {
    copyWords(LAST_TWO, LAST_TWO + 16, 16)
    copyWords(LAST_TWO + 16, data, 16)
  }
}

/** Writes the 32 bytes of the tag to `out`: the first half of the MAC. */
export function cbcHs512Final(out: usize, aadBytes: u64): void {
  store<u64>(AAD_BITS, bswap<u64>(aadBytes << 3))
  hmacSha512Update(AAD_BITS, 8)
  hmacSha512Final(MAC)
  macIsOpen = false
  copyWords(out, MAC, 32)
  wipe(MAC, 64)
}

/** Returns how many bytes of padding the text ends in; 0 where the padding is wrong. */
export function cbcHs512Padding(): i32 {
  return cbcPadding(LAST_TWO)
}

export function cbcHs512Wipe(): void {
  cbcWipe()
  // The end of a MAC wipes it.
  if (macIsOpen) hmacSha512Final(MAC)
  macIsOpen = false
  wipe(MAC, 64)
  wipe(IV, 16)
  wipe(LAST_TWO, 32)
}
