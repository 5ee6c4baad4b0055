import { copyOf, EMPTY, expectBytes, expectBytesBetween, outputFor, unshared } from './arguments.ts'
import { type Core, checkStatus, copyOut, type LoadCore, stream, wipeWindow } from './core.ts'
import type { Aead, Crypto } from './crypto.ts'

type AesPart = Pick<
  Crypto,
  | 'a256cbcHs512'
  | 'a256gcm'
  | 'aes128gcm'
  | 'aesCcm16_64_128'
  | 'aesCcm16_128_128'
  | 'aesCcm16_64_256'
  | 'aesCcm16_128_256'
  | 'a256kw'
>

/** What tells one cipher from another. */
interface Cipher {
  readonly keyBytes: number
  readonly nonceBytes: number
  readonly tagBytes: number
  /** Present where the text is padded to a multiple of so many bytes, with 1 to as many (RFC 5652 §6.3). */
  readonly blockBytes?: number
  readonly maxTextBytes?: number
  init(core: Core, aadBytes: number, textBytes: number): number
}

const NOT_AUTHENTIC = 2
/** A length in the core has 32 bits. */
const MAX_AAD_BYTES = 0xffff_ffff

/** Makes the ciphers and the key wrapping over AES. */
export function aesOver(load: LoadCore): AesPart {
  return {
    a256cbcHs512: aead(load, {
      keyBytes: 64,
      nonceBytes: 16,
      tagBytes: 32,
      blockBytes: 16,
      init: ({ wasm, key, input }) => wasm.aesCbcHs512Init(key, input),
    }),
    a256gcm: gcm(load, 32),
    aes128gcm: gcm(load, 16),
    aesCcm16_64_128: ccm(load, 8, 16),
    aesCcm16_128_128: ccm(load, 16, 16),
    aesCcm16_64_256: ccm(load, 8, 32),
    aesCcm16_128_256: ccm(load, 16, 32),
    a256kw: keyWrap(load),
  }
}

function gcm(load: LoadCore, keyBytes: number): Aead {
  return aead(load, {
    keyBytes,
    nonceBytes: 12,
    tagBytes: 16,
    init: ({ wasm, key, input }) => wasm.aesGcmInit(key, keyBytes, input),
  })
}

function ccm(load: LoadCore, tagBytes: number, keyBytes: number): Aead {
  return aead(load, {
    keyBytes,
    nonceBytes: 13,
    tagBytes,
    maxTextBytes: 0xffff,
    init: ({ wasm, key, input }, aadBytes, textBytes) =>
      wasm.aesCcmInit(key, keyBytes, input, tagBytes, aadBytes, textBytes),
  })
}

function aead(load: LoadCore, cipher: Cipher): Aead {
  const { keyBytes, nonceBytes, tagBytes, blockBytes = 0, maxTextBytes = Infinity } = cipher

  function start(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, textBytes: number): Core {
    const core = load()
    core.memory.set(key, core.key)
    core.memory.set(nonce, core.input)
    checkStatus(cipher.init(core, aad.length, textBytes))
    stream(core, aad, core.wasm.aesAad)
    return core
  }

  return {
    keyBytes,
    nonceBytes,
    tagBytes,

    seal(key, nonce, plaintext, aad = EMPTY, out) {
      expectBytes('key', key, keyBytes)
      expectBytes('nonce', nonce, nonceBytes)
      expectBytesBetween('plaintext', plaintext, 0, maxTextBytes)
      expectBytesBetween('aad', aad, 0, MAX_AAD_BYTES)
      const textBytes = plaintext.length + (blockBytes && blockBytes - (plaintext.length % blockBytes))
      const target = outputFor(out, textBytes + tagBytes)
      const core = start(key, nonce, aad, textBytes)
      encrypt(core, readable(core, plaintext, target), textBytes, target)
      checkStatus(core.wasm.aesTag(core.result))
      copyOut(core, core.result, tagBytes, target, textBytes)
      wipeWindow(core, Math.max(textBytes, aad.length))
      return target
    },

    open(key, nonce, ciphertext, aad = EMPTY, out) {
      expectBytes('key', key, keyBytes)
      expectBytes('nonce', nonce, nonceBytes)
      expectBytes('ciphertext', ciphertext)
      expectBytesBetween('aad', aad, 0, MAX_AAD_BYTES)
      const textBytes = ciphertext.length - tagBytes
      // Of a length that nothing has that anybody sealed.
      const impossible = textBytes < blockBytes || textBytes > maxTextBytes || (blockBytes && textBytes % blockBytes)
      if (impossible) checkStatus(NOT_AUTHENTIC)
      if (out !== undefined) outputFor(out, textBytes - blockBytes)
      const core = start(key, nonce, aad, textBytes)
      const text = readable(core, unshared(ciphertext), out).subarray(0, textBytes)
      core.memory.set(ciphertext.subarray(textBytes), core.result)
      stream(core, text, core.wasm.aesAuthenticate)
      try {
        checkStatus(core.wasm.aesVerify(core.result))
        const target = outputFor(out, textBytes - core.wasm.aesPadding())
        decrypt(core, text, target)
        return target
      } finally {
        core.wasm.aesEnd()
        wipeWindow(core, Math.max(textBytes, aad.length))
      }
    },
  }
}

