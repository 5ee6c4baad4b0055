import { describe, expect, test } from 'vitest'
import { p256, p384, p521, secp256k1, withCurves } from '../../runtime/crypto/curves.ts'
import { crypto as core, type SecretKey, secretKeyFromJwk, secretKeyToJwk } from '../../runtime/crypto/index.ts'
import { secretKeyFromMultikey, secretKeyToMultikey } from '../../runtime/did/index.ts'
import { isDidCommError } from '../../runtime/errors.ts'
import { seededBytes } from '../envelope/world.ts'

const crypto = withCurves(core, p256, p384, p521, secp256k1)
const randomBytes = seededBytes('secret multikeys')
const kid = 'did:example:alice#key-1'
const keys: SecretKey[] = [
  { kid, curve: 'X25519', secretKey: randomBytes(32) },
  { kid, curve: 'Ed25519', secretKey: randomBytes(32) },
  ...[p256, p384, p521, secp256k1].map(({ curve, generateSecretKey }) => ({
    kid,
    curve,
    secretKey: generateSecretKey(randomBytes),
  })),
]
/** How Multikeys of these kinds begin: the prefixes that Controlled Identifiers 1.0 §2.2.2 lists for each codec. */
const prefixes: Record<string, string> = { Ed25519: 'z3u2', 'P-256': 'z42t', 'P-384': 'z2fa' }
const refused = expect.objectContaining({ code: 'ERR_KEY_INVALID' })

describe.each(keys)('a secret key on $curve', (key) => {
  test('goes through a Multikey and a JWK unchanged', () => {
    const multikey = secretKeyToMultikey(key, crypto)
    expect(multikey.secretKeyMultibase).toMatch(new RegExp(`^${prefixes[key.curve] ?? 'z'}`))
    expect(secretKeyFromMultikey(multikey, crypto)).toStrictEqual(key)
    expect(secretKeyFromJwk(secretKeyToJwk(key, crypto), crypto)).toStrictEqual(key)
  })

  test('is refused with the public half of another', () => {
    const other = keys.find(({ curve }) => curve !== key.curve)!
    const { publicKeyMultibase } = secretKeyToMultikey(other, crypto)
    expect(() => secretKeyFromMultikey({ ...secretKeyToMultikey(key, crypto), publicKeyMultibase }, crypto)).toThrow(
      refused,
    )
  })

  test('that is cut short or too long is not written', () => {
    for (const secretKey of [key.secretKey.slice(1), Uint8Array.of(0, ...key.secretKey)]) {
      expect(() => secretKeyToMultikey({ ...key, secretKey }, crypto)).toThrow(refused)
      expect(() => secretKeyToJwk({ ...key, secretKey }, crypto)).toThrow(refused)
    }
  })

  test('that is broken is refused without its text in the error', () => {
    const { secretKeyMultibase } = secretKeyToMultikey(key, crypto)
    for (let at = 0; at <= secretKeyMultibase.length; at++) {
      const broken = `${secretKeyMultibase.slice(0, at)}0${secretKeyMultibase.slice(at)}`
      for (const text of [broken, secretKeyMultibase.slice(0, at > 3 ? at - 3 : 0)]) {
        let error: unknown
        try {
          secretKeyFromMultikey({ kid, secretKeyMultibase: text }, crypto)
        } catch (caught) {
          error = caught
        }
        expect(isDidCommError(error, 'ERR_KEY_INVALID')).toBe(true)
        expect(String(error)).not.toContain(secretKeyMultibase.slice(4, 12))
        expect((error as Error).cause).toBeUndefined()
      }
    }
  })
})

test('a scalar of zero and a curve that the crypto does not have are refused', () => {
  const key: SecretKey = { kid, curve: 'P-256', secretKey: new Uint8Array(32) }
  expect(() => secretKeyToMultikey(key, crypto)).toThrow(refused)
  expect(() => secretKeyFromMultikey(secretKeyToMultikey(keys[2]!, crypto), core)).toThrow(refused)
})
