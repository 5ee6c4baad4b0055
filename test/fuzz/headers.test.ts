import { expect, test } from 'vitest'
import { headerTarget } from './headers.ts'
import { fuzz } from './random.ts'

test('a message of a known sender that holds anything is taken or refused by an agent, and answered once at most', async () => {
  const outcomes = await fuzz(await headerTarget(), process.env['SEED'] ?? 'headers 1', 800)
  // Most of them get as far as a handler.
  expect(outcomes.get('accepted')).toBeGreaterThan(160)
})
