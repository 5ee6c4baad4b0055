import type { Call, Comparable, Implementation, Input, Work } from './implementation.ts'

/** Bytes that look random and are the same in each run. */
export function fixedBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = (seed * 0x9e3779b1) | 1
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state
  }
  return bytes
}

/** RFC 7748 §6.1: the public key of Bob. */
const bob = Uint8Array.from(
  'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f'.match(/../g) ?? [],
  (hex) => Number.parseInt(hex, 16),
)

export const workOf = (made: Call | Work): Work => (typeof made === 'function' ? { call: made } : made)

/** Makes what a call returned into something to compare. */
export function comparable(value: unknown): Comparable {
  // A copy: an output that is used again will hold other bytes, and the copy of a Buffer is another view of it.
  if (value instanceof ArrayBuffer || value instanceof Uint8Array) return new Uint8Array(value)
  if (typeof value === 'boolean') return value
  throw new TypeError(`expected bytes or a boolean, got ${value === null ? 'null' : typeof value}`)
}

/** Makes the input of one size. What it gives comes from the first of `makers` that has the operation and is synchronous. */
export function inputOf(size: number, implementations: readonly Implementation[], index = 0): Input {
  const [message, keys, nonces] = [fixedBytes(size, 4 * index + 1), fixedBytes(64, 4 * index + 2), fixedBytes(24, 3)]
  const made = new Map<string, Uint8Array>()
  const input: Input = {
    size,
    message,
    secretKey: fixedBytes(32, 4 * index + 4),
    peerKey: bob,
    key: (bytes) => keys.subarray(0, bytes),
    nonce: (bytes) => nonces.subarray(0, bytes),
    given(op) {
      const value = made.get(op) ?? giveFirst(op, input, implementations)
      made.set(op, value)
      // A copy for each: one that writes to its input must not change what the others see.
      return value.slice()
    },
    other: (other) => inputOf(size, implementations, index + other + 1),
  }
  return input
}

function giveFirst(op: string, input: Input, implementations: readonly Implementation[]): Uint8Array {
  for (const { makers } of implementations) {
    const made = makers[op]?.(input)
    if (made === undefined || made instanceof Promise) continue
    const work = workOf(made)
    if (work.async) continue
    const returned = work.call()
    const value = work.value ? work.value(returned) : comparable(returned)
    if (value instanceof Uint8Array) return value
  }
  throw new Error(`nobody here can do ${op}, which another operation needs`)
}
