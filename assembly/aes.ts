import { aesBitslicedDecrypt, aesBitslicedEncrypt, aesBitslicedExpand, aesBitslicedWipe } from './aes-bitsliced'
import { wipe } from './bytes'

// AES, FIPS 197, as the modes use it: one expanded key, and four blocks that are worked on in place. No table is looked up at an
// address that depends on a key or a text (docs/security.md).

/** Where blocks are put to be encrypted or decrypted. */
export const AES_BLOCKS: usize = memory.data(64, 16)

/** Expands a key of 16 or 32 bytes, for encryption. */
export function aesExpand(key: usize, keyBytes: usize): void {
  aesBitslicedExpand(key, keyBytes)
}

/** Prepares decryption under the key that was expanded last. */
export function aesExpandInverse(): void {}

/** Encrypts the first `count` blocks of `AES_BLOCKS`, 1, 2 or 4; what happens to the others is not defined. */
export function aesEncrypt(count: i32): void {
  aesBitslicedEncrypt(AES_BLOCKS)
}

/** Decrypts the first `count` blocks of `AES_BLOCKS`, 1 or 4, after `aesExpandInverse`. */
export function aesDecrypt(count: i32): void {
  aesBitslicedDecrypt(AES_BLOCKS)
}

/** Wipes the key and the blocks. */
export function aesWipe(): void {
  aesBitslicedWipe()
  wipe(AES_BLOCKS, 64)
}
