import { describe, expect, test } from 'vitest'
import { crypto, memorySecrets, type SecretJwk } from '../../runtime/crypto/index.ts'
import {
  authenticationKeys,
  type DidDocument,
  didKey,
  didPeer,
  firstOf,
  keyAgreementKeys,
  type PublicKey,
} from '../../runtime/did/index.ts'
import { type CompactContext, pack, packSigned, unpack } from '../../runtime/envelope/index.ts'
import { didKeyIdentity, didPeer2Identity, didPeer4Identity, type Identity } from '../../runtime/identity.ts'
import { seededBytes, testTypes } from '../envelope/world.ts'
import { didcommNode } from './didcomm-node.ts'

/** DIDs that hold their own documents, between didcomm-node and us. */

const service = { uri: 'mqtts://gateway.example.com', accept: ['didcomm/v2'] }
const seed = (name: string): Uint8Array => seededBytes(name)(32)
const parties: Record<string, [Identity, Identity]> = {
  'did:key': [didKeyIdentity(crypto, seed('a')), didKeyIdentity(crypto, seed('b'))],
  'did:peer:2': [didPeer2Identity(crypto, seed('a'), []), didPeer2Identity(crypto, seed('b'), [service])],
  'did:peer:4 in its long form': [
    didPeer4Identity(crypto, seed('a'), []),
    didPeer4Identity(crypto, seed('b'), [service]),
  ],
}
const resolve = firstOf(didKey(crypto), didPeer(crypto))

const contextOf = ({ secretKeys }: Identity): CompactContext => ({
  crypto,
  resolve,
  secrets: memorySecrets(crypto, secretKeys),
  randomBytes: seededBytes('did methods'),
  types: testTypes,
})

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** The document in the form that didcomm-node reads: absolute ids, and keys as JWKs. */
async function plainDocument(did: string): Promise<DidDocument> {
  const document = await resolve(did)
  const [agreement, signing] = [keyAgreementKeys(document), authenticationKeys(document)]
  const method = ({ kid, curve, bytes }: PublicKey) => ({
    id: kid,
    type: 'JsonWebKey2020',
    controller: did,
    publicKeyJwk: { kty: 'OKP', crv: curve, x: base64url(bytes) },
  })
  return {
    id: did,
    verificationMethod: [...agreement, ...signing].map(method),
    keyAgreement: agreement.map(({ kid }) => kid),
    authentication: signing.map(({ kid }) => kid),
    service: [],
  }
}

const jwks = ({ secretKeys }: Identity): SecretJwk[] =>
  secretKeys.map(({ kid, curve, secretKey }) => {
    const publicKey = (curve === 'X25519' ? crypto.x25519 : crypto.ed25519).getPublicKey(secretKey)
    return { kid, kty: 'OKP', crv: curve, d: base64url(secretKey), x: base64url(publicKey) }
  })

for (const [name, [alice, bob]] of Object.entries(parties)) {
  describe(name, () => {
    const message = {
      id: '1',
      typ: 'application/didcomm-plain+json',
      type: 'https://didcomm.org/telemetry/1.0/report',
      from: alice.did,
      to: [bob.did],
      body: { t: 21.5 },
    }
    const peer = async (who: Identity) =>
      didcommNode([await plainDocument(alice.did), await plainDocument(bob.did)], jwks(who))

    test('didcomm-node opens what we encrypt and what we sign', async () => {
      const asBob = await peer(bob)
      for (const packed of [
        await pack(message, { to: bob.did, from: alice.did }, contextOf(alice)),
        await pack(message, { to: bob.did }, contextOf(alice)),
        await packSigned(message, { from: alice.did }, contextOf(alice)),
        await pack(message, { to: bob.did, sign: alice.did }, contextOf(alice)),
      ]) {
        expect((await asBob.unpack(packed.bytes)).message).toEqual(message)
      }
    })

    test('we open what didcomm-node encrypts and signs', async () => {
      const asAlice = await peer(alice)
      for (const bytes of [
        await asAlice.pack(message, bob.did, alice.did),
        await asAlice.packSigned(message, alice.did),
        await asAlice.pack(message, bob.did, null, { sign: alice.did }),
      ]) {
        expect(await unpack(bytes, contextOf(bob))).toMatchObject({ message, sender: alice.did })
      }
    })

    test('a compact envelope opens without anything known of the sender before', async () => {
      const options = { to: bob.did, from: alice.did, encoding: 'compact', ids: 'long' } as const
      const { bytes } = await pack(message, options, contextOf(alice))
      const { typ: _, ...arrived } = message
      expect(await unpack(bytes, contextOf(bob))).toMatchObject({ message: arrived, sender: alice.did })
    })
  })
}

test('the short form of a did:peer:4 names the same party as its long form', async () => {
  const [alice, bob] = [didPeer4Identity(crypto, seed('a'), []), didPeer4Identity(crypto, seed('b'), [])]
  const message = {
    id: '1',
    type: 'https://didcomm.org/telemetry/1.0/report',
    from: alice.shortDid,
    to: [bob.shortDid],
    body: {},
  }
  for (const encoding of ['json', 'compact'] as const) {
    const options = { to: bob.did, from: alice.did, encoding, ids: 'long' } as const
    const { bytes } = await pack(message, options, contextOf(alice))
    expect(await unpack(bytes, contextOf(bob))).toMatchObject({ message, sender: alice.did, recipient: bob.did })
  }
})
