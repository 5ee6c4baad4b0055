import { expect, test } from 'vitest'
import { didTarget, documentTarget, heldTarget, secretTarget, vectorDids } from './dids.ts'
import { fuzz } from './random.ts'

/** DIDs, documents and keys of the vectors, changed: nobody speaks for another, and nothing but a `DidCommError` is thrown. */

const seed = process.env['SEED'] ?? 'dids 1'

test('a DID that was changed resolves to a document of its own, or fails with a DidCommError', async () => {
  expect(vectorDids.length).toBeGreaterThan(5)
  await fuzz(didTarget(), seed, 800)
})

test('a DID that holds any JSON at all resolves, or fails with a DidCommError', async () => {
  await fuzz(heldTarget(), seed, 500)
})

test('a document that was changed has keys of its own DID only, or fails with a DidCommError', async () => {
  await fuzz(documentTarget(), seed, 800)
})

test('a private key that was changed is whole, or refused without a word of it', async () => {
  await fuzz(secretTarget(), seed, 300)
})
