import { describe, expect, test } from 'vitest'
import { p256, p384 } from '../../runtime/crypto/curves.ts'
import { crypto as core, memorySecrets, type SecretKey } from '../../runtime/crypto/index.ts'
import type { VerificationMethod } from '../../runtime/did/document.ts'
import { pack, packSigned, unpack } from '../../runtime/envelope/index.ts'
import { encryptJwe, parseJwe } from '../../runtime/envelope/jwe/index.ts'
import { contextOf, crypto, type Party, party } from './world.ts'

/** Which curve an envelope is on, and what becomes of keys that are not on theirs. */

type Curve = SecretKey['curve']

/** A party with `count` keys for key agreement on each of these curves, in this order. */
function partyOn(did: string, curves: readonly Curve[], count = 1): Party {
  const parties = curves.map((agreement) => party(did, count, { agreement }))
  const [signer = expect.fail()] = parties
  const agreeing = parties.map(({ keys }) => keys.slice(0, count))
  return {
    did,
    keys: [...agreeing.flat(), ...signer.keys.slice(count)],
    document: {
      ...signer.document,
      verificationMethod: parties.flatMap(({ document }) => document.verificationMethod ?? []),
      keyAgreement: agreeing.flat().map(({ kid }) => kid),
    },
  }
}

const message = (from: Party, to: Party) => ({
  id: '1',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: from.did,
  to: [to.did],
  body: { t: 21.5 },
})

const all: readonly Curve[] = ['P-521', 'P-256', 'P-384', 'X25519']

describe('a message to somebody with keys on several curves', () => {
  const cases: { recipient: readonly Curve[]; sender: readonly Curve[]; chosen: Curve }[] = [
    { recipient: all, sender: all, chosen: 'X25519' },
    { recipient: ['P-521', 'P-256', 'P-384'], sender: all, chosen: 'P-384' },
    { recipient: ['P-521', 'P-256'], sender: all, chosen: 'P-256' },
    { recipient: ['P-521'], sender: all, chosen: 'P-521' },
    { recipient: all, sender: ['P-256', 'P-521'], chosen: 'P-256' },
    { recipient: ['secp256k1', 'P-521'], sender: ['secp256k1', 'P-521'], chosen: 'P-521' },
  ]
  for (const { recipient, sender, chosen } of cases) {
    test(`on ${recipient.join(', ')}, from somebody on ${sender.join(', ')}, is for all keys on ${chosen} and no other [E1, E4, E13, F8]`, async () => {
      const bob = partyOn('did:example:bob', recipient, 2)
      const alice = partyOn('did:example:alice', sender)
      const { bytes } = await pack(message(alice, bob), { to: bob.did, from: alice.did }, contextOf(alice, [bob]))
      const { recipients, curve, skid } = parseJwe(bytes, crypto)
      expect(curve.crv).toBe(chosen)
      const onChosen = bob.keys.filter((key) => key.curve === chosen && key.kid !== bob.keys.at(-1)?.kid)
      expect(recipients.map(({ kid }) => kid)).toEqual(onChosen.map(({ kid }) => kid))
      expect(skid).toBe(alice.keys.find((key) => key.curve === chosen)?.kid)
      expect(await unpack(bytes, contextOf(bob, [alice]))).toMatchObject({ sender: alice.did })
    })
  }

  test('without a common curve fails with ERR_DID_UNUSABLE [E13]', async () => {
    const [alice, bob] = [partyOn('did:example:alice', ['P-256']), partyOn('did:example:bob', ['P-384'])]
    const packing = pack(message(alice, bob), { to: bob.did, from: alice.did }, contextOf(alice, [bob]))
    await expect(packing).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
  })

  test('goes to the curve that is supported, whatever else the document holds [E4]', async () => {
    const bob = partyOn('did:example:bob', ['P-384', 'X25519', 'P-256'])
    const alice = party('did:example:alice')
    const context = { ...contextOf(alice, [bob]), crypto: core }
    const { bytes } = await pack(message(alice, bob), { to: bob.did, from: alice.did }, context)
    expect(parseJwe(bytes, core).curve.crv).toBe('X25519')
  })
})

test('secp256k1 has no key agreement', async () => {
  const bob = partyOn('did:example:bob', ['secp256k1'])
  const packing = pack(message(bob, bob), { to: bob.did }, contextOf(bob, []))
  await expect(packing).rejects.toMatchObject({ code: 'ERR_DID_UNUSABLE' })
  const recipients = [{ kid: `${bob.did}#1`, curve: 'secp256k1', bytes: new Uint8Array(33) }]
  const encrypting = encryptJwe({ plaintext: new Uint8Array(1), recipients }, contextOf(bob, []))
  await expect(encrypting).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
})

/** The party as its document shows it with a y that is another number: no point, but one that compresses to the same bytes or its negative. */
function withWrongY(whose: Party): Party {
  const verificationMethod = whose.document.verificationMethod?.map((method): VerificationMethod => {
    const { publicKeyJwk } = method
    if (publicKeyJwk?.y === undefined) return method
    const y = Buffer.from(publicKeyJwk.y, 'base64url')
    y.writeUInt8((y[5] ?? 0) ^ 1, 5)
    return { ...method, publicKeyJwk: { ...publicKeyJwk, y: y.toString('base64url') } }
  })
  return { ...whose, document: { ...whose.document, ...(verificationMethod && { verificationMethod }) } }
}

