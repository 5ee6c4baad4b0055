import { copyOf, EMPTY, expectBytes, outputFor, unshared } from './arguments.ts'
import {
  type Core,
  checkStatus,
  copyOut,
  firstBytes,
  type LoadCore,
  type OpenInWindow,
  placeBehind,
  type SealInWindow,
  stream,
  wipeUpTo,
  wipeWindow,
} from './core.ts'
import type { Aead, Crypto } from './crypto.ts'

const KEY_BYTES = 32
const TAG_BYTES = 16

/** The exports of the core for one cipher. */
interface Cipher {
  readonly nonceBytes: number
  seal(core: Core): SealInWindow
  open(core: Core): OpenInWindow
  init(core: Core): void
}

const chacha20poly1305: Cipher = {
  nonceBytes: 12,
  seal: ({ wasm }) => wasm.chacha20Poly1305Seal,
  open: ({ wasm }) => wasm.chacha20Poly1305Open,
  init: ({ wasm, key, input }) => wasm.chacha20Poly1305Init(key, input),
}

const xchacha20poly1305: Cipher = {
  nonceBytes: 24,
  seal: ({ wasm }) => wasm.xchacha20Poly1305Seal,
  open: ({ wasm }) => wasm.xchacha20Poly1305Open,
  init: ({ wasm, key, input }) => wasm.xchacha20Poly1305Init(key, input),
}

/** Makes the two ChaCha20-Poly1305 ciphers over a core. */
export function aeadsOver(load: LoadCore): Pick<Crypto, 'chacha20poly1305' | 'xchacha20poly1305'> {
  return {
    chacha20poly1305: aead(load, chacha20poly1305),
    xchacha20poly1305: aead(load, xchacha20poly1305),
  }
}

function aead(load: LoadCore, cipher: Cipher): Aead {
  const { nonceBytes } = cipher
  return {
    keyBytes: KEY_BYTES,
    nonceBytes,
    tagBytes: TAG_BYTES,

    seal(key, nonce, plaintext, aad = EMPTY, out) {
      expectBytes('key', key, KEY_BYTES)
      expectBytes('nonce', nonce, nonceBytes)
      expectBytes('plaintext', plaintext)
      expectBytes('aad', aad)
      const sealedBytes = plaintext.length + TAG_BYTES
      const target = outputFor(out, sealedBytes)
      const core = load()
      core.memory.set(key, core.key)
      core.memory.set(nonce, core.input)
      const aadAt = placeBehind(core, sealedBytes)
      if (aadAt + aad.length <= core.end) {
        core.memory.set(plaintext, core.data)
        if (aad.length > 0) core.memory.set(aad, aadAt)
        cipher.seal(core)(core.key, core.input, aadAt, aad.length, core.data, plaintext.length)
        target.set(firstBytes(core, sealedBytes))
        wipeUpTo(core, aadAt + aad.length)
      } else {
        sealStream(core, cipher, plaintext, aad, target)
      }
      return target
    },

    open(key, nonce, ciphertext, aad = EMPTY, out) {
      expectBytes('key', key, KEY_BYTES)
      expectBytes('nonce', nonce, nonceBytes)
      expectBytes('ciphertext', ciphertext)
      expectBytes('aad', aad)
      const textBytes = ciphertext.length - TAG_BYTES
      // Nothing that anybody sealed. Two is NOT_AUTHENTIC.
      if (textBytes < 0) checkStatus(2)
      const target = outputFor(out, textBytes)
      const core = load()
      core.memory.set(key, core.key)
      core.memory.set(nonce, core.input)
      const aadAt = placeBehind(core, ciphertext.length)
      let status: number
      if (aadAt + aad.length <= core.end) {
        core.memory.set(ciphertext, core.data)
        if (aad.length > 0) core.memory.set(aad, aadAt)
        status = cipher.open(core)(core.key, core.input, aadAt, aad.length, core.data, textBytes)
        if (status === 0) target.set(firstBytes(core, textBytes))
        wipeUpTo(core, aadAt + aad.length)
      } else {
        status = openStream(core, cipher, unshared(ciphertext), aad, target)
      }
      checkStatus(status)
      return target
    },
  }
}

/** Seals what is too long for the window in one pass. The key and the nonce are there. */
function sealStream(core: Core, cipher: Cipher, plaintext: Uint8Array, aad: Uint8Array, target: Uint8Array): void {
  cipher.init(core)
  stream(core, aad, core.wasm.aeadAad)
  transform(core, readable(core, plaintext, target), target, core.wasm.aeadEncrypt)
  checkStatus(core.wasm.aeadTag(core.result))
  copyOut(core, core.result, TAG_BYTES, target, plaintext.length)
  wipeWindow(core, Math.max(plaintext.length, aad.length))
}

/** Opens what is too long for the window in two passes: nothing is decrypted before all of it is authenticated. */
function openStream(core: Core, cipher: Cipher, ciphertext: Uint8Array, aad: Uint8Array, target: Uint8Array): number {
  const textBytes = ciphertext.length - TAG_BYTES
  cipher.init(core)
  stream(core, aad, core.wasm.aeadAad)
  const text = readable(core, ciphertext, target).subarray(0, textBytes)
  core.memory.set(ciphertext.subarray(textBytes), core.result)
  stream(core, text, core.wasm.aeadAuthenticate)
  const status = core.wasm.aeadVerify(core.result)
  if (status === 0) transform(core, text, target, core.wasm.aeadDecrypt)
  core.wasm.aeadEnd()
  wipeWindow(core, Math.max(textBytes, aad.length))
  return status
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
