import { aeadsOver } from './aead.ts'
import { aesOver } from './aes.ts'
import { type LoadCore, lazyCore, loadCore } from './core.ts'
import type { Crypto } from './crypto.ts'
import { curve25519Over } from './curve25519.ts'
import { hashesOver } from './hash.ts'

function cryptoOver(load: LoadCore): Crypto {
  return { ...curve25519Over(load), ...aeadsOver(load), ...aesOver(load), ...hashesOver(load) }
}

/**
 * Instantiates the WebAssembly core, with a memory of its own.
 *
 * @param wasmBytes the file `didcomm-mote/core.wasm`; the copy inside this package if absent
 * @throws TypeError where `wasmBytes` is some other module
 * @example
 * import { instantiateCore } from 'didcomm-mote/crypto'
 *
 * const { sha256 } = instantiateCore()
 * const digest = sha256(new TextEncoder().encode('abc'))
 */
export function instantiateCore(wasmBytes?: Uint8Array): Crypto {
  if (wasmBytes === undefined) return cryptoOver(lazyCore())
  const core = loadCore(wasmBytes)
  return cryptoOver(() => core)
}

/** The primitives over one shared core, which is instantiated when the first of them is called. */
export const crypto: Crypto = /* @__PURE__ */ cryptoOver(/* @__PURE__ */ lazyCore())
