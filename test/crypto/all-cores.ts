import { readFileSync } from 'node:fs'
import { aeadsOver } from '../../runtime/crypto/aead.ts'
import { aesOver } from '../../runtime/crypto/aes.ts'
import { type Core, loadCore } from '../../runtime/crypto/core.ts'
import type { Crypto } from '../../runtime/crypto/crypto.ts'
import { curve25519Over } from '../../runtime/crypto/curve25519.ts'
import { hashesOver } from '../../runtime/crypto/hash.ts'
import { instantiateCore } from '../../runtime/crypto/index.ts'
import { coreBuilds } from '../../tools/core-builds.ts'

/** A core through whose window fit so few bytes that most messages are streamed. */
export function narrowCore(wasm: Uint8Array): Crypto {
  const core = loadCore(wasm)
  const narrow: Core = { ...core, chunkBytes: 256, end: core.data + 256, views: [] }
  const load = (): Core => narrow
  return { ...curve25519Over(load), ...aeadsOver(load), ...aesOver(load), ...hashesOver(load) }
}

/** Every build, and every build over a narrow window. */
export const allCores: Readonly<Record<string, Crypto>> = Object.fromEntries(
  coreBuilds.flatMap(({ name, wasmFile }) => {
    const wasm = readFileSync(wasmFile)
    return [
      [name, instantiateCore(wasm)],
      [`${name}, streamed,`, narrowCore(wasm)],
    ]
  }),
)
