// The kernels that are written by a program: straight-line arithmetic in which each line follows a rule, and in which the order of
// lines decides the speed. tools/build-core.ts writes each to assembly/generated/ before it compiles.
import { aesSbox } from './aes-sbox.ts'
import { aesSlicedBlocks } from './aes-sliced.ts'
import { aesBlocks } from './aes-swizzle.ts'
import { chacha20Blocks } from './chacha20.ts'
import { edwards25519 } from './edwards25519.ts'
import { field25519 } from './field25519.ts'
import { ghashWide } from './ghash-wide.ts'
import { poly1305Blocks } from './poly1305.ts'
import { scalar25519Limbs } from './scalar25519.ts'
import { sha256Block, sha512Block } from './sha2.ts'
import { x25519Ladder } from './x25519-ladder.ts'

/** The source of each generated file of assembly/generated/, by its name. */
export const kernels: Readonly<Record<string, () => string>> = {
  'aes-blocks.ts': aesBlocks,
  'aes-sbox.ts': aesSbox,
  'aes-sliced-blocks.ts': aesSlicedBlocks,
  'chacha20-blocks.ts': chacha20Blocks,
  'edwards25519.ts': edwards25519,
  'field25519.ts': field25519,
  'ghash-wide.ts': ghashWide,
  'poly1305-blocks.ts': poly1305Blocks,
  'scalar25519-limbs.ts': scalar25519Limbs,
  'sha256-block.ts': sha256Block,
  'sha512-block.ts': sha512Block,
  'x25519-ladder.ts': x25519Ladder,
}
