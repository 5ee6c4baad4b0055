import { differenceOfWords, wipe } from './bytes'
import { chacha20Init, chacha20NextBlock, chacha20Wipe, chacha20Xor, xchacha20Init } from './chacha20'
import { encryptText } from './chacha20-poly1305-text'
import { STREAM } from './chacha20-state'
import { poly1305Final, poly1305Init, poly1305Lengths, poly1305Update, poly1305Wipe } from './poly1305'
import { MISUSE, NOT_AUTHENTIC, OK } from './status'

// AEAD_CHACHA20_POLY1305, RFC 8439 §2.8, and XChaCha20-Poly1305, draft-irtf-cfrg-xchacha-03 §2, as a stream:
//   seal: init, aad*, encrypt*, tag
//   open: init, aad*, authenticate* over the whole ciphertext, verify, and only then decrypt* over it again, end
// A call before the last of its kind takes a multiple of 64 bytes. A wrong order is refused, so that a mistake of the host
// can neither release plaintext whose tag was not checked nor authenticate something else than was meant.

const IDLE: i32 = 0
const AAD: i32 = 1
const ENCRYPT: i32 = 2
const AUTHENTICATE: i32 = 3
const DECRYPT: i32 = 4

/** Starts as IDLE; an initializer that names it would need a start function. */
let phase: i32 = 0
/** The last call of this phase ended inside a block: no other may follow. */
let ended: bool = false
let aadBytes: u64 = 0
let textBytes: u64 = 0

const TAG = memory.data(16, 16)

function start(): void {
  chacha20NextBlock()
  poly1305Init(STREAM)
  phase = AAD
  ended = false
  aadBytes = 0
  textBytes = 0
}

/** Tells whether a call of phase `next` with `length` bytes is in order, and moves on from the AAD to the text. */
function enter(next: i32, length: usize): bool {
  if (phase == AAD && (next == ENCRYPT || next == AUTHENTICATE)) {
    phase = next
    ended = false
  }
  if (phase != next || (ended && length > 0)) return false
  ended = ended || (length & 63) != 0
  return true
}

/** Counts text. RFC 8439 §2.8 allows 2^32 - 1 blocks under one nonce: then the counter would wrap. */
function countText(length: usize): bool {
  textBytes += length as u64
  return textBytes <= 0xffffffff * 64
}

function finish(out: usize): void {
  poly1305Lengths(aadBytes, textBytes)
  poly1305Final(out)
}

/** Starts under a 32-byte key and a 12-byte nonce. */
export function chacha20Poly1305Init(key: usize, nonce: usize): void {
  chacha20Init(key, nonce)
  start()
}

/** Starts under a 32-byte key and a 24-byte nonce. */
export function xchacha20Poly1305Init(key: usize, nonce: usize): void {
  xchacha20Init(key, nonce)
  start()
}

export function aeadAad(data: usize, length: usize): i32 {
  if (!enter(AAD, length)) return MISUSE
  aadBytes += length as u64
  poly1305Update(data, length)
  return OK
}

/** Encrypts in place. */
export function aeadEncrypt(data: usize, length: usize): i32 {
  if (!enter(ENCRYPT, length) || !countText(length)) return MISUSE
  encryptText(data, length, 0)
  return OK
}

/** Ends a seal: writes the 16 bytes of the tag and wipes the context. */
export function aeadTag(out: usize): i32 {
  if (!enter(ENCRYPT, 0)) return MISUSE
  finish(out)
  aeadEnd()
  return OK
}

/** Takes ciphertext into the MAC and leaves it as it is. */
export function aeadAuthenticate(data: usize, length: usize): i32 {
  if (!enter(AUTHENTICATE, length) || !countText(length)) return MISUSE
  poly1305Update(data, length)
  return OK
}

/** Compares the 16-byte tag. Where it differs, the context is wiped: nothing can be decrypted. */
export function aeadVerify(tag: usize): i32 {
  if (!enter(AUTHENTICATE, 0)) return MISUSE
  finish(TAG)
  const difference = differenceOfWords(TAG, tag, 16)
  wipe(TAG, 16)
  if (difference != 0) {
    aeadEnd()
    return NOT_AUTHENTIC
  }
  phase = DECRYPT
  ended = false
  return OK
}

/** Decrypts in place, after `aeadVerify` and never more than it verified. */
export function aeadDecrypt(data: usize, length: usize): i32 {
  if (!enter(DECRYPT, length) || (length as u64) > textBytes) return MISUSE
  textBytes -= length as u64
  chacha20Xor(data, length)
  return OK
}

/** Wipes the context. */
export function aeadEnd(): void {
  phase = IDLE
  chacha20Wipe()
  poly1305Wipe()
}
