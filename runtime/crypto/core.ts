import { decodeBase64 } from '../bytes/index.ts'
import { DidCommError } from '../errors.ts'
import { chooseCore } from './core-choice.ts'

// The WebAssembly core and its window: the part of its memory through which all bytes go in and out. With its neighbours
// aead.ts, aes.ts, curve25519.ts and hash.ts this is the only code that sees addresses. A call of theirs runs from its first copy in
// to the wipe at its end without a break, because it is synchronous: that is what makes one static memory enough.

/** The part of the host's `WebAssembly` that is used here: the type declarations of hosts differ in the rest. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** Encrypts `textBytes` in place, and writes the tag behind them. */
export type SealInWindow = (
  key: number,
  nonce: number,
  aad: number,
  aadBytes: number,
  text: number,
  textBytes: number,
) => void

/** Checks the tag behind `textBytes` and decrypts them in place; wipes them and returns a status where it is wrong. */
export type OpenInWindow = (...args: Parameters<SealInWindow>) => number

/** What `assembly/index.ts` exports. */
export interface CoreExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  io(): number
  x25519(out: number, secret: number, publicKey: number): number
  x25519Public(out: number, secret: number): void
  ed25519Public(out: number, seed: number): void
  ed25519Expand(out: number, seed: number): void
  ed25519SignBegin(expandedKey: number): void
  ed25519Update(data: number, length: number): void
  ed25519SignCommit(): void
  ed25519SignEnd(out: number): void
  ed25519VerifyBegin(signature: number, publicKey: number): number
  ed25519VerifyEnd(): number
  ed25519BatchBegin(memory: number, bytes: number): number
  ed25519BatchItem(signature: number, publicKey: number): number
  ed25519BatchItemEnd(): void
  ed25519BatchEnd(results: number): number
  ed25519PublicToX25519(out: number, publicKey: number): number
  ed25519SecretToX25519(out: number, seed: number): void
  wipe(at: number, length: number): void
  chacha20Poly1305Seal: SealInWindow
  chacha20Poly1305Open: OpenInWindow
  xchacha20Poly1305Seal: SealInWindow
  xchacha20Poly1305Open: OpenInWindow
  chacha20Poly1305Init(key: number, nonce: number): void
  xchacha20Poly1305Init(key: number, nonce: number): void
  aeadAad(data: number, length: number): number
  aeadEncrypt(data: number, length: number): number
  aeadTag(out: number): number
  aeadAuthenticate(data: number, length: number): number
  aeadVerify(tag: number): number
  aeadDecrypt(data: number, length: number): number
  aeadEnd(): void
  aesGcmInit(key: number, keyBytes: number, nonce: number): number
  aesCcmInit(
    key: number,
    keyBytes: number,
    nonce: number,
    tagBytes: number,
    aadBytes: number,
    textBytes: number,
  ): number
  aesCbcHs512Init(key: number, nonce: number): number
  aesAad(data: number, length: number): number
  aesEncrypt(data: number, length: number): number
  aesTag(out: number): number
  aesAuthenticate(data: number, length: number): number
  aesVerify(tag: number): number
  aesPadding(): number
  aesDecrypt(data: number, length: number): number
  aesEnd(): void
  aesKeyWrap(kek: number, data: number, length: number): number
  aesKeyUnwrap(kek: number, data: number, length: number): number
  sha256(data: number, length: number, out: number): void
  sha256Init(): void
  sha256Update(data: number, length: number): void
  sha256Final(out: number): void
  sha512(data: number, length: number, out: number): void
  sha512Init(): void
  sha512Update(data: number, length: number): void
  sha512Final(out: number): void
  hmacSha256(key: number, keyBytes: number, data: number, length: number, out: number): void
  hmacSha256Init(key: number, length: number): void
  hmacSha256Update(data: number, length: number): void
  hmacSha256Final(out: number): void
  hmacSha512(key: number, keyBytes: number, data: number, length: number, out: number): void
  hmacSha512Init(key: number, length: number): void
  hmacSha512Update(data: number, length: number): void
  hmacSha512Final(out: number): void
  hkdfSha256Expand(
    prk: number,
    prkBytes: number,
    info: number,
    infoBytes: number,
    out: number,
    outBytes: number,
  ): number
  concatKdfSha256(
    secret: number,
    secretBytes: number,
    otherInfo: number,
    otherInfoBytes: number,
    out: number,
    outBytes: number,
  ): number
}

