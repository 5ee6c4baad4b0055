import { aesBitslicedDecrypt, aesBitslicedEncrypt, aesBitslicedExpand, aesBitslicedWipe } from './aes-bitsliced'
import {
  aesSwizzleDecrypt,
  aesSwizzleEncrypt,
  aesSwizzleEncryptEight,
  aesSwizzleExpand,
  aesSwizzleExpandInverse,
  aesSwizzleWipe,
} from './aes-swizzle'
import { wipe } from './bytes'

// AES, FIPS 197, as the modes use it: one expanded key, and four blocks that are worked on in place. No table is looked up at an
// address that depends on a key or a text (docs/security.md).

/** Where blocks are put to be encrypted or decrypted. */
export const AES_BLOCKS: usize = memory.data(64, 16)

/** Expands a key of 16 or 32 bytes, for encryption. */
export function aesExpand(key: usize, keyBytes: usize): void {
  if (ASC_FEATURE_SIMD) aesSwizzleExpand(key, keyBytes)
  else aesBitslicedExpand(key, keyBytes)
}

/** Prepares decryption under the key that was expanded last. */
export function aesExpandInverse(): void {
  if (ASC_FEATURE_SIMD) aesSwizzleExpandInverse()
}

/** Encrypts the first `count` blocks of `AES_BLOCKS`, 1, 2 or 4; what happens to the others is not defined. */
export function aesEncrypt(count: i32): void {
  if (ASC_FEATURE_SIMD) aesSwizzleEncrypt(AES_BLOCKS, count)
  else aesBitslicedEncrypt(AES_BLOCKS)
}

/** Encrypts the eight blocks of `EIGHT_BLOCKS` in place; only in the build with SIMD. */
export function aesEncryptEight(): void {
  aesSwizzleEncryptEight()
}

/** Decrypts the first `count` blocks of `AES_BLOCKS`, 1 or 4, after `aesExpandInverse`. */
export function aesDecrypt(count: i32): void {
  if (ASC_FEATURE_SIMD) aesSwizzleDecrypt(AES_BLOCKS, count)
  else aesBitslicedDecrypt(AES_BLOCKS)
}

/** Wipes the key and the blocks. */
export function aesWipe(): void {
  if (ASC_FEATURE_SIMD) aesSwizzleWipe()
  else aesBitslicedWipe()
  wipe(AES_BLOCKS, 64)
}
