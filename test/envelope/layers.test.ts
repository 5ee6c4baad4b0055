import { describe, expect, test } from 'vitest'
import { memorySecrets } from '../../runtime/crypto/index.ts'
import { createFromPrior, pack, packSigned, unpack } from '../../runtime/envelope/index.ts'
import { encryptJwe } from '../../runtime/envelope/jwe/index.ts'
import { signJws } from '../../runtime/envelope/jws/index.ts'
import { recipientKeys } from '../../runtime/envelope/keys.ts'
import { serializeMessage } from '../../runtime/message/index.ts'
import { contextOf, crypto, party } from './world.ts'

const [alice, bob, bobToo, carol] = [
  party('did:example:alice'),
  party('did:example:bob'),
  party('did:example:bob-too'),
  party('did:example:carol'),
]
const everybody = [alice, bob, bobToo, carol]
const asAlice = contextOf(alice, everybody)
const asBob = contextOf(bob, everybody)
const message = {
  id: '1234567890',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: alice.did,
  to: [bob.did],
  body: { t: 21.5 },
}
const addressing = { code: 'ERR_ENVELOPE_ADDRESSING' }
const malformed = { code: 'ERR_ENVELOPE_MALFORMED' }

const encrypted = async (plaintext: Uint8Array, did: string): Promise<Uint8Array> =>
  encryptJwe({ plaintext, recipients: await recipientKeys(did, asAlice) }, asAlice)

describe('the layers of one envelope', () => {
  /** One agent that has two DIDs, and would rather not tell. */
  const asBoth = { ...asBob, secrets: memorySecrets(crypto, [...bob.keys, ...bobToo.keys]) }

  test('are for one DID, lest a stranger learns that two are of one holder [E1]', async () => {
    const { to: _, ...unaddressed } = message
    const inner = await pack(unaddressed, { to: bob.did, from: alice.did }, asAlice)
    await expect(unpack(await encrypted(inner.bytes, bobToo.did), asBoth)).rejects.toMatchObject(addressing)
    expect(await unpack(await encrypted(inner.bytes, bob.did), asBoth)).toMatchObject({ recipient: bob.did })
  })

  test('say with "cty" what is in them, or nothing that counts [A6]', async () => {
    const { kid } = alice.keys[1] ?? expect.fail()
    const sign = (data: Uint8Array) => asAlice.secrets.sign(kid, data)
    const payload = serializeMessage(message)
    const signed = await signJws({ payload, kid, curve: 'Ed25519', sign })
    const withCty = async (cty: unknown): Promise<Uint8Array> => {
      const jws = JSON.parse(new TextDecoder().decode(signed))
      const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', cty })).toString('base64url')
      const signature = await sign(new TextEncoder().encode(`${header}.${jws.payload}`))
      const signatures = [
        { protected: header, signature: Buffer.from(signature).toString('base64url'), header: { kid } },
      ]
      return new TextEncoder().encode(JSON.stringify({ payload: jws.payload, signatures }))
    }
    for (const cty of [
      'application/didcomm-plain+json',
      'didcomm-plain+json',
      'DIDComm-Plain+JSON',
      'JWM',
      undefined,
    ]) {
      expect(await unpack(await withCty(cty), asBob)).toMatchObject({ sender: alice.did })
    }
    for (const cty of ['application/didcomm-signed+json', 'didcomm-encrypted+json', 7]) {
      await expect(unpack(await withCty(cty), asBob)).rejects.toMatchObject(malformed)
    }
  })
})

describe('a signed message for somebody else', () => {
  test('stays refused in anoncrypt whatever is allowed: its recipient could have passed it on [A15, C2, Z8]', async () => {
    const forCarol = { ...message, to: [carol.did] }
    const { bytes } = await packSigned(forCarol, { from: alice.did }, asAlice)
    const passedOn = await encrypted(bytes, bob.did)
    await expect(unpack(passedOn, asBob, { allow: ['other-recipient'] })).rejects.toMatchObject(addressing)
    const { to: _, ...unaddressed } = message
    const unbound = await packSigned(unaddressed, { from: alice.did }, asAlice)
    const rebound = await encrypted(unbound.bytes, bob.did)
    await expect(unpack(rebound, asBob, { allow: ['other-recipient'] })).rejects.toMatchObject(addressing)
  })
})

describe('from_prior in a compact envelope', () => {
  test('is verified by unpack as in JSON [I1, I5]', async () => {
    const issuedAt = 1_767_225_600
    const holder = { ...asAlice, secrets: memorySecrets(crypto, [...alice.keys, ...carol.keys]) }
    const packed = async (from_prior: string): Promise<Uint8Array> =>
      (await pack({ ...message, from_prior }, { to: bob.did, from: alice.did, encoding: 'compact' }, holder)).bytes
    const good = await createFromPrior({ prior: carol.did, next: alice.did, issuedAt }, holder)
    expect((await unpack(await packed(good), asBob)).prior).toEqual({ did: carol.did, next: alice.did, issuedAt })
    const elsewhere = await createFromPrior({ prior: carol.did, next: bob.did, issuedAt }, holder)
    await expect(unpack(await packed(elsewhere), asBob)).rejects.toMatchObject(addressing)
    const [header, claims] = good.split('.')
    const forged = `${header}.${claims}.${elsewhere.split('.')[2]}`
    await expect(unpack(await packed(forged), asBob)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_SIGNATURE' })
  })
})
