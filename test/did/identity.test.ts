import { describe, expect, it } from 'vitest'
import { decodeHex } from '../../runtime/bytes/index.ts'
import { p256, withCurves } from '../../runtime/crypto/curves.ts'
import { crypto, memorySecrets } from '../../runtime/crypto/index.ts'
import {
  authenticationKeys,
  canonicalDid,
  didcommServices,
  didJwk,
  didKey,
  didPeer,
  firstOf,
  keyAgreementKeys,
} from '../../runtime/did/index.ts'
import {
  didJwkIdentity,
  didKeyIdentity,
  didKeyIdentityOn,
  didPeer2Identity,
  didPeer4Identity,
  type Identity,
} from '../../runtime/identity.ts'
import { sharedVectors } from '../vectors.ts'

const seed = Uint8Array.from({ length: 32 }, (_, i) => 255 - i)
const services = [
  { uri: 'mqtt://broker/inbox', accept: ['didcomm/v2'] },
  { uri: 'https://example.com', routingKeys: ['did:example:mediator#key-1'] },
]
const endpoints = [
  { uri: 'mqtt://broker/inbox', accept: ['didcomm/v2'], routingKeys: [] },
  { uri: 'https://example.com', accept: [], routingKeys: ['did:example:mediator#key-1'] },
]
const resolve = firstOf(didKey(crypto), didPeer(crypto))
const extended = withCurves(crypto, p256)

/** Uses each secret key against the document that a stranger sees. */
async function expectUsable({ secretKeys }: Pick<Identity, 'secretKeys'>, did: string): Promise<void> {
  const document = await resolve(did)
  const secrets = memorySecrets(crypto, secretKeys)
  const [agreement, ...noAgreement] = keyAgreementKeys(document)
  const [signing, ...noSigning] = authenticationKeys(document)
  if (!agreement || !signing) throw new Error('the document has no keys')
  expect([...noAgreement, ...noSigning]).toStrictEqual([])
  const other = new Uint8Array(32).fill(7)
  expect(await secrets.deriveBits(agreement.kid, crypto.x25519.getPublicKey(other))).toStrictEqual(
    crypto.x25519.getSharedSecret(other, agreement.bytes),
  )
  const data = new Uint8Array(10)
  expect(crypto.ed25519.verify(await secrets.sign(signing.kid, data), data, signing.bytes)).toBe(true)
}

