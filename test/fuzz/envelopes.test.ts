import { describe, expect, test } from 'vitest'
import { agentTarget, compactTarget, envelopeTargets, innerTarget } from './envelopes.ts'
import { fuzz } from './random.ts'
import { families } from './vectors.ts'

/** Vectors that are changed: nobody is ever said to have said what they did not, and nothing but a `DidCommError` is thrown. */

const seed = process.env['SEED'] ?? 'vectors 1'

describe.each(await families())('the vectors of $name, changed,', (family) => {
  test('prove something as they are', () => {
    expect(family.claims.size).toBeGreaterThan(3)
  })

  test.each(envelopeTargets(family))('$name: say what they said, or fail with a DidCommError [C4]', async (target) => {
    await fuzz(target, seed, 400)
  })

  test('inside of an anoncrypt: prove no other sender or recipient [C2, C3, C4]', async () => {
    await fuzz(innerTarget(family), seed, 300)
  })

  test('through an agent: are received as they were, or refused [C4]', async () => {
    await fuzz(agentTarget(family), seed, 300)
  })
})

test('the compact vectors, changed, say what they said, or fail with a DidCommError', async () => {
  await fuzz(compactTarget(), seed, 600)
})
