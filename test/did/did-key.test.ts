import { describe, expect, it } from 'vitest'
import { concatBytes, decodeHex, encodeBase58btc, encodeHex } from '../../runtime/bytes/index.ts'
import { p256, p384, p521, secp256k1, withCurves } from '../../runtime/crypto/curves.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import {
  authenticationKeys,
  type Curve,
  type DidDocument,
  decodeMultikey,
  didKey,
  encodeMultikey,
  keyAgreementKeys,
  type PublicKey,
} from '../../runtime/did/index.ts'
import { nobleCrypto } from '../oracle/noble-crypto.ts'
import { ownVectors, sharedVectors } from '../vectors.ts'

interface Vector {
  did: string
  didDocument: DidDocument
  multicodec_name: string
  public_key_hex: string
}

const CURVES: Record<string, Curve> = {
  'ed25519-pub': 'Ed25519',
  'x25519-pub': 'X25519',
  'p256-pub': 'P-256',
  'p384-pub': 'P-384',
  'p521-pub': 'P-521',
  'secp256k1-pub': 'secp256k1',
}

const vectors =
  sharedVectors<{ vectors: Vector[] }>('dids/did_key.json')?.vectors ?? ownVectors<{ key: Vector[] }>('dids.json').key
const supported = vectors.filter((vector) => CURVES[vector.multicodec_name])
const { resolve } = didKey(crypto)
const extended = withCurves(crypto, p256, p384, p521, secp256k1)
const curves = extended.curves ?? new Map()

/** Key ids of the method's own documents differ in form; their fragments agree. */
function fragments(keys: PublicKey[]): string[] {
  return keys.map(({ kid, curve, bytes }) => {
    const { x, y } = curves.get(curve)?.coordinates(bytes) ?? { x: bytes, y: bytes }
    return `${kid.slice(kid.indexOf('#'))} ${curve} ${encodeHex(x)} ${encodeHex(y)}`
  })
}

describe('did:key', () => {
  it.each(supported)('$did has the keys of the vector', async ({ did, didDocument }) => {
    const document = await resolve(did)
    expect(document.id).toBe(did)
    expect(fragments(authenticationKeys(document))).toStrictEqual(fragments(authenticationKeys(didDocument)))
    expect(fragments(keyAgreementKeys(document))).toStrictEqual(fragments(keyAgreementKeys(didDocument)))
  })

  it.each(supported)('$did is made from its public key', ({ did, multicodec_name, public_key_hex }) => {
    const curve = CURVES[multicodec_name]!
    const multikey = encodeMultikey(curve, decodeHex(public_key_hex))
    expect(`did:key:${multikey}`).toBe(did)
    expect(decodeMultikey(multikey)).toStrictEqual({ curve, bytes: decodeHex(public_key_hex) })
  })

  it.each(vectors.filter((vector) => !CURVES[vector.multicodec_name]))(
    '$did is of a kind that nobody here knows',
    async ({ did }) => {
      await expect(resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    },
  )

  it.each([p256, p384, p521, secp256k1])(
    'refuses what is no point of $curve, where crypto has the curve [E10]',
    async (curve) => {
      const x = new Uint8Array(curve.secretKeyBytes)
      const points = Array.from({ length: 12 }, (_, i) => Uint8Array.of(2, ...x.subarray(1), i + 1))
      const dids = points.map((point) => `did:key:${encodeMultikey(curve.curve, point)}`)
      const strict = await Promise.allSettled(dids.map((did) => didKey(extended).resolve(did)))
      const refused = strict.filter((result) => result.status === 'rejected')
      // About half of all numbers are the x of a point.
      expect(refused.length).toBeGreaterThan(0)
      expect(refused.length).toBeLessThan(points.length)
      for (const { reason } of refused) expect(reason).toMatchObject({ code: 'ERR_DID_MALFORMED' })
    },
  )

  it('derives the same document with the core and with noble', async () => {
    const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
    expect(await resolve(did)).toStrictEqual(await didKey(nobleCrypto).resolve(did))
  })

  it('names its keys by the absolute multikey', async () => {
    const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
    expect(await resolve(did)).toStrictEqual({
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      id: did,
      verificationMethod: [
        {
          id: `${did}#z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp`,
          type: 'Multikey',
          controller: did,
          publicKeyMultibase: 'z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
        },
        {
          id: `${did}#z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW`,
          type: 'Multikey',
          controller: did,
          publicKeyMultibase: 'z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW',
        },
      ],
      authentication: [`${did}#z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp`],
      assertionMethod: [`${did}#z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp`],
      capabilityInvocation: [`${did}#z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp`],
      capabilityDelegation: [`${did}#z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp`],
      keyAgreement: [`${did}#z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW`],
    })
  })

  const ed25519 = decodeMultikey('z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp').bytes
  it.each([
    ['another method', 'did:example:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'],
    ['a DID URL', 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#key'],
    ['another multibase', 'did:key:6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'],
    ['a character outside base58', 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDoo0p'],
    ['a key one byte short', `did:key:z${encodeBase58btc(concatBytes(Uint8Array.of(0xed, 1), ed25519.subarray(1)))}`],
    ['nothing', 'did:key:z'],
    ['a key of small order', `did:key:${encodeMultikey('Ed25519', Uint8Array.of(1, ...new Uint8Array(31)))}`],
    ['a key off the curve', `did:key:${encodeMultikey('Ed25519', Uint8Array.of(2, ...new Uint8Array(31)))}`],
    ['an uncompressed point', `did:key:${encodeMultikey('P-256', Uint8Array.of(4, ...ed25519))}`],
    ['1,025 characters', `did:key:z${'6'.repeat(1024)}`],
  ])('refuses %s', async (_, did) => {
    await expect(resolve(did)).rejects.toMatchObject({ name: 'DidCommError', code: 'ERR_DID_MALFORMED' })
  })
})

describe('encodeMultikey', () => {
  it('refuses bytes of a wrong length', () => {
    expect(() => encodeMultikey('X25519', new Uint8Array(31))).toThrow(
      new TypeError('"bytes" expected Uint8Array of length 32, got length=31'),
    )
  })

  it('refuses a curve that it does not know', () => {
    expect(() => encodeMultikey('P-224' as Curve, new Uint8Array(29))).toThrow(RangeError)
  })
})
