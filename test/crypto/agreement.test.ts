import { describe, expect, it } from 'vitest'
import { agreements, type Counts, firstDisagreement } from './agreements.ts'
import { allCores } from './all-cores.ts'

// Oracles are slower than the core by far: their answers are compared with those of every build at once, and so this file runs in
// one of the projects of vitest.config.ts.

/** noble's curves take milliseconds: it is asked about fewer. */
const counts: Counts = { cases: 1000, slow: 1000, costly: { slow: 1000, node: 1000, noble: 50 } }

describe('on random input every build of the core agrees with the slow twin, node:crypto and noble', () => {
  it.each(agreements.map((agreement, i) => ({ ...agreement, agreement, seed: i + 1 })))(
    'about $name, from seed $seed',
    { timeout: 60_000 },
    ({ agreement, seed }) => {
      expect(firstDisagreement(agreement, allCores, seed, counts)).toBeUndefined()
    },
  )

  it.each(agreements)('and would say where not: $name', (agreement) => {
    const wrong = firstDisagreement(
      { ...agreement, question: (random) => ({ ...agreement.question(random), core: () => '' }) },
      allCores,
      1,
      counts,
    )
    expect(wrong).toContain(`${agreement.name}, seed 1, case 0: base says , `)
  })
})
