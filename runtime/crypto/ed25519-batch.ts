import { expectBytes } from './arguments.ts'
import { type Core, type LoadCore, stream } from './core.ts'
import type { SignedMessage } from './crypto.ts'

/** Of the window; the rest of it holds the batch. A multiple of 128. */
const MESSAGE_CHUNK_BYTES = 8192

/** `verifyBatch` of crypto.ts. */
export function verifyBatch(load: LoadCore, items: readonly SignedMessage[]): boolean[] {
  if (!Array.isArray(items)) throw new TypeError(`"items" expected Array, got type=${typeof items}`)
  for (const { signature, message, publicKey } of items) {
    expectBytes('signature', signature)
    expectBytes('message', message)
    expectBytes('publicKey', publicKey)
  }
  const verified = items.map(() => false)
  if (items.length === 0) return verified
  const core = load()
  const room = begin(core)
  // Groups of equal size: a last one of few would be slow.
  const group = Math.ceil(items.length / Math.ceil(items.length / room))
  for (let first = 0; first < items.length; first += group) {
    verifyGroup(core, items.slice(first, first + group), first, verified)
  }
  core.memory.fill(0, core.key, core.data + MESSAGE_CHUNK_BYTES)
  return verified
}

/** Starts a batch; returns for how many items there is room. */
function begin(core: Core): number {
  const at = core.data + MESSAGE_CHUNK_BYTES
  return core.wasm.ed25519BatchBegin(at, core.memory.length - at)
}

/** Verifies items that fit the window together, and says which verify in `verified` from `first` on. */
function verifyGroup(core: Core, items: readonly SignedMessage[], first: number, verified: boolean[]): void {
  begin(core)
  /** The places of the items whose encodings the core did not refuse. */
  const places: number[] = []
  items.forEach(({ signature, message, publicKey }, i) => {
    if (signature.length !== 64 || publicKey.length !== 32) return
    core.memory.set(signature, core.key)
    core.memory.set(publicKey, core.input)
    if (core.wasm.ed25519BatchItem(core.key, core.input) !== 0) return
    stream(core, message, core.wasm.ed25519Update, MESSAGE_CHUNK_BYTES)
    core.wasm.ed25519BatchItemEnd()
    places.push(first + i)
  })
  core.wasm.ed25519BatchEnd(core.key)
  places.forEach((place, i) => {
    verified[place] = core.memory[core.key + i] === 1
  })
}
