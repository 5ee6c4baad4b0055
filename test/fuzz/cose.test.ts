import { test } from 'vitest'
import { cborTarget, coseTarget } from './cose.ts'
import { fuzz } from './random.ts'

const seed = process.env['SEED'] ?? 'cose 1'

test('envelopes of didcomm/v2+cbor that were changed prove no other sender or recipient [C4]', async () => {
  await fuzz(await cborTarget(), seed, 600)
})

test('the COSE examples, changed, say what they said, or fail with a DidCommError', async () => {
  await fuzz(coseTarget(), seed, 1500)
})
