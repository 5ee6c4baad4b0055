import { decodeBase64 } from '../bytes/index.ts'
import { expectInteger } from './arguments.ts'
import { type Core, checkStatus, loadCore, type OpenInWindow, type SealInWindow } from './core.ts'
import { chooseCore } from './core-choice.ts'

const TAG_BYTES = 16
const AAD_BYTES = 4096

/** An authenticated cipher over the bytes of a window. */
export interface WindowAead {
  /**
   * Encrypts the first `textBytes` of `text` in place, and writes the tag behind them, under `key`, the first bytes of `nonce` and
   * the first `aadBytes` of `aad`.
   *
   * @returns how many bytes of `text` are the result: 16 more
   */
  seal(textBytes: number, aadBytes?: number): number

  /**
   * Checks the tag at the end of the first `sealedBytes` of `text`, and decrypts what is before it in place.
   *
   * @returns how many bytes of `text` are the plaintext: 16 less
   * @throws DidCommError `ERR_CRYPTO_TAG`; the text is wiped then
   */
  open(sealedBytes: number, aadBytes?: number): number
}

/**
 * A core with its memory in the caller's hands: messages are written where the core works on them, and nothing is copied. The
 * four arrays are views of that memory and stay the same. What is in them stays there, secrets too, until it is overwritten
 * or `wipe` is called. Nobody else uses this core, so nothing changes between two calls.
 */
export interface CryptoWindow {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 24 bytes. ChaCha20-Poly1305 takes the first 12. */
  readonly nonce: Uint8Array
  /** Room for additional authenticated data. */
  readonly aad: Uint8Array
  /** Room for a message and its tag. */
  readonly text: Uint8Array
  /** ChaCha20-Poly1305, RFC 8439 §2.8. */
  readonly chacha20poly1305: WindowAead
  /** XChaCha20-Poly1305, draft-irtf-cfrg-xchacha-03 §2. */
  readonly xchacha20poly1305: WindowAead
  /** Overwrites all of the four arrays with zeros. */
  wipe(): void
}

/**
 * Instantiates a core whose memory the caller reads and writes.
 *
 * @param wasmBytes as for `instantiateCore`
 * @throws TypeError where `wasmBytes` is some other module
 * @example
 * import { openWindow } from 'didcomm-mote/crypto'
 *
 * const { key, nonce, text, chacha20poly1305 } = openWindow()
 * key.fill(7)
 * nonce.fill(1)
 * const { written } = new TextEncoder().encodeInto('21.5 degrees', text)
 * const sealed = text.subarray(0, chacha20poly1305.seal(written))
 */
export function openWindow(wasmBytes: Uint8Array = decodeBase64(chooseCore())): CryptoWindow {
  const core = loadCore(wasmBytes)
  const { memory, key, input, data, end, wasm } = core
  const textAt = data + AAD_BYTES
  return {
    key: memory.subarray(key, key + 32),
    nonce: memory.subarray(input, input + 24),
    aad: memory.subarray(data, textAt),
    text: memory.subarray(textAt, end),
    chacha20poly1305: windowAead(core, textAt, wasm.chacha20Poly1305Seal, wasm.chacha20Poly1305Open),
    xchacha20poly1305: windowAead(core, textAt, wasm.xchacha20Poly1305Seal, wasm.xchacha20Poly1305Open),
    wipe: () => wasm.wipe(key, end - key),
  }
}

function windowAead(core: Core, textAt: number, seal: SealInWindow, open: OpenInWindow): WindowAead {
  const { key, input, data, end } = core
  const maxBytes = end - textAt
  return {
    seal(textBytes, aadBytes = 0) {
      expectInteger('textBytes', textBytes, 0, maxBytes - TAG_BYTES)
      expectInteger('aadBytes', aadBytes, 0, AAD_BYTES)
      seal(key, input, data, aadBytes, textAt, textBytes)
      return textBytes + TAG_BYTES
    },

    open(sealedBytes, aadBytes = 0) {
      expectInteger('sealedBytes', sealedBytes, 0, maxBytes)
      expectInteger('aadBytes', aadBytes, 0, AAD_BYTES)
      const textBytes = sealedBytes - TAG_BYTES
      // Shorter than a tag: two is NOT_AUTHENTIC.
      checkStatus(textBytes < 0 ? 2 : open(key, input, data, aadBytes, textAt, textBytes))
      return textBytes
    },
  }
}