describe('an identity from a seed', () => {
  it('can use the keys of its did:key', async () => {
    const identity = didKeyIdentity(crypto, seed)
    expect(identity.did).toMatch(/^did:key:z6Mk/)
    expect(identity.secretKeys[0]?.kid).toMatch(/^did:key:z6Mk\w+#z6LS/)
    await expectUsable(identity, identity.did)
  })

  it('can agree on keys and sign with a did:key of a further curve', async () => {
    const identity = didKeyIdentityOn(extended, 'P-256', seed)
    expect(identity.did).toMatch(/^did:key:zDn/)
    const secrets = memorySecrets(extended, identity.secretKeys)
    const document = await didKey(extended).resolve(identity.did)
    const [agreement] = keyAgreementKeys(document)
    const [signing] = authenticationKeys(document)
    expect(agreement).toEqual(signing)
    const kid = identity.secretKeys[0]?.kid ?? ''
    expect(kid).toBe(signing?.kid)
    const other = new Uint8Array(32).fill(3)
    const derived = await secrets.deriveBits(kid, p256.getPublicKey(other))
    expect(derived).toEqual(p256.getSharedSecret(other, agreement?.bytes ?? other))
    expect(p256.verify(await secrets.sign(kid, other), other, signing?.bytes ?? other)).toBe(true)
    expect(() => didKeyIdentityOn(crypto, 'P-256', seed)).toThrow(RangeError)
    expect(() => didKeyIdentityOn(extended, 'P-256', new Uint8Array(32))).toThrow(
      expect.objectContaining({ code: 'ERR_KEY_INVALID' }),
    )
  })

  it('can sign, agree on keys, or do both with a did:jwk, as its curve can', async () => {
    const data = new Uint8Array(32).fill(3)
    const held = async (curve: 'Ed25519' | 'X25519' | 'P-256') => {
      const { did, secretKeys } = didJwkIdentity(extended, curve, seed)
      expect(secretKeys.map(({ kid }) => kid)).toStrictEqual([`${did}#0`])
      const document = await didJwk().resolve(did)
      return {
        secrets: memorySecrets(extended, secretKeys),
        agreement: keyAgreementKeys(document),
        signing: authenticationKeys(document),
      }
    }
    const ed = await held('Ed25519')
    expect(ed.agreement).toStrictEqual([])
    const signature = await ed.secrets.sign(ed.signing[0]?.kid ?? '', data)
    expect(crypto.ed25519.verify(signature, data, ed.signing[0]?.bytes ?? data)).toBe(true)
    const x = await held('X25519')
    expect(x.signing).toStrictEqual([])
    expect(await x.secrets.deriveBits(x.agreement[0]?.kid ?? '', crypto.x25519.getPublicKey(data))).toStrictEqual(
      crypto.x25519.getSharedSecret(data, x.agreement[0]?.bytes ?? data),
    )
    const p = await held('P-256')
    const kid = p.signing[0]?.kid ?? ''
    expect(p.agreement).toStrictEqual(p.signing)
    expect(p256.verify(await p.secrets.sign(kid, data), data, p.signing[0]?.bytes ?? data)).toBe(true)
    expect(await p.secrets.deriveBits(kid, p256.getPublicKey(data))).toEqual(
      p256.getSharedSecret(data, p.agreement[0]?.bytes ?? data),
    )
  })

  it('has no did:jwk for a key that is none of its curve, or a curve that is absent', () => {
    const invalid = expect.objectContaining({ code: 'ERR_KEY_INVALID' })
    expect(() => didJwkIdentity(crypto, 'P-256', seed)).toThrow(invalid)
    expect(() => didJwkIdentity(extended, 'P-256', new Uint8Array(32))).toThrow(invalid)
    expect(() => didJwkIdentity(crypto, 'Ed25519', seed.subarray(1))).toThrow(invalid)
  })

  it('can use the keys of its did:peer:2', async () => {
    const identity = didPeer2Identity(crypto, seed, services)
    await expectUsable(identity, identity.did)
    expect(didcommServices(await resolve(identity.did))).toStrictEqual(endpoints)
  })

  it('can use the keys of its did:peer:4 under both forms', async () => {
    const identity = didPeer4Identity(crypto, seed, services)
    expect(identity.shortDid).toBe(canonicalDid(identity.did))
    expect(identity.shortDid).toHaveLength(57)
    await expectUsable(identity, identity.did)
    await expectUsable(identity, identity.shortDid)
    expect(didcommServices(await resolve(identity.did))).toStrictEqual(endpoints)
  })

  it('needs no services', async () => {
    const peer2 = didPeer2Identity(crypto, seed, [])
    const peer4 = didPeer4Identity(crypto, seed, [])
    expect((await resolve(peer2.did)).service).toBeUndefined()
    expect((await resolve(peer4.did)).service).toBeUndefined()
  })

  it('has the same keys in each method', () => {
    const keys = [didKeyIdentity(crypto, seed), didPeer2Identity(crypto, seed, []), didPeer4Identity(crypto, seed, [])]
    const [first, ...others] = keys.map(({ secretKeys }) => secretKeys.slice(0, 2).map(({ secretKey }) => secretKey))
    for (const other of others) expect(other).toStrictEqual(first)
  })

  it('keeps its own copy of the seed', () => {
    const given = seed.slice()
    const { secretKeys } = didKeyIdentity(crypto, given)
    given.fill(0)
    expect(secretKeys[1]?.secretKey).toStrictEqual(seed)
  })

  it('refuses a seed of a wrong length, and does not show it', () => {
    expect(() => didKeyIdentity(crypto, seed.subarray(1))).toThrow(
      new TypeError('"seed" expected Uint8Array of length 32, got length=31'),
    )
    expect(() => didPeer4Identity(crypto, 'seed' as unknown as Uint8Array, [])).toThrow(TypeError)
  })

  const vectors = sharedVectors<{ vectors: { did: string; suite: string; seed?: string }[] }>('dids/did_key.json')
  const seeded = (vectors?.vectors ?? []).filter(({ suite, seed }) => suite === 'ed25519-x25519' && seed)
  it.skipIf(seeded.length === 0)('has the DIDs of the did:key vectors', () => {
    expect(seeded.map((each) => didKeyIdentity(crypto, decodeHex(each.seed!)).did)).toStrictEqual(
      seeded.map(({ did }) => did),
    )
  })
})
