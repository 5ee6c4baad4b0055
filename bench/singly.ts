import type { Implementation, Input, Work } from './implementation.ts'
import { workOf } from './input.ts'
import { batchSize } from './operations.ts'

/** Whose single verification batches are compared with. The slowest would take half a second for a turn. */
const compared: readonly string[] = ['node:crypto', 'libsodium-wrappers', 'sodium-native', '@noble']

/** Gives them the row of a batch too: they verify as many signatures, one by one, in turns with those who do it at once. */
export function withSingleVerification(implementations: readonly Implementation[]): Implementation[] {
  return implementations.map((implementation) => {
    const { name, makers } = implementation
    const verify = makers['ed25519-verify']
    if (!verify || !compared.includes(name)) return implementation
    const batch = async (input: Input): Promise<Work> => {
      const works: Work[] = []
      for (let i = 0; i < batchSize; i++) works.push(workOf(await verify(input.other(i))))
      const call = (): unknown => {
        let last: unknown
        for (const work of works) last = work.call()
        return last
      }
      const value = works.at(-1)?.value
      return value ? { call, value } : { call }
    }
    return { ...implementation, makers: { ...makers, 'ed25519-verify-batch': batch } }
  })
}
