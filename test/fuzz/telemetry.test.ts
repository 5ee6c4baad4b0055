import { test } from 'vitest'
import { fuzz } from './random.ts'
import { compactPlaintextTarget, senmlTarget } from './telemetry.ts'

/** Readings that were changed: a pack or a message that is whole, or a `DidCommError`. */

const seed = process.env['SEED'] ?? 'telemetry 1'

test('SenML that was changed, in JSON or CBOR, is a pack that resolves, or fails with a DidCommError', async () => {
  await fuzz(senmlTarget(), seed, 600)
})

test('a compact plaintext that was changed is a message, or fails with a DidCommError', async () => {
  await fuzz(compactPlaintextTarget(), seed, 1000)
})
