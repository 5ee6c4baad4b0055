import { expect } from 'vitest'
import { DidCommError } from '../../runtime/errors.ts'
import { randomFrom } from '../oracle/random.ts'

/** Numbers by chance that a seed gives again. */
export interface Random {
  below(bound: number): number
  bytes(length: number): Uint8Array
  /** One of `list`, which is not empty. */
  pick<T>(list: readonly T[]): T
}

/** A stream of its own for each text. */
export function randomOf(seed: string): Random {
  let hash = 0x811c9dc5
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193)
  const random = randomFrom(hash)
  return {
    ...random,
    pick: <T>(list: readonly T[]): T => list[random.below(list.length)] as T,
  }
}

/** Something that reads what comes from outside. */
export interface Target {
  readonly name: string
  /**
   * Makes one input by chance, has it read, and expects what has to hold of any. What it returns, or the `DidCommError` that it throws,
   * is how it ended.
   */
  readonly run: (random: Random) => string | Promise<string>
}

/** How `work` ended: as it says, or with the code of a `DidCommError`. Anything else that it throws goes on. */
export async function outcomeOf(work: () => string | Promise<string>): Promise<string> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DidCommError) return error.code
    throw error
  }
}

/**
 * Runs a target `rounds` times from `seed` and returns how often each end came. A failure names the seed of its round, which `randomOf` takes.
 */
export async function fuzz({ name, run }: Target, seed: string, rounds: number): Promise<ReadonlyMap<string, number>> {
  const outcomes = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    const own = `${seed} ${name} ${round}`
    try {
      const outcome = await outcomeOf(() => run(randomOf(own)))
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    } catch (cause) {
      throw new Error(`seed of the round: ${JSON.stringify(own)}: ${String(cause).slice(0, 2000)}`, { cause })
    }
  }
  // Where nothing was refused, nothing was tried.
  expect([...outcomes.keys()].filter((outcome) => outcome.startsWith('ERR_'))).not.toEqual([])
  return outcomes
}
