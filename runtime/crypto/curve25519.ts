import { DidCommError } from '../errors.ts'
import { expectBytes, outputFor, unshared } from './arguments.ts'
import { type Core, checkStatus, copyOut, type LoadCore, stream, wipeWindow } from './core.ts'
import type { Crypto } from './crypto.ts'
import { verifyBatch } from './ed25519-batch.ts'

/** It takes two slots of the window (assembly/ed25519.ts). */
const EXPANDED_KEY_BYTES = 96

/** Makes X25519 and Ed25519 over a core. */
export function curve25519Over(load: LoadCore): Pick<Crypto, 'x25519' | 'ed25519'> {
  /** Computes 32 bytes from a secret key. */
  function fromSecret(
    secretKey: Uint8Array,
    out: Uint8Array | undefined,
    work: (core: Core) => (out: number, secret: number) => void,
  ): Uint8Array {
    expectBytes('secretKey', secretKey, 32)
    const target = outputFor(out, 32)
    const core = load()
    core.memory.set(secretKey, core.key)
    work(core)(core.result, core.key)
    copyOut(core, core.result, target.length, target)
    wipeWindow(core, 0)
    return target
  }

  return {
    x25519: {
      getPublicKey: (secretKey, out) => fromSecret(secretKey, out, (core) => core.wasm.x25519Public),

      getSharedSecret(secretKey, publicKey, out) {
        expectBytes('secretKey', secretKey, 32)
        expectPublicKey(publicKey)
        const target = outputFor(out, 32)
        const core = load()
        core.memory.set(secretKey, core.key)
        core.memory.set(publicKey, core.input)
        const status = core.wasm.x25519(core.result, core.key, core.input)
        if (status === 0) copyOut(core, core.result, target.length, target)
        wipeWindow(core, 0)
        checkStatus(status)
        return target
      },
    },

    ed25519: {
      getPublicKey: (secretKey, out) => fromSecret(secretKey, out, (core) => core.wasm.ed25519Public),

      sign(message, secretKey, out) {
        expectBytes('message', message)
        expectBytes('secretKey', secretKey, 32)
        const target = outputFor(out, 64)
        const core = load()
        core.memory.set(secretKey, core.key)
        core.wasm.ed25519Expand(core.key, core.key)
        signWith(core, message, target)
        return target
      },

      signingKey(secretKey) {
        expectBytes('secretKey', secretKey, 32)
        const core = load()
        core.memory.set(secretKey, core.key)
        core.wasm.ed25519Expand(core.key, core.key)
        const expanded = core.memory.slice(core.key, core.key + EXPANDED_KEY_BYTES)
        wipeWindow(core, 0)
        return {
          publicKey: expanded.slice(64),
          sign(message, out) {
            expectBytes('message', message)
            const target = outputFor(out, 64)
            core.memory.set(expanded, core.key)
            signWith(core, message, target)
            return target
          },
        }
      },

      verify(signature, message, publicKey) {
        expectBytes('signature', signature)
        expectBytes('message', message)
        expectBytes('publicKey', publicKey)
        if (signature.length !== 64 || publicKey.length !== 32) return false
        const core = load()
        core.memory.set(signature, core.key)
        core.memory.set(publicKey, core.input)
        if (core.wasm.ed25519VerifyBegin(core.key, core.input) !== 0) return false
        stream(core, message, core.wasm.ed25519Update)
        const status = core.wasm.ed25519VerifyEnd()
        wipeWindow(core, message.length)
        return status === 0
      },

      verifyBatch: (items) => verifyBatch(load, items),

      toX25519PublicKey(publicKey, out) {
        expectPublicKey(publicKey)
        const target = outputFor(out, 32)
        const core = load()
        core.memory.set(publicKey, core.input)
        checkStatus(core.wasm.ed25519PublicToX25519(core.result, core.input))
        copyOut(core, core.result, target.length, target)
        return target
      },

      toX25519SecretKey: (secretKey, out) => fromSecret(secretKey, out, (core) => core.wasm.ed25519SecretToX25519),
    },
  }
}

/** Signs with the expanded key that is in the window. */
function signWith(core: Core, message: Uint8Array, target: Uint8Array): void {
  const bytes = unshared(message)
  core.wasm.ed25519SignBegin(core.key)
  stream(core, bytes, core.wasm.ed25519Update)
  core.wasm.ed25519SignCommit()
  // A message of one chunk is still in the window: the very bytes that R was made from.
  if (bytes.length <= core.chunkBytes) core.wasm.ed25519Update(core.data, bytes.length)
  else stream(core, bytes, core.wasm.ed25519Update)
  core.wasm.ed25519SignEnd(core.result)
  copyOut(core, core.result, target.length, target)
  wipeWindow(core, message.length)
}

/** A public key comes from outside: a wrong length is a bad key, not a mistake of the caller. */
function expectPublicKey(publicKey: Uint8Array): void {
  expectBytes('publicKey', publicKey)
  if (publicKey.length !== 32) {
    throw new DidCommError('ERR_KEY_INVALID', `the public key has ${publicKey.length} bytes instead of 32`)
  }
}
