import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { agreements, type Counts, firstDisagreement } from '../crypto/agreements.ts'
import { allCores } from '../crypto/all-cores.ts'

/** All of node:crypto, and of noble but for its curves; fewer of what takes milliseconds. */
const counts: Counts = { cases: 100_000, slow: 10_000, costly: { slow: 2000, node: 100_000, noble: 2000 } }

// Another at each run: what it draws here nobody drew before. A failure says it, and `SEED` draws the same again.
const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))

it.each(agreements)(
  `on 100,000 random inputs from seed ${seed} every build agrees with the others about $name`,
  (agreement) => {
    expect(firstDisagreement(agreement, allCores, seed, counts)).toBeUndefined()
  },
)
