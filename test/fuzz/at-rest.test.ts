import { test } from 'vitest'
import { passphraseTarget, sealedKeysTarget } from './keys.ts'
import { fuzz } from './random.ts'

/** Records of private keys that were changed: the keys that were sealed, or a `DidCommError` without a word of them. */

const seed = process.env['SEED'] ?? 'keys 1'

test('a record that was changed opens to what was sealed, or not at all', async () => {
  await fuzz(sealedKeysTarget(), seed, 500)
})

test('a passphrase or a record that was changed opens nothing, and costs no more than is allowed', async () => {
  await fuzz(await passphraseTarget(), seed, 120)
})
