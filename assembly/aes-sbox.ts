import { substitute } from './generated/aes-sbox'

// The inverse S-box of AES (FIPS 197 §5.3.2) over 64 bytes at once, by the circuit of the S-box (tools/kernels/aes-sbox.ts).
// `sliced` holds eight 64-bit words: bit i of all bytes is in the i-th.

/** The inverse of the affine map of the standard, without its constant. */
function undoAffine(sliced: usize): void {
  const a0 = load<u64>(sliced)
  const a1 = load<u64>(sliced, 8)
  const a2 = load<u64>(sliced, 16)
  const a3 = load<u64>(sliced, 24)
  const a4 = load<u64>(sliced, 32)
  const a5 = load<u64>(sliced, 40)
  const a6 = load<u64>(sliced, 48)
  const a7 = load<u64>(sliced, 56)
  store<u64>(sliced, a2 ^ a5 ^ a7)
  store<u64>(sliced, a3 ^ a6 ^ a0, 8)
  store<u64>(sliced, a4 ^ a7 ^ a1, 16)
  store<u64>(sliced, a5 ^ a0 ^ a2, 24)
  store<u64>(sliced, a6 ^ a1 ^ a3, 32)
  store<u64>(sliced, a7 ^ a2 ^ a4, 40)
  store<u64>(sliced, a0 ^ a3 ^ a5, 48)
  store<u64>(sliced, a1 ^ a4 ^ a6, 56)
}

/** Replaces each byte b ^ 0x63 by the inverse S-box of b: S undoes its own inversion, between two inverse affine maps. */
export function unsubstitute(sliced: usize): void {
  undoAffine(sliced)
  substitute(sliced)
  undoAffine(sliced)
}
