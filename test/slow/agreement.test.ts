import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type Crypto, instantiateCore } from '../../runtime/crypto/index.ts'
import { coreBuilds } from '../../tools/core-builds.ts'
import { agreements, type Counts, firstDisagreement } from '../crypto/agreements.ts'

const cores: Readonly<Record<string, Crypto>> = Object.fromEntries(
  coreBuilds.map(({ name, wasmFile }) => [name, instantiateCore(readFileSync(wasmFile))]),
)

/** All of node:crypto, and of noble but for its curves; fewer of what takes milliseconds. */
const counts: Counts = { cases: 100_000, slow: 10_000, costly: { slow: 2000, node: 100_000, noble: 2000 } }

// Another at each run: what it draws here nobody drew before. A failure says it, and `SEED` draws the same again.
const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))

it.each(agreements)(
  `on 100,000 random inputs from seed ${seed} every build agrees with the others about $name`,
  (agreement) => {
    expect(firstDisagreement(agreement, cores, seed, counts)).toBeUndefined()
  },
)
