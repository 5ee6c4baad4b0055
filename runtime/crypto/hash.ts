import { EMPTY, expectBytes, expectBytesBetween, expectInteger, outputFor } from './arguments.ts'
import {
  type Core,
  checkStatus,
  copyOut,
  firstBytes,
  type LoadCore,
  placeBehind,
  stream,
  wipeUpTo,
  wipeWindow,
} from './core.ts'
import type { Crypto } from './crypto.ts'

type HashPart = Pick<Crypto, 'sha256' | 'sha512' | 'hmacSha256' | 'hmacSha512' | 'hkdfSha256' | 'concatKdfSha256'>

/** The most that HKDF with SHA-256 gives (RFC 5869 §2.3), and here the Concat KDF too. */
const MAX_DERIVED_BYTES = 8160
/** How long each input of a key derivation may be: both and the output are in the window at once. */
const MAX_DERIVATION_INPUT_BYTES = 16_384

/** Makes the hashes, MACs and key derivations over a core. */
export function hashesOver(load: LoadCore): HashPart {
  function sha256(message: Uint8Array, out?: Uint8Array): Uint8Array {
    expectBytes('message', message)
    const target = outputFor(out, 32)
    const core = load()
    if (fits(core, message)) {
      core.memory.set(message, core.data)
      core.wasm.sha256(core.data, message.length, core.result)
    } else {
      core.wasm.sha256Init()
      stream(core, message, core.wasm.sha256Update)
      core.wasm.sha256Final(core.result)
    }
    return finish(core, message.length, target)
  }

  function sha512(message: Uint8Array, out?: Uint8Array): Uint8Array {
    expectBytes('message', message)
    const target = outputFor(out, 64)
    const core = load()
    if (fits(core, message)) {
      core.memory.set(message, core.data)
      core.wasm.sha512(core.data, message.length, core.result)
    } else {
      core.wasm.sha512Init()
      stream(core, message, core.wasm.sha512Update)
      core.wasm.sha512Final(core.result)
    }
    return finish(core, message.length, target)
  }

  function hmacSha256(key: Uint8Array, message: Uint8Array, out?: Uint8Array): Uint8Array {
    expectBytes('key', key)
    expectBytes('message', message)
    const target = outputFor(out, 32)
    const core = load()
    // RFC 2104 §3 replaces a key longer than a block by its digest.
    const block = key.length > 64 ? sha256(key) : key
    core.memory.set(block, core.key)
    if (fits(core, message)) {
      core.memory.set(message, core.data)
      core.wasm.hmacSha256(core.key, block.length, core.data, message.length, core.result)
    } else {
      core.wasm.hmacSha256Init(core.key, block.length)
      stream(core, message, core.wasm.hmacSha256Update)
      core.wasm.hmacSha256Final(core.result)
    }
    if (block !== key) block.fill(0)
    return finish(core, message.length, target)
  }

  function hmacSha512(key: Uint8Array, message: Uint8Array, out?: Uint8Array): Uint8Array {
    expectBytes('key', key)
    expectBytes('message', message)
    const target = outputFor(out, 64)
    const core = load()
    // RFC 2104 §3 replaces a key longer than a block by its digest.
    const block = key.length > 128 ? sha512(key) : key
    core.memory.set(block, core.key)
    if (fits(core, message)) {
      core.memory.set(message, core.data)
      core.wasm.hmacSha512(core.key, block.length, core.data, message.length, core.result)
    } else {
      core.wasm.hmacSha512Init(core.key, block.length)
      stream(core, message, core.wasm.hmacSha512Update)
      core.wasm.hmacSha512Final(core.result)
    }
    if (block !== key) block.fill(0)
    return finish(core, message.length, target)
  }

  return {
    sha256,
    sha512,
    hmacSha256,
    hmacSha512,

    hkdfSha256: {
      extract(ikm: Uint8Array, salt: Uint8Array = EMPTY, out?: Uint8Array): Uint8Array {
        expectBytes('ikm', ikm)
        expectBytes('salt', salt)
        return hmacSha256(salt, ikm, out)
      },

      expand(prk: Uint8Array, info: Uint8Array, lengthBytes: number, out?: Uint8Array): Uint8Array {
        expectBytesBetween('prk', prk, 32, MAX_DERIVATION_INPUT_BYTES)
        expectBytesBetween('info', info, 0, MAX_DERIVATION_INPUT_BYTES)
        expectInteger('lengthBytes', lengthBytes, 0, MAX_DERIVED_BYTES)
        const core = load()
        return derive(core, prk, info, outputFor(out, lengthBytes), core.wasm.hkdfSha256Expand)
      },
    },

    concatKdfSha256(
      sharedSecret: Uint8Array,
      otherInfo: Uint8Array,
      lengthBytes: number,
      out?: Uint8Array,
    ): Uint8Array {
      expectBytesBetween('sharedSecret', sharedSecret, 0, MAX_DERIVATION_INPUT_BYTES)
      expectBytesBetween('otherInfo', otherInfo, 0, MAX_DERIVATION_INPUT_BYTES)
      expectInteger('lengthBytes', lengthBytes, 0, MAX_DERIVED_BYTES)
      const core = load()
      return derive(core, sharedSecret, otherInfo, outputFor(out, lengthBytes), core.wasm.concatKdfSha256)
    },
  }
}

/** Whether the message fits the window with its padding, of at most two blocks of SHA-512. */
function fits(core: Core, message: Uint8Array): boolean {
  return message.length <= core.chunkBytes - 256
}

function finish(core: Core, messageBytes: number, target: Uint8Array): Uint8Array {
  copyOut(core, core.result, target.length, target)
  wipeWindow(core, messageBytes)
  return target
}

type Derivation = (
  secret: number,
  secretBytes: number,
  info: number,
  infoBytes: number,
  out: number,
  outBytes: number,
) => number

function derive(core: Core, secret: Uint8Array, info: Uint8Array, out: Uint8Array, derivation: Derivation): Uint8Array {
  const lengthBytes = out.length
  const secretAt = placeBehind(core, lengthBytes)
  const infoAt = placeBehind(core, secretAt + secret.length - core.data)
  core.memory.set(secret, secretAt)
  core.memory.set(info, infoAt)
  const status = derivation(secretAt, secret.length, infoAt, info.length, core.data, lengthBytes)
  out.set(firstBytes(core, lengthBytes))
  wipeUpTo(core, infoAt + info.length)
  checkStatus(status)
  return out
}
