import { describe, expect, test } from 'vitest'
import { memorySecrets } from '../../runtime/crypto/index.ts'
import { documentKeys } from '../../runtime/envelope/document-keys.ts'
import { createFromPrior, pack, packSigned, unpack } from '../../runtime/envelope/index.ts'
import { encryptJwe } from '../../runtime/envelope/jwe/index.ts'
import { deriveKek } from '../../runtime/envelope/jwe/kdf.ts'
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
  encryptJwe({ plaintext, recipients: await recipientKeys(did, documentKeys(asAlice)) }, asAlice)

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

describe('a DID URL in the headers', () => {
  test('with a path or a query is compared by its DID [B7, C1, C2, Z15]', async () => {
    const plain = { ...message, from: `${alice.did}/path?versionId=1`, to: [`${bob.did}?versionTime=2026`] }
    const { bytes } = await pack(plain, { to: bob.did, from: alice.did }, asAlice)
    expect(await unpack(bytes, asBob)).toMatchObject({ sender: alice.did, recipient: bob.did, message: plain })
    const other = { ...plain, from: `${carol.did}/path?versionId=1` }
    await expect(pack(other, { to: bob.did, from: alice.did }, asAlice)).rejects.toThrow(TypeError)
  })

  test('with a fragment is refused [B7, B10]', async () => {
    for (const bad of [{ from: `${alice.did}#key-1` }, { to: [`${bob.did}#key-1`] }]) {
      const plaintext = new TextEncoder().encode(JSON.stringify({ ...message, ...bad }))
      const opening = unpack(await encrypted(plaintext, bob.did), asBob)
      await expect(opening).rejects.toMatchObject({ code: 'ERR_MESSAGE_MALFORMED' })
    }
  })
})

describe('an anoncrypt envelope that names a sender all the same', () => {
  /** Written by hand: what is in `apu` has to enter the key derivation. */
  async function naming(more: object): Promise<Uint8Array> {
    const [recipient] = await recipientKeys(bob.did, documentKeys(asAlice))
    const { kid, bytes } = recipient ?? expect.fail()
    const secretKey = new Uint8Array(32).fill(7)
    const base64url = (data: Uint8Array): string => Buffer.from(data).toString('base64url')
    const apu = new TextEncoder().encode('did:example:nobody#key')
    const apv = crypto.sha256(new TextEncoder().encode(kid))
    const epk = { kty: 'OKP', crv: 'X25519', x: base64url(crypto.x25519.getPublicKey(secretKey)) }
    const alg = 'ECDH-ES+A256KW'
    const header = { alg, enc: 'XC20P', epk, apu: base64url(apu), apv: base64url(apv), ...more }
    const text = base64url(new TextEncoder().encode(JSON.stringify(header)))
    const z = crypto.x25519.getSharedSecret(secretKey, bytes)
    const kek = deriveKek(crypto, { z, alg, apu, apv, kekBytes: 32 })
    const [cek, iv] = [new Uint8Array(32).fill(8), new Uint8Array(24).fill(9)]
    const sealed = crypto.xchacha20poly1305.seal(cek, iv, serializeMessage(message), new TextEncoder().encode(text))
    const jwe = {
      protected: text,
      recipients: [{ header: { kid }, encrypted_key: base64url(crypto.a256kw.wrapKey(kek, cek)) }],
      iv: base64url(iv),
      ciphertext: base64url(sealed.subarray(0, -16)),
      tag: base64url(sealed.subarray(-16)),
    }
    return new TextEncoder().encode(JSON.stringify(jwe))
  }

  test('opens with its apu in the key derivation, and proves no sender, whatever skid says [G2, G3]', async () => {
    for (const more of [{}, { skid: alice.keys[0]?.kid }]) {
      const opened = await unpack(await naming(more), asBob)
      expect(opened).toMatchObject({ encrypted: true, recipient: bob.did })
      expect(opened).not.toHaveProperty('sender')
      expect(opened.layers).toEqual([{ kind: 'anoncrypt', enc: 'XC20P', recipientKid: bob.keys[0]?.kid }])
    }
  })
})
