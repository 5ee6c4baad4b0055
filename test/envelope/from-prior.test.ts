import { describe, expect, test } from 'vitest'
import { memorySecrets } from '../../runtime/crypto/index.ts'
import {
  createFromPrior,
  type EnvelopeContext,
  pack,
  packSigned,
  priorOf,
  unpack,
  verifyFromPrior,
} from '../../runtime/envelope/index.ts'
import { didcommNode } from '../interop/didcomm-node.ts'
import { sharedVectors } from '../vectors.ts'
import { contextOf, crypto, party, secretJwks, testResolve } from './world.ts'

const old = party('did:example:old')
const alice = party('did:example:alice')
const bob = party('did:example:bob')
const everybody = [old, alice, bob]
/** Alice holds the keys of both of her DIDs. */
const asAlice: EnvelopeContext = {
  ...contextOf(alice, everybody),
  secrets: memorySecrets(crypto, [...alice.keys, ...old.keys]),
}
const asBob = contextOf(bob, everybody)
const issuedAt = 1_767_225_600
const message = { id: '1', type: 'https://didcomm.org/empty/1.0/empty', from: alice.did, to: [bob.did], body: {} }
const addressing = { code: 'ERR_ENVELOPE_ADDRESSING' }
const malformed = { code: 'ERR_MESSAGE_MALFORMED' }

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JWT with whatever is asked for, signed by the old DID. */
async function jwt(claims: object, header: object = {}, kid = old.keys[1]?.kid ?? ''): Promise<string> {
  const input = `${part({ typ: 'JWT', alg: 'EdDSA', kid, ...header })}.${part(claims)}`
  const secrets = memorySecrets(
    crypto,
    everybody.flatMap(({ keys }) => keys),
  )
  const signature = await secrets.sign(kid, new TextEncoder().encode(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

describe('a rotation', () => {
  test('is proven by the old DID, in every encrypted envelope [I1, I2, I3, I5, Z10]', async () => {
    const from_prior = await createFromPrior({ prior: old.did, next: alice.did, issuedAt }, asAlice)
    const prior = { did: old.did, next: alice.did, issuedAt }
    expect(await verifyFromPrior(from_prior, asBob)).toEqual(prior)
    const [header] = from_prior.split('.')
    expect(JSON.parse(Buffer.from(String(header), 'base64url').toString())).toEqual({
      typ: 'JWT',
      alg: 'EdDSA',
      kid: old.keys[1]?.kid,
    })
    const rotating = { ...message, from_prior }
    const envelopes = await Promise.all([
      pack(rotating, { to: bob.did, from: alice.did }, asAlice),
      pack(rotating, { to: bob.did, sign: alice.did }, asAlice),
      pack(rotating, { to: bob.did, from: alice.did, encoding: 'compact' }, asAlice),
    ])
    for (const { bytes } of envelopes) expect((await unpack(bytes, { ...asBob, priorOf })).prior).toEqual(prior)
  })

  test('to nowhere ends the relationship, by a message of nobody [I10]', async () => {
    const from_prior = await createFromPrior({ prior: old.did, issuedAt }, asAlice)
    const { from: _, ...unsigned } = message
    const { bytes } = await pack({ ...unsigned, from_prior }, { to: bob.did }, asAlice)
    const opened = await unpack(bytes, asBob)
    expect(opened.prior).toEqual({ did: old.did, issuedAt })
    expect(opened).not.toHaveProperty('sender')
    const withSender = await pack({ ...message, from_prior }, { to: bob.did, from: alice.did }, asAlice)
    await expect(unpack(withSender.bytes, asBob)).rejects.toMatchObject(addressing)
  })

  test('in a message that is not encrypted is refused [I1]', async () => {
    const from_prior = await createFromPrior({ prior: old.did, next: alice.did, issuedAt }, asAlice)
    const { bytes } = await packSigned({ ...message, from_prior }, { from: alice.did }, asAlice)
    await expect(unpack(bytes, asBob)).rejects.toMatchObject(addressing)
  })

  test('to another DID than the sender is refused [I5]', async () => {
    const from_prior = await createFromPrior({ prior: old.did, next: bob.did, issuedAt }, asAlice)
    const { bytes } = await pack({ ...message, from_prior }, { to: bob.did, from: alice.did }, asAlice)
    await expect(unpack(bytes, asBob)).rejects.toMatchObject(addressing)
  })

  const claims = { iss: old.did, sub: alice.did, iat: issuedAt }
  test.each([
    ['no JWT', async () => 'invalid', malformed],
    ['four parts', async () => `${await jwt(claims)}.x`, malformed],
    ['too long', async () => 'a.b.'.padEnd(50_000, 'c'), malformed],
    ['an issuer that is no DID', () => jwt({ ...claims, iss: 'invalid' }), malformed],
    ['an issuer with a fragment', () => jwt({ ...claims, iss: old.keys[1]?.kid }), malformed],
    ['a new DID that is none', () => jwt({ ...claims, sub: 'invalid' }), malformed],
    ['a new DID with a fragment', () => jwt({ ...claims, sub: alice.keys[1]?.kid }), malformed],
    ['a new DID that is the old one', () => jwt({ ...claims, sub: old.did }), malformed],
    ['no time', () => jwt({ iss: old.did, sub: alice.did }), malformed],
    ['a time that is a text', () => jwt({ ...claims, iat: '1' }), malformed],
    ['claims that are a list', () => jwt([]), malformed],
    ['another type', () => jwt(claims, { typ: 'application/didcomm-signed+json' }), malformed],
    ['a critical extension', () => jwt(claims, { crit: ['exp'] }), { code: 'ERR_ENVELOPE_UNSUPPORTED' }],
    ['no algorithm', () => jwt(claims, { alg: 'none' }), { code: 'ERR_ENVELOPE_UNSUPPORTED' }],
    ['the algorithm of another key', () => jwt(claims, { alg: 'ES256' }), { code: 'ERR_ENVELOPE_UNSUPPORTED' }],
    ['a key of another DID', () => jwt(claims, {}, alice.keys[1]?.kid), addressing],
    ['a key for key agreement', async () => jwt(claims, { kid: old.keys[0]?.kid }), addressing],
    [
      'a signature of something else',
      async () =>
        `${part({ alg: 'EdDSA', kid: old.keys[1]?.kid })}.${part(claims)}.${(await jwt(claims)).split('.')[2]}`,
      { code: 'ERR_ENVELOPE_SIGNATURE' },
    ],
  ])('with %s is refused [I2, I5]', async (_, make, expected) => {
    await expect(verifyFromPrior(await make(), asBob)).rejects.toMatchObject(expected)
  })

  test('may say how long it holds, and has a curve that means nothing [I2, Z16]', async () => {
    const text = await jwt({ ...claims, exp: issuedAt + 10, nbf: issuedAt - 10 }, { crv: 'ED25519' })
    expect(await verifyFromPrior(text, asBob)).toMatchObject({ expiresAt: issuedAt + 10, notBefore: issuedAt - 10 })
  })

  test('passes between didcomm-node and us [I1, I2]', async () => {
    const documents = everybody.map(({ document }) => document)
    const from_prior = await createFromPrior({ prior: old.did, next: alice.did, issuedAt }, asAlice)
    const ours = await pack({ ...message, from_prior }, { to: bob.did, from: alice.did }, asAlice)
    const theirs = await didcommNode(documents, secretJwks(bob)).unpack(ours.bytes)
    expect(theirs.message).toMatchObject({ from_prior })
    const packed = await didcommNode(documents, secretJwks(alice)).pack({ ...message, from_prior }, bob.did, alice.did)
    expect((await unpack(packed, asBob)).prior?.did).toBe(old.did)
  })
})

interface Vectors {
  valid_jwt: string
  invalid_jwt: string
  invalid_signature_jwt: string
  claims: { iss: string; sub: string; iat: number; exp: number }
  jvm_jwts: { jwt: string; result: 'valid' | 'reject' }[]
}

const vectors = sharedVectors<Vectors>('sicpa/from_prior.json')
const documents = sharedVectors<Record<string, { id: string }>>('sicpa/diddocs.json')

describe.skipIf(!vectors || !documents)('the vectors of the sicpa libraries for from_prior', () => {
  const context = { ...asBob, resolve: testResolve(Object.values(documents ?? {})) }

  test('agree [I2, I5, Z10]', async () => {
    const { valid_jwt, invalid_jwt, invalid_signature_jwt, claims, jvm_jwts } = vectors ?? expect.fail()
    expect(await verifyFromPrior(valid_jwt, context)).toMatchObject({
      did: claims.iss,
      next: claims.sub,
      issuedAt: claims.iat,
      expiresAt: claims.exp,
    })
    for (const { jwt: text, result } of [
      ...jvm_jwts,
      ...[invalid_jwt, invalid_signature_jwt].map((jwt) => ({ jwt, result: 'reject' })),
    ]) {
      const verified = verifyFromPrior(text, context)
      if (result === 'valid') await expect(verified).resolves.toBeDefined()
      else await expect(verified).rejects.toHaveProperty('code')
    }
  })
})
