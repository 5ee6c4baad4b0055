import { describe, expect, test } from 'vitest'
import { memorySecrets } from '../../runtime/crypto/index.ts'
import { createFromPrior, type EnvelopeContext, pack, packSigned, unpack } from '../../runtime/envelope/index.ts'
import { parseJwe } from '../../runtime/envelope/jwe/index.ts'
import { maxSignatures, signJws } from '../../runtime/envelope/jws/index.ts'
import { contextOf, crypto, type Party, party } from './world.ts'

const did = 'did:example:alice'
const bob = party('did:example:bob')
const carol = party('did:example:carol')

/** Alice has a key to sign on each of two curves, and two to agree. */
const alice = joined(party(did, 2), party(did, 1, { signing: 'P-256' }))
const [, secondAgreement, ed25519, p256] = alice.keys.map(({ kid }) => kid) as [string, string, string, string]
const asAlice: EnvelopeContext = { ...contextOf(alice, [bob, carol]), secrets: memorySecrets(crypto, alice.keys) }
const asBob = contextOf(bob, [alice, carol])
const message = {
  id: '1234567890',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: did,
  to: [bob.did],
  body: { t: 21.5 },
}

/** `one`, and the key of `other` that signs. */
function joined(one: Party, other: Party): Party {
  const methods = [...(one.document.verificationMethod ?? []), ...(other.document.verificationMethod?.slice(-1) ?? [])]
  const authentication = [...(one.document.authentication ?? []), ...(other.document.authentication ?? [])]
  const document = { ...one.document, verificationMethod: methods, authentication }
  return { did: one.did, document, keys: [...one.keys, ...other.keys.slice(-1)] }
}

describe('a message signed with several keys', () => {
  test('proves its sender by all of them [C3, C5, H2]', async () => {
    const { bytes } = await packSigned(message, { from: did, alsoBy: [p256] }, asAlice)
    const { sender, layers } = await unpack(bytes, asBob)
    expect(sender).toBe(did)
    expect(layers).toEqual([{ kind: 'signed', signerKids: [ed25519, p256] }])
  })

  test('is refused where one of its signatures is of other bytes [C4]', async () => {
    const parsed = async (more: object) =>
      JSON.parse(
        new TextDecoder().decode(
          (await packSigned({ ...message, ...more }, { from: did, alsoBy: [p256] }, asAlice)).bytes,
        ),
      )
    const [jws, other] = [await parsed({}), await parsed({ id: 'other' })]
    jws.signatures[1].signature = other.signatures[1].signature
    const opening = unpack(new TextEncoder().encode(JSON.stringify(jws)), asBob)
    await expect(opening).rejects.toMatchObject({ code: 'ERR_ENVELOPE_SIGNATURE' })
  })

  test('is one DID’s, once a key, and never flattened', async () => {
    const signing = (options: object) => packSigned(message, { from: did, ...options }, asAlice)
    await expect(signing({ alsoBy: [carol.keys[1]?.kid] })).rejects.toThrow(TypeError)
    await expect(signing({ alsoBy: [ed25519] })).rejects.toThrow(TypeError)
    await expect(signing({ alsoBy: [p256], form: 'flattened' })).rejects.toThrow(TypeError)
    await expect(signing({ alsoBy: [`${did}#nowhere`] })).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
  })

  test('has no more signatures than are read', async () => {
    const signer = { kid: ed25519, curve: 'Ed25519', sign: (data: Uint8Array) => asAlice.secrets.sign(ed25519, data) }
    const payload = new Uint8Array(1)
    const others = Array.from({ length: maxSignatures }, () => signer)
    await expect(signJws({ payload, ...signer, others })).rejects.toThrow(RangeError)
    await expect(signJws({ payload, ...signer, others: others.slice(1) })).resolves.toBeInstanceOf(Uint8Array)
  })
})

describe('a DID URL in the place of a DID', () => {
  test('names the key that signs [H3]', async () => {
    const { bytes } = await packSigned(message, { from: p256 }, asAlice)
    expect((await unpack(bytes, asBob)).layers).toEqual([{ kind: 'signed', signerKids: [p256] }])
    const encrypted = await pack(message, { to: bob.did, sign: p256 }, asAlice)
    expect((await unpack(encrypted.bytes, asBob)).layers[1]).toEqual({ kind: 'signed', signerKids: [p256] })
  })

  test('names the key that agrees, and none that only signs [C6, F8]', async () => {
    const { bytes } = await pack(message, { to: bob.did, from: secondAgreement }, asAlice)
    expect(parseJwe(bytes, crypto).skid).toBe(secondAgreement)
    expect((await unpack(bytes, asBob)).sender).toBe(did)
    const wrong = pack(message, { to: bob.did, from: ed25519 }, asAlice)
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_KEY_NOT_FOUND' })
  })

  test('is no DID for from_prior', async () => {
    await expect(createFromPrior({ prior: ed25519, next: bob.did, issuedAt: 1 }, asAlice)).rejects.toThrow(TypeError)
  })
})
