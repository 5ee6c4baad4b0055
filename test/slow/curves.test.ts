import { describe, expect, it } from 'vitest'
import { p256, p384, p521 } from '../../runtime/crypto/curves.ts'
import { checkEcdh, ecdhCases } from '../crypto/ecdh-cases.ts'

describe.each([
  ['ecdh_secp256r1_webcrypto', p256, 353],
  ['ecdh_secp384r1_webcrypto', p384, 794],
  ['ecdh_secp521r1_webcrypto', p521, 655],
] as const)('wycheproof %s', (file, curve, count) => {
  const cases = ecdhCases(file)
  it.skipIf(!cases)('agrees in every case [E5, E6, E10]', () => {
    for (const test of cases ?? []) checkEcdh(test, curve)
    expect(cases).toHaveLength(count)
  })
})