/** An instance of the core, with the addresses of the slots in its window. All are multiples of 16. */
export interface Core {
  readonly wasm: CoreExports
  /** All of the memory. It is fixed, so this view never detaches. */
  readonly memory: Uint8Array
  /** Where the window begins, with a slot of 64 bytes for a key. */
  readonly key: number
  /** A slot of 64 bytes for a second short input. */
  readonly input: number
  /** A slot of 64 bytes for a short output. */
  readonly result: number
  /** The first 32 bytes and all 64 of that slot. */
  readonly result32: Uint8Array
  readonly result64: Uint8Array
  /** Where `chunkBytes` of data have room. */
  readonly data: number
  /** A multiple of 128, the longest block of any algorithm here. */
  readonly chunkBytes: number
  /** Where the room for data ends. */
  readonly end: number
  /** Views of the first bytes of the data, by their length, as `firstBytes` makes them. */
  readonly views: (Uint8Array | undefined)[]
}

/** Returns the core; instantiates it at the first call. */
export type LoadCore = () => Core

const HEADER_BYTES = 192
/** More at once gains nothing, and this much stays in a processor's cache. */
const MAX_CHUNK_BYTES = 65_536

/** Views up to this length are kept: making one costs more than the copy that it is for. */
const MAX_KEPT_VIEW_BYTES = 512

/** Instantiates the core. */
export function loadCore(wasmBytes: Uint8Array): Core {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(wasmBytes)))
  const wasm = instance.exports as CoreExports
  if (typeof wasm.io !== 'function' || typeof wasm.x25519 !== 'function') {
    throw new TypeError('"wasmBytes" expected the core of this package')
  }
  const memory = new Uint8Array(wasm.memory.buffer)
  const key = wasm.io()
  const result = key + 128
  const data = key + HEADER_BYTES
  const room = memory.length - data
  const chunkBytes = Math.min(MAX_CHUNK_BYTES, room - (room % 128))
  return {
    wasm,
    memory,
    key,
    input: key + 64,
    result,
    result32: memory.subarray(result, result + 32),
    result64: memory.subarray(result, result + 64),
    data,
    chunkBytes,
    end: data + chunkBytes,
    views: new Array<Uint8Array | undefined>(MAX_KEPT_VIEW_BYTES + 1).fill(undefined),
  }
}

/** Returns a function that instantiates the build of the core that suits this host once, when it is first called. */
export function lazyCore(): LoadCore {
  let core: Core | undefined
  return () => {
    core ??= loadCore(decodeBase64(chooseCore()))
    return core
  }
}

/**
 * Hands `message` to `update` in chunks that fit the window. All but the last are whole blocks.
 *
 * @param chunkBytes a multiple of 128, where part of the window is in use
 */
export function stream(
  core: Core,
  message: Uint8Array,
  update: (data: number, length: number) => void,
  chunkBytes: number = core.chunkBytes,
): void {
  for (let at = 0; at < message.length; at += chunkBytes) {
    const part = message.length <= chunkBytes ? message : message.subarray(at, at + chunkBytes)
    core.memory.set(part, core.data)
    update(core.data, part.length)
  }
}

/** Returns the first `length` bytes of the data, as a view that the next call of the core changes. */
export function firstBytes(core: Core, length: number): Uint8Array {
  const kept = core.views[length]
  if (kept !== undefined) return kept
  const view = core.memory.subarray(core.data, core.data + length)
  if (length <= MAX_KEPT_VIEW_BYTES) core.views[length] = view
  return view
}

/** Returns the first place that the core takes as an address behind so many bytes of data. */
export function placeBehind(core: Core, lengthBytes: number): number {
  return core.data + ((lengthBytes + 15) & ~15)
}

/** Copies `length` bytes from the core to `out`, from `at` on. */
export function copyOut(core: Core, from: number, length: number, out: Uint8Array, at = 0): void {
  if (from === core.result && length === 32) out.set(core.result32, at)
  else if (from === core.result && length === 64) out.set(core.result64, at)
  else out.set(core.memory.subarray(from, from + length), at)
}

/** Wipes the slots of the window and the first `dataBytes` of its data. */
export function wipeWindow(core: Core, dataBytes: number): void {
  wipeUpTo(core, core.data + Math.min(dataBytes, core.chunkBytes))
}

/** Wipes the window up to an address. */
export function wipeUpTo(core: Core, end: number): void {
  core.wasm.wipe(core.key, (end - core.key + 15) & ~15)
}

/** Throws what a status of the core other than `OK` means (assembly/status.ts). */
export function checkStatus(status: number): void {
  if (status === 0) return
  if (status === 1) throw new DidCommError('ERR_KEY_INVALID', 'the public key is not one of an honest party')
  if (status === 2) throw new DidCommError('ERR_CRYPTO_TAG', 'the authentication tag does not match')
  throw new RangeError('the core refused the call: too long, or out of order')
}
