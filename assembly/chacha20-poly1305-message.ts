import { copyBlock, differenceOfWords, wipe, xorBytes } from './bytes'
import { chacha20Init, chacha20NextBlock, xchacha20Init } from './chacha20'
import { aeadEnd } from './chacha20-poly1305'
import { decryptText, encryptText } from './chacha20-poly1305-text'
import { STREAM } from './chacha20-state'
import { streamTwoBlocks, xorFourBlocks } from './generated/chacha20-blocks'
import { poly1305Final, poly1305Init, poly1305Lengths, poly1305Update } from './poly1305'
import { NOT_AUTHENTIC, OK } from './status'

// AEAD_CHACHA20_POLY1305, RFC 8439 §2.8, and XChaCha20-Poly1305, draft-irtf-cfrg-xchacha-03 §2, of a message that is in the window
// as a whole. `text` is changed in place; the 16 bytes behind it are the tag. A stream that was begun is given up.

/** How much of the text the first steps of the key stream reach: behind the block of the one-time key. */
const HEAD: usize = ASC_FEATURE_SIMD ? 192 : 0

const TAG = memory.data(16, 16)
const RECEIVED = memory.data(16, 16)

/** Makes the one-time key and the key stream of the head, and absorbs the AAD. Returns the length of the head. */
function begin(aad: usize, aadBytes: usize, textBytes: usize): usize {
  if (!ASC_FEATURE_SIMD) {
    chacha20NextBlock()
  } else if (textBytes <= 64) {
    streamTwoBlocks()
  } else {
    wipe(STREAM, 256)
    xorFourBlocks(STREAM)
  }
  poly1305Init(STREAM)
  poly1305Update(aad, aadBytes)
  return min<usize>(HEAD, textBytes)
}

function xorHead(text: usize, length: usize): void {
  if (ASC_FEATURE_SIMD) xorBytes(text, STREAM + 64, length)
}

function seal(aad: usize, aadBytes: usize, text: usize, textBytes: usize): void {
  const head = begin(aad, aadBytes, textBytes)
  xorHead(text, head)
  if (head < textBytes) encryptText(text + head, textBytes - head, head)
  else poly1305Update(text, head)
  poly1305Lengths(aadBytes as u64, textBytes as u64)
  poly1305Final(TAG)
  copyBlock(text + textBytes, TAG)
  wipe(TAG, 16)
  aeadEnd()
}

/** Decrypts while it authenticates. Where the tag is wrong, the text is wiped before anybody can see it. */
function open(aad: usize, aadBytes: usize, text: usize, textBytes: usize): i32 {
  const head = begin(aad, aadBytes, textBytes)
  poly1305Update(text, head)
  xorHead(text, head)
  if (head < textBytes) decryptText(text + head, textBytes - head)
  poly1305Lengths(aadBytes as u64, textBytes as u64)
  poly1305Final(TAG)
  copyBlock(RECEIVED, text + textBytes)
  const difference = differenceOfWords(TAG, RECEIVED, 16)
  // One where any bit differs: nothing else is told by the branch on it.
  const wrong = (difference | (0 - difference)) >>> 31
  wipe(TAG, 16)
  wipe(RECEIVED, 16)
  aeadEnd()
  if (wrong == 0) return OK
  wipe(text, (textBytes + 7) & ~7)
  return NOT_AUTHENTIC
}

export function chacha20Poly1305Seal(
  key: usize,
  nonce: usize,
  aad: usize,
  aadBytes: usize,
  text: usize,
  textBytes: usize,
): void {
  chacha20Init(key, nonce)
  seal(aad, aadBytes, text, textBytes)
}

/** Returns NOT_AUTHENTIC, and wipes the text and the rest of its last eight bytes, where the tag is wrong. */
export function chacha20Poly1305Open(
  key: usize,
  nonce: usize,
  aad: usize,
  aadBytes: usize,
  text: usize,
  textBytes: usize,
): i32 {
  chacha20Init(key, nonce)
  return open(aad, aadBytes, text, textBytes)
}

export function xchacha20Poly1305Seal(
  key: usize,
  nonce: usize,
  aad: usize,
  aadBytes: usize,
  text: usize,
  textBytes: usize,
): void {
  xchacha20Init(key, nonce)
  seal(aad, aadBytes, text, textBytes)
}

/** Returns NOT_AUTHENTIC, and wipes the text and the rest of its last eight bytes, where the tag is wrong. */
export function xchacha20Poly1305Open(
  key: usize,
  nonce: usize,
  aad: usize,
  aadBytes: usize,
  text: usize,
  textBytes: usize,
): i32 {
  xchacha20Init(key, nonce)
  return open(aad, aadBytes, text, textBytes)
}
