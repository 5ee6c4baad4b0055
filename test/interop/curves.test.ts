import {
  CompactEncrypt,
  compactDecrypt,
  FlattenedSign,
  flattenedVerify,
  GeneralSign,
  generalVerify,
  importJWK,
} from 'jose'
import { describe, expect, test } from 'vitest'
import type { SecretJwk } from '../../runtime/crypto/index.ts'
import { pack, packSigned, unpack } from '../../runtime/envelope/index.ts'
import { parseJwe } from '../../runtime/envelope/jwe/index.ts'
import type { Message } from '../../runtime/message/message.ts'
import { contextOf, crypto, type Party, party, secretJwks } from '../envelope/world.ts'
import { nodeDecrypt, nodeEncrypt } from '../oracle/jwe-node.ts'
import { didcommNode } from './didcomm-node.ts'

/** Every curve against implementations that share no code with ours: one of the drafts over node:crypto, didcomm-node, jose. */

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const agreementCurves = ['X25519', 'P-256', 'P-384', 'P-521'] as const
const signingCurves = { Ed25519: 'EdDSA', 'P-256': 'ES256', 'P-384': 'ES384', secp256k1: 'ES256K' } as const
const encs = {
  'A256CBC-HS512': 'A256cbcHs512EcdhEsA256kw',
  XC20P: 'Xc20pEcdhEsA256kw',
  A256GCM: 'A256gcmEcdhEsA256kw',
} as const

const messageBetween = (alice: Party, bob: Party): Message => ({
  id: '1234567890',
  typ: 'application/didcomm-plain+json',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: alice.did,
  to: [bob.did],
  created_time: 1_767_225_600,
  body: { t: 21.5, station: 'Zürich' },
})

const publicHalf = ({ d: _, ...jwk }: SecretJwk): Omit<SecretJwk, 'd'> => jwk

