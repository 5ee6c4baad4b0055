import { expect } from 'vitest'
import { encodeCbor } from '../../runtime/bytes/index.ts'
import type { SecretKey } from '../../runtime/crypto/index.ts'
import { openKeysWithPassphrase, sealKeysWithPassphrase } from '../../runtime/crypto/passphrase.ts'
import { openKeys, sealKeys } from '../../runtime/crypto/sealed-keys.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { crypto, party, seededBytes } from '../envelope/world.ts'
import { changedCbor } from './cbor.ts'
import { changedText } from './mutate.ts'
import type { Target } from './random.ts'

/** Keys at rest: a record that was changed has the keys that were sealed, or none. */

const keys: readonly SecretKey[] = [
  ...party('did:example:a').keys,
  ...party('did:example:b', 1, { agreement: 'P-521', signing: 'secp256k1' }).keys,
]
const randomBytes = seededBytes('keys at rest')
const context = { crypto, randomBytes }
const hostKey = randomBytes(32)
const label = 'didcomm-mote keys 1'

/** A record of anything at all, under the right key. */
function recordOf(plaintext: Uint8Array): Uint8Array {
  const nonce = randomBytes(24)
  const ciphertext = crypto.xchacha20poly1305.seal(hostKey, nonce, plaintext, encodeCbor([label, null]))
  return encodeCbor([label, null, nonce, ciphertext])
}

/** What is said of a record that does not open tells nothing of the keys. */
function expectDiscreet(error: unknown): void {
  if (!isDidCommError(error)) throw error
  const text = `${error.message} ${String(error.cause ?? '')}`
  for (const { kid, secretKey } of keys) {
    expect(text).not.toContain(kid)
    expect(text).not.toContain(Buffer.from(secretKey).toString('hex').slice(0, 8))
  }
}

export function sealedKeysTarget(): Target {
  const records = [sealKeys(keys, hostKey, context), sealKeys([], hostKey, context)]
  const plaintext = encodeCbor(keys.map(({ kid, curve, secretKey }) => [kid, curve, secretKey]))
  const [record = plaintext, empty = plaintext] = records
  expect(openKeys(record, hostKey, crypto)).toEqual(keys)
  return {
    name: 'keys at rest',
    run(random) {
      const isInside = random.below(2) === 0
      const changed = isInside ? recordOf(changedCbor(plaintext, random)) : changedCbor(record, random, empty)
      const key = random.below(8) === 0 ? random.bytes(32) : hostKey
      try {
        const opened = openKeys(changed, key, crypto)
        for (const { kid, curve, secretKey } of opened) {
          expect([typeof kid, secretKey instanceof Uint8Array]).toEqual(['string', true])
          expect(['X25519', 'Ed25519', 'P-256', 'P-384', 'P-521', 'secp256k1']).toContain(curve)
        }
        if (!isInside && opened.length > 0) expect(opened).toEqual(keys)
        return 'opened'
      } catch (error) {
        expectDiscreet(error)
        throw error
      }
    },
  }
}

/** Passphrases, at the least that they may cost. */
export async function passphraseTarget(): Promise<Target> {
  const [cost, limit] = [
    { passes: 1, memoryKib: 8, lanes: 1 },
    { passes: 2, memoryKib: 32, lanes: 2 },
  ]
  const passphrase = 'Zürich is a city 𐍈'
  const record = await sealKeysWithPassphrase(keys, passphrase, { ...context, cost })
  const other = sealKeys(keys, hostKey, context)
  return {
    name: 'passphrases',
    async run(random) {
      const changed = random.below(3) === 0 ? record : changedCbor(record, random, other)
      const said = random.below(2) === 0 ? passphrase : changedText(passphrase, random, 'correct horse') || ' '
      try {
        const opened = await openKeysWithPassphrase(changed, said, { crypto, limit })
        expect([opened, said.normalize('NFC')]).toEqual([keys, passphrase])
        return 'opened'
      } catch (error) {
        expectDiscreet(error)
        expect(String(error)).not.toContain(passphrase)
        throw error
      }
    },
  }
}
