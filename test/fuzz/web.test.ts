import { test } from 'vitest'
import { fuzz } from './random.ts'
import { didWebTarget, webvhTarget } from './web.ts'

/** Documents and logs from web servers that say anything: a document of the DID, or a `DidCommError`. */

const seed = process.env['SEED'] ?? 'web 1'

test('a did:web has a document of its own, or fails with a DidCommError', async () => {
  await fuzz(didWebTarget(), seed, 800)
})

test('a did:webvh has a state that its owner signed, or fails with a DidCommError', async () => {
  await fuzz(webvhTarget(), seed, 400)
})
