import { instantiateCore } from 'didcomm-mote/crypto'
import type { Makers, Work } from './implementation.ts'
import type { ModuleSize } from './result.ts'

/** The part of the host's `WebAssembly` that is used here: the type declarations of hosts differ in the rest. */
declare const WebAssembly: {
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => boolean
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object) => { readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } } }
}

/** An empty custom section, but for a number: V8 keeps compiled modules by their bytes, so each one must have other bytes. */
function unlikeBefore(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const section = Uint8Array.of(0, 6, 1, 98, 0, 0, 0, 0)
  new DataView(section.buffer).setUint32(4, ++copies)
  const bytes = new Uint8Array(wasm.length + section.length)
  bytes.set(wasm)
  bytes.set(section, wasm.length)
  return bytes
}

let copies = 0

const once = (call: () => unknown, value?: Work['value']): Work => ({ call, once: true, ...(value && { value }) })
const always = (): boolean => true

/** Whether this host runs a module: those with SIMD do not run everywhere. */
export const isSupported = (wasm: Uint8Array): boolean => WebAssembly.validate(Uint8Array.from(wasm))

/** How long it takes from bytes to the first result. Each row contains the one before it. */
export function startupMakers(wasm: Uint8Array): Makers {
  return {
    'startup-compile': () => once(() => new WebAssembly.Module(unlikeBefore(wasm)), always),
    'startup-instantiate': () => once(() => instantiateCore(unlikeBefore(wasm)), always),
    'startup-first-call': (input) =>
      once(() => instantiateCore(unlikeBefore(wasm)).x25519.getPublicKey(input.secretKey)),
  }
}

const pageBytes = 65_536

/** Weighs a module. `gzip` is given, since hosts differ in it. */
export function moduleSize(
  name: string,
  wasm: Uint8Array,
  gzip: (bytes: Uint8Array) => { length: number },
): ModuleSize {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(wasm)))
  const memoryBytes = exports.memory.buffer.byteLength
  return {
    name,
    rawBytes: wasm.length,
    gzipBytes: gzip(wasm).length,
    pages: memoryBytes / pageBytes,
    memoryBytes,
  }
}
