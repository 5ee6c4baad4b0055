import { test } from 'vitest'
import { fragmentingTarget, reassemblyTarget } from './fragments.ts'
import { fuzz } from './random.ts'

const seed = process.env['SEED'] ?? 'fragments 1'

test('fragments that were changed make what was sent, or fail with a DidCommError, in bounded memory', async () => {
  await fuzz(reassemblyTarget(), seed, 1_000)
})

test('each packet of strangers has its receipt in the end, and the next message arrives', async () => {
  await fuzz(fragmentingTarget(), seed, 300)
})