describe.each(['P-256', 'P-384', 'P-521'] as const)(
  'a key on %s in a DID document that is not a point of the curve',
  (curve) => {
    const signing = curve === 'P-521' ? 'P-256' : curve
    const alice = party('did:example:alice', 1, { agreement: curve, signing })
    const bob = party('did:example:bob', 1, { agreement: curve, signing })

    test('is not encrypted to, by anoncrypt or authcrypt [E10]', async () => {
      const context = contextOf(alice, [withWrongY(bob)])
      for (const options of [{ to: bob.did }, { to: bob.did, from: alice.did }]) {
        await expect(pack(message(alice, bob), options, context)).rejects.toMatchObject({ code: 'ERR_KEY_INVALID' })
      }
      expect(context.secrets).toMatchObject({ derived: 0 })
    })

    test('is not taken for the key of a sender, and no private key meets it [E10]', async () => {
      const { bytes } = await pack(message(alice, bob), { to: bob.did, from: alice.did }, contextOf(alice, [bob]))
      const context = contextOf(bob, [withWrongY(alice)])
      await expect(unpack(bytes, context)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_DECRYPT' })
      expect(context.secrets).toMatchObject({ derived: 0 })
    })

    test('verifies nothing [H1]', async () => {
      const { bytes } = await packSigned(message(alice, bob), { from: alice.did }, contextOf(alice, [bob]))
      expect(await unpack(bytes, contextOf(bob, [alice]))).toMatchObject({ sender: alice.did })
      const opening = unpack(bytes, contextOf(bob, [withWrongY(alice)]))
      await expect(opening).rejects.toMatchObject({ code: 'ERR_ENVELOPE_SIGNATURE' })
    })
  },
)

describe('signatures on several curves', () => {
  const alice = party('did:example:alice', 1, { signing: 'P-256' })
  const bob = party('did:example:bob')

  test('are made by secrets that know the curve, where crypto does not: a secure element, say [H1]', async () => {
    const secrets = memorySecrets(crypto, alice.keys)
    const { bytes } = await packSigned(
      message(alice, bob),
      { from: alice.did },
      { ...contextOf(alice, []), crypto: core, secrets },
    )
    expect(await unpack(bytes, contextOf(bob, [alice]))).toMatchObject({ sender: alice.did, nonRepudiable: true })
    const opening = unpack(bytes, { ...contextOf(bob, [alice]), crypto: core })
    await expect(opening).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
  })

  test('of a length that is not the full one of R and S do not verify [H5]', async () => {
    const { bytes } = await packSigned(message(alice, bob), { from: alice.did }, contextOf(alice, []))
    const jws = JSON.parse(new TextDecoder().decode(bytes))
    const [signature] = jws.signatures
    const raw = Buffer.from(signature.signature, 'base64url')
    for (const wrong of [
      raw.subarray(1),
      Buffer.concat([raw, raw.subarray(0, 1)]),
      Buffer.concat([raw, raw]),
      Buffer.alloc(64),
    ]) {
      const changed = { ...jws, signatures: [{ ...signature, signature: wrong.toString('base64url') }] }
      const opening = unpack(Buffer.from(JSON.stringify(changed)), contextOf(bob, [alice]))
      await expect(opening).rejects.toMatchObject({ code: 'ERR_ENVELOPE_SIGNATURE' })
    }
  })

  test('with the other S that is valid verify, and ours have the lower one [H5]', async () => {
    const orders = {
      'P-256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
      secp256k1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    }
    for (const [signing, order] of Object.entries(orders)) {
      const signer = party('did:example:signer', 1, { signing: signing as Curve })
      const { bytes } = await packSigned({ ...message(signer, bob) }, { from: signer.did }, contextOf(signer, []))
      const jws = JSON.parse(new TextDecoder().decode(bytes))
      const [signature] = jws.signatures
      const raw = Buffer.from(signature.signature, 'base64url')
      const s = BigInt(`0x${raw.subarray(32).toString('hex')}`)
      expect(s < order / 2n).toBe(true)
      Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex').copy(raw, 32)
      const changed = { ...jws, signatures: [{ ...signature, signature: raw.toString('base64url') }] }
      const opened = await unpack(Buffer.from(JSON.stringify(changed)), contextOf(bob, [signer]))
      expect(opened.sender).toBe(signer.did)
    }
  })

  test('do not go with a key on another curve than that of their alg [H1]', async () => {
    const { bytes } = await packSigned(message(alice, bob), { from: alice.did }, contextOf(alice, []))
    const text = new TextDecoder().decode(bytes)
    for (const alg of ['ES256K', 'ES384', 'EdDSA']) {
      const jws = JSON.parse(text)
      const header = JSON.parse(Buffer.from(jws.signatures[0].protected, 'base64url').toString())
      jws.signatures[0].protected = Buffer.from(JSON.stringify({ ...header, alg })).toString('base64url')
      const opening = unpack(Buffer.from(JSON.stringify(jws)), contextOf(bob, [alice]))
      await expect(opening).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
    }
  })
})

test('a source of random bytes that brings no secret key is an error and no endless loop', async () => {
  for (const fill of [0, 0xff]) {
    const randomBytes = (length: number) => new Uint8Array(length).fill(fill)
    for (const curve of [p256, p384]) expect(() => curve.generateSecretKey(randomBytes)).toThrow(RangeError)
    const bob = party('did:example:bob', 1, { agreement: 'P-384' })
    const packing = pack(message(bob, bob), { to: bob.did }, { ...contextOf(bob, []), randomBytes })
    await expect(packing).rejects.toThrow(RangeError)
  }
})
