import { copyOf, EMPTY, expectBytes, outputFor, unshared } from './arguments.ts'
import { type Core, checkStatus, copyOut, type LoadCore, stream, wipeWindow } from './core.ts'
import type { Aead, Crypto } from './crypto.ts'

const KEY_BYTES = 32
const TAG_BYTES = 16

/** Makes the two ChaCha20-Poly1305 ciphers over a core. */
export function aeadsOver(load: LoadCore): Pick<Crypto, 'chacha20poly1305' | 'xchacha20poly1305'> {
  return {
    chacha20poly1305: aead(load, 12, (core) => core.wasm.chacha20Poly1305Init(core.key, core.input)),
    xchacha20poly1305: aead(load, 24, (core) => core.wasm.xchacha20Poly1305Init(core.key, core.input)),
  }
}

function aead(load: LoadCore, nonceBytes: number, init: (core: Core) => void): Aead {
  function start(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array): Core {
    const core = load()
    core.memory.set(key, core.key)
    core.memory.set(nonce, core.input)
    init(core)
    stream(core, aad, core.wasm.aeadAad)
    return core
  }

  return {
    keyBytes: KEY_BYTES,
    nonceBytes,
    tagBytes: TAG_BYTES,

    seal(key, nonce, plaintext, aad = EMPTY, out) {
      expectBytes('key', key, KEY_BYTES)
      expectBytes('nonce', nonce, nonceBytes)
      expectBytes('plaintext', plaintext)
      expectBytes('aad', aad)
      const target = outputFor(out, plaintext.length + TAG_BYTES)
      const core = start(key, nonce, aad)
      transform(core, readable(core, plaintext, target), target, core.wasm.aeadEncrypt)
      checkStatus(core.wasm.aeadTag(core.result))
      copyOut(core, core.result, TAG_BYTES, target, plaintext.length)
      wipeWindow(core, Math.max(plaintext.length, aad.length))
      return target
    },

    open(key, nonce, ciphertext, aad = EMPTY, out) {
      expectBytes('key', key, KEY_BYTES)
      expectBytes('nonce', nonce, nonceBytes)
      expectBytes('ciphertext', ciphertext)
      expectBytes('aad', aad)
      // Shorter than a tag: nothing that anybody sealed. Two is NOT_AUTHENTIC.
      if (ciphertext.length < TAG_BYTES) checkStatus(2)
      const textBytes = ciphertext.length - TAG_BYTES
      const target = outputFor(out, textBytes)
      const core = start(key, nonce, aad)
      const text = readable(core, unshared(ciphertext), target).subarray(0, textBytes)
      core.memory.set(ciphertext.subarray(textBytes), core.result)
      stream(core, text, core.wasm.aeadAuthenticate)
      const status = core.wasm.aeadVerify(core.result)
      if (status === 0) transform(core, text, target, core.wasm.aeadDecrypt)
      core.wasm.aeadEnd()
      wipeWindow(core, Math.max(textBytes, aad.length))
      checkStatus(status)
      return target
    },
  }
}

/** Passes `input` through the window and what `work` makes of it into `target`. */
function transform(
  core: Core,
  input: Uint8Array,
  target: Uint8Array,
  work: (data: number, length: number) => number,
): void {
  let at = 0
  stream(core, input, (data, length) => {
    checkStatus(work(data, length))
    copyOut(core, data, length, target, at)
    at += length
  })
}

/** Returns `input`, or a copy where writing the first chunks of `target` would overwrite later ones of `input`. */
function readable(core: Core, input: Uint8Array, target: Uint8Array): Uint8Array {
  const ahead = target.byteOffset - input.byteOffset
  const clobbers = target.buffer === input.buffer && ahead > 0 && ahead < input.length
  return clobbers && input.length > core.chunkBytes ? copyOf(input) : input
}