/** Passes `plaintext`, padded to `textBytes`, through the window and into `target`. */
function encrypt(core: Core, plaintext: Uint8Array, textBytes: number, target: Uint8Array): void {
  const { memory, data, chunkBytes, wasm } = core
  for (let at = 0; at < textBytes; at += chunkBytes) {
    const part = plaintext.length <= chunkBytes && at === 0 ? plaintext : plaintext.subarray(at, at + chunkBytes)
    const length = Math.min(chunkBytes, textBytes - at)
    memory.set(part, data)
    if (part.length < length) memory.fill(textBytes - plaintext.length, data + part.length, data + length)
    checkStatus(wasm.aesEncrypt(data, length))
    copyOut(core, data, length, target, at)
  }
}

/** Passes `text` through the window and as much as has room, all but the padding, into `target`. */
function decrypt(core: Core, text: Uint8Array, target: Uint8Array): void {
  let at = 0
  stream(core, text, (data, length) => {
    checkStatus(core.wasm.aesDecrypt(data, length))
    copyOut(core, data, Math.min(length, target.length - at), target, at)
    at += length
  })
}

/** Returns `input`, or a copy where writing the first chunks to `out` would overwrite later ones of `input`. */
function readable(core: Core, input: Uint8Array, out: Uint8Array | undefined): Uint8Array {
  if (out === undefined || out.buffer !== input.buffer || input.length <= core.chunkBytes) return input
  const ahead = out.byteOffset - input.byteOffset
  return ahead > 0 && ahead < input.length ? copyOf(input) : input
}

const MIN_WRAPPED_BYTES = 16
/** A key is in the window as a whole. */
const MAX_WRAPPED_BYTES = 16_384
/** What wrapping adds, in front. */
const ADDED_BYTES = 8

function canBeWrapped(lengthBytes: number): boolean {
  return lengthBytes >= MIN_WRAPPED_BYTES && lengthBytes <= MAX_WRAPPED_BYTES && lengthBytes % 8 === 0
}

function keyWrap(load: LoadCore): Crypto['a256kw'] {
  return {
    keyBytes: 32,

    wrapKey(kek, key, out) {
      expectBytes('kek', kek, 32)
      expectBytes('key', key)
      if (!canBeWrapped(key.length)) {
        const wanted = `a multiple of 8 bytes, ${MIN_WRAPPED_BYTES}..${MAX_WRAPPED_BYTES}`
        throw new RangeError(`"key" expected Uint8Array of ${wanted}, got length=${key.length}`)
      }
      const wrapped = outputFor(out, key.length + ADDED_BYTES)
      const core = load()
      core.memory.set(kek, core.key)
      core.memory.set(key, core.data + ADDED_BYTES)
      checkStatus(core.wasm.aesKeyWrap(core.key, core.data, key.length))
      copyOut(core, core.data, wrapped.length, wrapped)
      wipeWindow(core, wrapped.length)
      return wrapped
    },

    unwrapKey(kek, wrapped, out) {
      expectBytes('kek', kek, 32)
      expectBytes('wrapped', wrapped)
      const keyBytes = wrapped.length - ADDED_BYTES
      if (!canBeWrapped(keyBytes)) checkStatus(NOT_AUTHENTIC)
      const key = outputFor(out, keyBytes)
      const core = load()
      core.memory.set(kek, core.key)
      core.memory.set(wrapped, core.data)
      const status = core.wasm.aesKeyUnwrap(core.key, core.data, keyBytes)
      if (status === 0) copyOut(core, core.data + ADDED_BYTES, keyBytes, key)
      wipeWindow(core, wrapped.length)
      checkStatus(status)
      return key
    },
  }
}
