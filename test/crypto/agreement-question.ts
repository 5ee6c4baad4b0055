// A question on which the core and its oracles must agree (agreements.ts).
import type { Crypto } from '../../runtime/crypto/crypto.ts'
import { DidCommError } from '../../runtime/errors.ts'
import type { randomFrom } from '../oracle/random.ts'
import { toHex } from './hex.ts'

export type Random = ReturnType<typeof randomFrom>
export type Oracle = 'slow' | 'node' | 'noble'

/** What is asked of each; answers are compared as texts. An oracle that cannot answer is left out, or answers the beginning. */
export interface Question {
  readonly core: (crypto: Crypto) => string
  readonly oracles: Readonly<Partial<Record<Oracle, () => string>>>
}

export interface Agreement {
  readonly name: string
  /** Oracles that take milliseconds for an answer. */
  readonly costly: readonly Oracle[]
  question(random: Random): Question
}

/** Around the blocks of the ciphers and hashes and their paddings, and around the steps at which kernels take over. */
const edges = [16, 32, 48, 56, 64, 80, 96, 112, 120, 128, 160, 192, 240, 256, 320, 384, 512, 576, 768, 1024]

/** A length: one around an edge as often as any below 300. */
export function lengthFrom({ below }: Random, longest = 1025): number {
  // Two edges, and the smaller: short ones are as many, and quicker.
  const edge = edges[Math.min(below(edges.length), below(edges.length))] ?? 0
  const length = below(2) === 0 ? below(300) : edge + below(3) - 1
  return Math.min(length, longest)
}

/** The answers joined, or the code of the error that was thrown. */
export function outcome(work: () => (Uint8Array | boolean)[]): string {
  try {
    return work()
      .map((part) => (typeof part === 'boolean' ? String(part) : toHex(part)))
      .join(' ')
  } catch (error) {
    if (error instanceof DidCommError) return error.code
    throw error
  }
}

/** One question to all that have the same interface. */
export function toAll<T>(
  work: (crypto: T) => (Uint8Array | boolean)[],
  oracles: Partial<Record<Oracle, T>>,
): Question['oracles'] {
  return Object.fromEntries(Object.entries(oracles).map(([name, crypto]) => [name, () => outcome(() => work(crypto))]))
}

export function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
}
