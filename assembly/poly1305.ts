import { copyBytes, copyWords, wipe } from './bytes'
import { absorbBlocks } from './generated/poly1305-blocks'
import { H, R } from './poly1305-state'

// Poly1305, RFC 8439 §2.5, over words of 32 bits (tools/kernels/poly1305.ts).

const S = memory.data(16, 16)
const PADDED = memory.data(16, 16)

/** Starts a MAC under the 32-byte one-time key r || s, at a multiple of 4. */
export function poly1305Init(key: usize): void {
  store<u32>(R, load<u32>(key) & 0x0fffffff)
  store<u32>(R, load<u32>(key, 4) & 0x0ffffffc, 4)
  store<u32>(R, load<u32>(key, 8) & 0x0ffffffc, 8)
  store<u32>(R, load<u32>(key, 12) & 0x0ffffffc, 12)
  wipe(H, 32)
  copyWords(S, key + 16, 16)
}

/** Absorbs `length` bytes at a multiple of 4, and zeros up to a multiple of 16, as the AEAD of §2.8 has it. */
export function poly1305Update(data: usize, length: usize): void {
  const rest = length & 15
  absorbBlocks(data, length - rest)
  if (rest > 0) {
    wipe(PADDED, 16)
    copyBytes(PADDED, data + length - rest, rest)
    absorbBlocks(PADDED, 16)
  }
}

/** Absorbs a block of two numbers, as §2.8 ends its MAC. */
export function poly1305Lengths(first: u64, second: u64): void {
  store<u64>(PADDED, first)
  store<u64>(PADDED, second, 8)
  absorbBlocks(PADDED, 16)
}

/** Writes the 16 bytes of the tag, (h mod p) + s mod 2^128, to `out`, a multiple of 4. */
export function poly1305Final(out: usize): void {
  // Each word gives what it has above 32 bits to the next.
  let h0 = load<u64>(H)
  let h1 = load<u64>(H, 8) + (h0 >> 32)
  let h2 = load<u64>(H, 16) + (h1 >> 32)
  let h3 = load<u64>(H, 24) + (h2 >> 32)
  const h4 = h3 >> 32
  h0 &= 0xffffffff
  h1 &= 0xffffffff
  h2 &= 0xffffffff
  h3 &= 0xffffffff
  // h is below 2p. It is p or more where h + 5 reaches 2^130; then h - p is h + 5 without that bit.
  let sum = h0 + 5
  sum = h1 + (sum >> 32)
  sum = h2 + (sum >> 32)
  sum = h3 + (sum >> 32)
  sum = h4 + (sum >> 32)
  sum = h0 + (sum >> 2) * 5 + (load<u32>(S) as u64)
  store<u32>(out, sum as u32)
  sum = h1 + (load<u32>(S, 4) as u64) + (sum >> 32)
  store<u32>(out, sum as u32, 4)
  sum = h2 + (load<u32>(S, 8) as u64) + (sum >> 32)
  store<u32>(out, sum as u32, 8)
  sum = h3 + (load<u32>(S, 12) as u64) + (sum >> 32)
  store<u32>(out, sum as u32, 12)
}

export function poly1305Wipe(): void {
  wipe(R, 16)
  wipe(H, 32)
  wipe(S, 16)
  wipe(PADDED, 16)
}
