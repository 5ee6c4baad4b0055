import { test } from 'vitest'
import { attachmentTarget, fromPriorTarget, invitationTarget, problemTarget } from './parsers.ts'
import { fuzz } from './random.ts'

/** What messages carry, changed: it is read as what it is, or refused with a `DidCommError`. */

const seed = process.env['SEED'] ?? 'parsers 1'

test('a from_prior that was changed proves no other rotation [I2, I5]', async () => {
  await fuzz(await fromPriorTarget(), seed, 500)
})

test('attachments that were changed have the content that their hash says, and no other signer [D4]', async () => {
  await fuzz(await attachmentTarget(), seed, 250)
})

test('an invitation that was changed is read, or fails with a DidCommError [N1, N3]', async () => {
  await fuzz(invitationTarget(), seed, 500)
})

test('a problem report that was changed is a text, or none', async () => {
  await fuzz(problemTarget(), seed, 700)
})
