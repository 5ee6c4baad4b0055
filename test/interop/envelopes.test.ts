import { describe, expect, test } from 'vitest'
import { memorySecrets } from '../../runtime/crypto/index.ts'
import { createFromPrior, pack, packSigned, unpack } from '../../runtime/envelope/index.ts'
import { contextOf, crypto, type Party, party, secretJwks } from '../envelope/world.ts'
import { didcommNode } from './didcomm-node.ts'

/** Protected senders, rotations and signatures, between didcomm-node and us. */

const alice = party('did:example:alice')
const bob = party('did:example:bob', 2)
const old = party('did:example:old')
const everybody = [alice, bob, old]
const documents = everybody.map(({ document }) => document)
const us = (who: Party) => contextOf(who, everybody)
const them = (who: Party) => didcommNode(documents, secretJwks(who))
const asRotated = { ...us(alice), secrets: memorySecrets(crypto, [...alice.keys, ...old.keys]) }
const message = {
  id: '1234567890',
  typ: 'application/didcomm-plain+json',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: alice.did,
  to: [bob.did],
  body: { t: 21.5 },
}
const issuedAt = 1_767_225_600
const prior = { did: old.did, next: alice.did, issuedAt }

describe('didcomm-node opens what we pack', () => {
  for (const enc of ['A256CBC-HS512', 'XC20P', 'A256GCM'] as const) {
    test(`a protected sender with ${enc} outside [A9, G4]`, async () => {
      const { bytes } = await pack(message, { to: bob.did, from: alice.did, protectSender: true, enc }, us(alice))
      const opened = await them(bob).unpack(bytes)
      expect(opened.message).toEqual(message)
      expect(opened.metadata).toMatchObject({
        encrypted: true,
        authenticated: true,
        anonymous_sender: true,
        encrypted_from_kid: alice.keys[0]?.kid,
      })
    })
  }

  test('a rotation, whose issuer it finds to be the old DID, under a protected sender as well [I1, I2]', async () => {
    const from_prior = await createFromPrior({ prior: old.did, next: alice.did, issuedAt }, asRotated)
    for (const protectSender of [false, true]) {
      const { bytes } = await pack(
        { ...message, from_prior },
        { to: bob.did, from: alice.did, protectSender },
        asRotated,
      )
      const opened = await them(bob).unpack(bytes)
      expect(opened.message.from_prior).toBe(from_prior)
      expect(opened.metadata).toMatchObject({ from_prior_issuer_kid: old.keys[1]?.kid })
    }
  })

  test('not a rotation that somebody else has signed: it checks [I5]', async () => {
    const good = await createFromPrior({ prior: old.did, next: alice.did, issuedAt }, asRotated)
    const other = await createFromPrior({ prior: old.did, next: alice.did, issuedAt: issuedAt + 1 }, asRotated)
    const from_prior = [...good.split('.').slice(0, 2), other.split('.')[2]].join('.')
    const { bytes } = await pack({ ...message, from_prior }, { to: bob.did, from: alice.did }, asRotated)
    await expect(them(bob).unpack(bytes)).rejects.toThrow()
    await expect(unpack(bytes, us(bob))).rejects.toMatchObject({ code: 'ERR_ENVELOPE_SIGNATURE' })
  })

  test('a signed message in the General form [H2, H4, Z6]', async () => {
    const { bytes } = await packSigned(message, { from: alice.did }, us(alice))
    expect((await them(bob).unpack(bytes)).metadata).toMatchObject({ sign_from: alice.keys[1]?.kid })
  })
})

describe('we open what didcomm-node packs', () => {
  for (const enc of ['A256cbcHs512EcdhEsA256kw', 'Xc20pEcdhEsA256kw', 'A256gcmEcdhEsA256kw']) {
    test(`a protected sender with ${enc} outside [A9, G4]`, async () => {
      const bytes = await them(alice).pack(message, bob.did, alice.did, { protectSender: true, enc })
      const opened = await unpack(bytes, us(bob))
      expect(opened).toMatchObject({ message, sender: alice.did, encrypted: true, nonRepudiable: false })
      expect(opened.layers.map(({ kind }) => kind)).toEqual(['anoncrypt', 'authcrypt'])
    })
  }

  test('a rotation, in authcrypt, under a protected sender and under a signature [I1, I5]', async () => {
    const from_prior = await createFromPrior({ prior: old.did, next: alice.did, issuedAt }, asRotated)
    const rotating = { ...message, from_prior }
    for (const [from, options] of [
      [alice.did, {}],
      [alice.did, { protectSender: true }],
      [null, { sign: alice.did }],
    ] as const) {
      const bytes = await them(alice).pack(rotating, bob.did, from, options)
      expect(await unpack(bytes, us(bob))).toMatchObject({ sender: alice.did, prior })
    }
  })

  test('authcrypt of signed proves one sender twice [A11, A12]', async () => {
    const bytes = await them(alice).pack(message, bob.did, alice.did, { sign: alice.did })
    const { sender, nonRepudiable, layers } = await unpack(bytes, us(bob))
    expect({ sender, nonRepudiable }).toEqual({ sender: alice.did, nonRepudiable: true })
    expect(layers).toMatchObject([{ kind: 'authcrypt' }, { kind: 'signed', signerKids: [alice.keys[1]?.kid] }])
  })

  test('anoncrypt of authcrypt of signed, where that is allowed [A10, Z4]', async () => {
    const bytes = await them(alice).pack(message, bob.did, alice.did, { sign: alice.did, protectSender: true })
    await expect(unpack(bytes, us(bob))).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
    const allow = ['anoncrypt-authcrypt-signed'] as const
    expect(await unpack(bytes, us(bob), { allow })).toMatchObject({ sender: alice.did, tolerated: allow })
  })
})