describe.each(agreementCurves)('messages over %s', (agreement) => {
  for (const keys of [1, 2, 3]) {
    const alice = party('did:example:alice', 1, { agreement })
    const bob = party('did:example:bob', keys, { agreement })
    const message = messageBetween(alice, bob)
    const us = (who: Party) => contextOf(who, [alice, bob])
    const [aliceJwk] = secretJwks(alice) as [SecretJwk]
    const bobJwks = secretJwks(bob).slice(0, keys)

    test(`an implementation of the drafts opens our authcrypt and anoncrypt, ${keys} recipients [E1, E4, E5, E6, E7, F1, F3, F7, F8, G3, Z7, Z13]`, async () => {
      const authcrypt = await pack(message, { to: bob.did, from: alice.did }, us(alice))
      const anoncrypt = await pack(message, { to: bob.did }, us(alice))
      expect(parseJwe(authcrypt.bytes, crypto).recipients).toHaveLength(keys)
      for (const jwk of bobJwks) {
        const opened = nodeDecrypt(authcrypt.bytes, jwk, publicHalf(aliceJwk))
        expect(JSON.parse(opened.toString())).toEqual(message)
        expect(JSON.parse(nodeDecrypt(anoncrypt.bytes, jwk).toString())).toEqual(message)
      }
    })

    test(`we open its authcrypt and anoncrypt, ${keys} recipients [E1, E4, E5, E6, E7, F1, F3, F7, F8, G3, Z7, Z13]`, async () => {
      const authcrypt = nodeEncrypt(text(message), bobJwks, aliceJwk)
      expect(await unpack(authcrypt, us(bob))).toMatchObject({ message, sender: alice.did, encrypted: true })
      const anoncrypt = await unpack(nodeEncrypt(text(message), bobJwks), us(bob))
      expect(anoncrypt).toMatchObject({ message, encrypted: true })
      expect(anoncrypt).not.toHaveProperty('sender')
    })
  }

  test('an ephemeral key that is not on the curve, or of another one, is refused [E10, E13]', async () => {
    const [alice, bob] = [party('did:example:alice', 1, { agreement }), party('did:example:bob', 1, { agreement })]
    const { bytes } = await pack(messageBetween(alice, bob), { to: bob.did }, contextOf(alice, [bob]))
    const jwe = JSON.parse(new TextDecoder().decode(bytes)) as { protected: string }
    const header = JSON.parse(Buffer.from(jwe.protected, 'base64url').toString()) as { epk: Record<string, string> }
    const flipped = Buffer.from(String(header.epk['x']), 'base64url')
    flipped.writeUInt8((flipped.at(-1) ?? 0) ^ 1, flipped.length - 1)
    const changes = [
      ...(agreement === 'X25519'
        ? []
        : [{ x: flipped.toString('base64url') }, { y: header.epk['x'] }, { y: undefined }]),
      { x: String(header.epk['x']).slice(4) },
      { kty: 'RSA' },
    ]
    for (const change of changes) {
      const epk = { ...header.epk, ...change }
      const changed = { ...jwe, protected: Buffer.from(text({ ...header, epk })).toString('base64url') }
      const opening = unpack(text(changed), contextOf(bob, [alice]))
      await expect(opening, JSON.stringify(change)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_MALFORMED' })
    }
  })

  test.skipIf(agreement === 'X25519')(
    'without the curve, a sender says so, and a message is refused as unsupported',
    async () => {
      const [alice, bob] = [party('did:example:alice', 1, { agreement }), party('did:example:bob', 1, { agreement })]
      const { curves: _, ...core } = crypto
      const message = messageBetween(alice, bob)
      const without = { ...contextOf(alice, [bob]), crypto: core }
      await expect(pack(message, { to: bob.did }, without)).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
      const { bytes } = await pack(message, { to: bob.did }, contextOf(alice, [bob]))
      const opening = unpack(bytes, { ...contextOf(bob, [alice]), crypto: core })
      await expect(opening).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
    },
  )
})

describe.each(['X25519', 'P-256'] as const)('didcomm-node over %s', (agreement) => {
  const signings = ['Ed25519', 'P-256', 'secp256k1'] as const
  for (const signing of signings) {
    const alice = party('did:example:alice', 1, { agreement, signing })
    const bob = party('did:example:bob', 2, { agreement, signing })
    const message = messageBetween(alice, bob)
    const us = (who: Party) => contextOf(who, [alice, bob])
    const them = (who: Party) => didcommNode([alice.document, bob.document], secretJwks(who))

    test(`opens what we sign with ${signing}, and we what it signs [H1, H2]`, async () => {
      const ours = await packSigned(message, { from: alice.did }, us(alice))
      expect((await them(bob).unpack(ours.bytes)).message).toEqual(message)
      const theirs = await them(alice).packSigned(message, alice.did)
      expect(await unpack(theirs, us(bob))).toMatchObject({ message, sender: alice.did, nonRepudiable: true })
      const both = await pack(message, { to: bob.did, sign: alice.did }, us(alice))
      expect((await them(bob).unpack(both.bytes)).metadata).toMatchObject({ encrypted: true, non_repudiation: true })
    })
  }

  const [alice, bob] = [party('did:example:alice', 1, { agreement }), party('did:example:bob', 2, { agreement })]
  const message = messageBetween(alice, bob)
  const us = (who: Party) => contextOf(who, [alice, bob])
  const them = (who: Party) => didcommNode([alice.document, bob.document], secretJwks(who))

  test('authcrypt in both directions [E5, E7, F1]', async () => {
    const ours = await pack(message, { to: bob.did, from: alice.did }, us(alice))
    const opened = await them(bob).unpack(ours.bytes)
    expect(opened.metadata).toMatchObject({ authenticated: true, encrypted_from_kid: alice.keys[0]?.kid })
    const theirs = await them(alice).pack(message, bob.did, alice.did)
    expect(await unpack(theirs, us(bob))).toMatchObject({ message, sender: alice.did })
  })

  for (const [enc, theirName] of Object.entries(encs)) {
    test(`anoncrypt with ${enc} in both directions [E5, E7, E8, E9, G1]`, async () => {
      const ours = await pack(message, { to: bob.did, enc: enc as keyof typeof encs }, us(alice))
      expect((await them(bob).unpack(ours.bytes)).message).toEqual(message)
      const theirs = await them(alice).pack(message, bob.did, null, { enc: theirName })
      expect(await unpack(theirs, us(bob))).toMatchObject({ message, encrypted: true })
    })
  }
})

describe.each(Object.entries(signingCurves))('jose with %s', (signing, alg) => {
  const alice = party('did:example:alice', 1, { signing: signing as keyof typeof signingCurves })
  const bob = party('did:example:bob')
  const message = messageBetween(alice, bob)
  const context = contextOf(bob, [alice])
  const jwk = secretJwks(alice).at(-1) as SecretJwk
  const protectedHeader = { alg, typ: 'application/didcomm-signed+json' }
  // jose 6 no longer has ES256K.
  const knows = alg !== 'ES256K'

  test.skipIf(!knows)('verifies what we sign [H1, H2]', async () => {
    const { bytes } = await packSigned(message, { from: alice.did }, contextOf(alice, [bob]))
    const key = await importJWK(publicHalf(jwk), alg)
    const general = JSON.parse(new TextDecoder().decode(bytes))
    const { payload } = await generalVerify(general, key)
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(message)
    const [signature] = general.signatures
    await expect(flattenedVerify({ payload: general.payload, ...signature }, key)).resolves.toBeDefined()
  })

  test.skipIf(!knows)('signs for us, General and Flattened, with the key id in either header [H2, H4]', async () => {
    const key = await importJWK({ ...jwk }, alg)
    const { kid } = jwk
    const general = await new GeneralSign(text(message))
      .addSignature(key)
      .setProtectedHeader(protectedHeader)
      .setUnprotectedHeader({ kid })
      .sign()
    const flattened = await new FlattenedSign(text(message)).setProtectedHeader({ ...protectedHeader, kid }).sign(key)
    for (const jws of [general, flattened]) {
      expect(await unpack(text(jws), context)).toMatchObject({ message, sender: alice.did, nonRepudiable: true })
    }
  })
})

describe.each(agreementCurves)('jose with ECDH-ES+A256KW over %s', (agreement) => {
  const bob = party('did:example:bob', 1, { agreement })
  const [jwk] = secretJwks(bob) as [SecretJwk]
  const message = { ...messageBetween(party('did:example:alice'), bob), from: undefined }

  test.each(['A256CBC-HS512', 'A256GCM'] as const)('opens our anoncrypt with %s [E7, E8, G1, G2]', async (enc) => {
    const { bytes } = await pack(message as unknown as Message, { to: bob.did, enc }, contextOf(bob, []))
    const jwe = JSON.parse(new TextDecoder().decode(bytes))
    const compact = [jwe.protected, jwe.recipients[0].encrypted_key, jwe.iv, jwe.ciphertext, jwe.tag].join('.')
    const { plaintext } = await compactDecrypt(compact, await importJWK({ ...jwk }, 'ECDH-ES+A256KW'))
    expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual({ ...message })
  })

  test.each(['A256CBC-HS512', 'A256GCM'] as const)('encrypts for us with %s [E7, E8, G1, G2]', async (enc) => {
    const apv = crypto.sha256(new TextEncoder().encode(jwk.kid))
    const compact = await new CompactEncrypt(text(message))
      .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc })
      .setKeyManagementParameters({ apv })
      .encrypt(await importJWK(publicHalf(jwk), 'ECDH-ES+A256KW'))
    const [protectedHeader, encrypted_key, iv, ciphertext, tag] = compact.split('.')
    const recipients = [{ header: { kid: jwk.kid }, encrypted_key }]
    const opened = await unpack(
      text({ protected: protectedHeader, recipients, iv, ciphertext, tag }),
      contextOf(bob, []),
    )
    expect(opened.message.id).toBe(message.id)
  })
})
