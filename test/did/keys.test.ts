import { describe, expect, it } from 'vitest'
import { encodeBase58btc, encodeBase64url } from '../../runtime/bytes/index.ts'
import {
  authenticationKeys,
  type Curve,
  type DidDocument,
  encodeMultikey,
  keyAgreementKeys,
  type VerificationMethod,
} from '../../runtime/did/index.ts'

const did = 'did:example:alice'
const bytes = Uint8Array.from({ length: 32 }, (_, i) => i + 1)
const multikey = encodeMultikey('X25519', bytes)
const base58 = encodeBase58btc(bytes)
const x = encodeBase64url(bytes)

function method(key: Record<string, unknown>, id = '#key-1'): VerificationMethod {
  return { id, controller: did, ...key } as VerificationMethod
}

function agreeing(...methods: (VerificationMethod | string)[]): DidDocument {
  return { id: did, keyAgreement: methods }
}

describe('the keys of a document', () => {
  it.each([
    ['Multikey', { type: 'Multikey', publicKeyMultibase: multikey }],
    ['X25519KeyAgreementKey2020', { type: 'X25519KeyAgreementKey2020', publicKeyMultibase: multikey }],
    ['X25519KeyAgreementKey2019', { type: 'X25519KeyAgreementKey2019', publicKeyBase58: base58 }],
    ['JsonWebKey2020', { type: 'JsonWebKey2020', publicKeyJwk: { kty: 'OKP', crv: 'X25519', x } }],
    ['JsonWebKey', { type: 'JsonWebKey', publicKeyJwk: { kty: 'OKP', crv: 'X25519', x, kid: 'mine' } }],
    ['a 2019 key in a JWK', { type: 'X25519KeyAgreementKey2019', publicKeyJwk: { kty: 'OKP', crv: 'X25519', x } }],
  ])('are read from %s', (_, key) => {
    expect(keyAgreementKeys(agreeing(method(key)))).toStrictEqual([{ kid: `${did}#key-1`, curve: 'X25519', bytes }])
  })

  it.each([
    ['Ed25519VerificationKey2018', { type: 'Ed25519VerificationKey2018', publicKeyBase58: base58 }],
    [
      'Ed25519VerificationKey2020',
      { type: 'Ed25519VerificationKey2020', publicKeyMultibase: encodeMultikey('Ed25519', bytes) },
    ],
    ['JsonWebKey2020', { type: 'JsonWebKey2020', publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x } }],
  ])('are read for authentication from %s', (_, key) => {
    const document = { id: did, authentication: [method(key)] }
    expect(authenticationKeys(document)).toStrictEqual([{ kid: `${did}#key-1`, curve: 'Ed25519', bytes }])
  })

  it.each([
    ['P-256', 32],
    ['P-384', 48],
    ['P-521', 66],
    ['secp256k1', 32],
  ] as [Curve, number][])('keep both coordinates of a %s point, uncompressed', (curve, coordinateBytes) => {
    const abscissa = new Uint8Array(coordinateBytes).fill(9)
    for (const parity of [0, 1]) {
      const y = new Uint8Array(coordinateBytes)
      y[coordinateBytes - 1] = 4 + parity
      const publicKeyJwk = { kty: 'EC', crv: curve, x: encodeBase64url(abscissa), y: encodeBase64url(y) }
      expect(keyAgreementKeys(agreeing(method({ type: 'JsonWebKey2020', publicKeyJwk })))).toStrictEqual([
        { kid: `${did}#key-1`, curve, bytes: Uint8Array.of(4, ...abscissa, ...y) },
      ])
    }
  })

  it('are found by reference, relative or absolute on either side', () => {
    const key = { type: 'Multikey', publicKeyMultibase: multikey }
    const verificationMethod = [method(key, '#a'), method(key, `${did}#b`), method(key, '#c'), method(key, `${did}#d`)]
    const keyAgreement = ['#a', '#b', `${did}#c`, `${did}#d`]
    const kids = keyAgreementKeys({ id: did, verificationMethod, keyAgreement }).map(({ kid }) => kid)
    expect(kids).toStrictEqual(['a', 'b', 'c', 'd'].map((name) => `${did}#${name}`))
  })

  it('are those of the asked relationship only', () => {
    const verificationMethod = [method({ type: 'Multikey', publicKeyMultibase: multikey })]
    expect(keyAgreementKeys({ id: did, verificationMethod })).toStrictEqual([])
    expect(authenticationKeys({ id: did, verificationMethod, keyAgreement: ['#key-1'] })).toStrictEqual([])
  })

  it('are left out where the curve cannot do what the relationship asks', () => {
    const ed25519 = method({ type: 'Multikey', publicKeyMultibase: encodeMultikey('Ed25519', bytes) })
    const x25519 = method({ type: 'Multikey', publicKeyMultibase: multikey })
    expect(keyAgreementKeys({ id: did, keyAgreement: [ed25519] })).toStrictEqual([])
    expect(authenticationKeys({ id: did, authentication: [x25519] })).toStrictEqual([])
  })

  it.each([
    ['an unknown type', { type: 'RsaVerificationKey2018', publicKeyHex: '00' }],
    ['a JWK of an unknown curve', { type: 'JsonWebKey2020', publicKeyJwk: { kty: 'OKP', crv: 'Ed448', x: 'AA' } }],
    ['an RSA JWK', { type: 'JsonWebKey2020', publicKeyJwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }],
    ['a JWK curve that is a member of every object', { type: 'JsonWebKey', publicKeyJwk: { crv: '__proto__' } }],
    ['a multikey of an unknown kind', { type: 'Multikey', publicKeyMultibase: `z${base58}` }],
  ])('of %s are skipped, and the next one is read', (_, key) => {
    const next = method({ type: 'Multikey', publicKeyMultibase: multikey }, '#key-2')
    expect(keyAgreementKeys(agreeing(method(key), next))).toHaveLength(1)
  })

  it('that are referenced, but not there, are skipped', () => {
    expect(keyAgreementKeys(agreeing('#nowhere', 'did:example:bob#key-1'))).toStrictEqual([])
  })

  it('under the id of another DID are skipped, so that no document speaks for another', () => {
    const foreign = method({ type: 'Multikey', publicKeyMultibase: multikey }, 'did:example:bob#key-1')
    expect(keyAgreementKeys({ ...agreeing(foreign.id, foreign), verificationMethod: [foreign] })).toStrictEqual([])
  })

  it('are listed once, however often the document names them', () => {
    const key = method({ type: 'Multikey', publicKeyMultibase: multikey })
    const document = { ...agreeing('#key-1', key, `${did}#key-1`), verificationMethod: [key] }
    expect(keyAgreementKeys(document)).toHaveLength(1)
  })

  const jwk = { kty: 'OKP', crv: 'X25519', x }
  it.each([
    ['no key', { type: 'Multikey' }],
    ['two forms of the key', { type: 'X25519KeyAgreementKey2020', publicKeyMultibase: multikey, publicKeyJwk: jwk }],
    ['a multikey of another curve', { type: 'Ed25519VerificationKey2020', publicKeyMultibase: multikey }],
    ['a JWK of another curve', { type: 'Ed25519VerificationKey2018', publicKeyJwk: jwk }],
    ['a multikey in base64url', { type: 'Multikey', publicKeyMultibase: `u${x}` }],
    ['a multikey that is a number', { type: 'Multikey', publicKeyMultibase: 7 }],
    ['base58 without a curve', { type: 'Multikey', publicKeyBase58: base58 }],
    ['base58 of 31 bytes', { type: 'X25519KeyAgreementKey2019', publicKeyBase58: encodeBase58btc(bytes.subarray(1)) }],
    ['base58 with a wrong character', { type: 'X25519KeyAgreementKey2019', publicKeyBase58: 'l0' }],
    ['a JWK that is a text', { type: 'JsonWebKey2020', publicKeyJwk: 'x' }],
    ['a JWK with a private key', { type: 'JsonWebKey2020', publicKeyJwk: { ...jwk, d: x } }],
    ['a JWK of a wrong kind', { type: 'JsonWebKey2020', publicKeyJwk: { ...jwk, kty: 'EC' } }],
    ['a JWK without x', { type: 'JsonWebKey2020', publicKeyJwk: { kty: 'OKP', crv: 'X25519' } }],
    ['a JWK with a short x', { type: 'JsonWebKey2020', publicKeyJwk: { ...jwk, x: x.slice(1) } }],
    ['a JWK with x in base64', { type: 'JsonWebKey2020', publicKeyJwk: { ...jwk, x: `+${x.slice(1)}` } }],
    ['an EC JWK without y', { type: 'JsonWebKey2020', publicKeyJwk: { kty: 'EC', crv: 'P-256', x } }],
  ])('with %s are refused', (_, key) => {
    expect(() => keyAgreementKeys(agreeing(method(key)))).toThrow(
      expect.objectContaining({ name: 'DidCommError', code: 'ERR_DID_MALFORMED' }),
    )
  })

  it.each([
    ['keyAgreement is no list', { keyAgreement: '#key-1' }],
    ['verificationMethod is no list', { verificationMethod: {} }],
    ['a method is a text', { verificationMethod: ['#key-1'] }],
    ['a method is null', { keyAgreement: [null] }],
    ['a method has no id', { keyAgreement: [{ type: 'Multikey' }] }],
    ['a method has no type', { keyAgreement: [{ id: '#key-1' }] }],
    ['a method id is no DID URL', { keyAgreement: [method({ type: 'Multikey', publicKeyMultibase: multikey }, '')] }],
  ])('are refused where %s', (_, members) => {
    expect(() => keyAgreementKeys({ id: did, ...members } as unknown as DidDocument)).toThrow(
      expect.objectContaining({ name: 'DidCommError', code: 'ERR_DID_MALFORMED' }),
    )
  })
})
