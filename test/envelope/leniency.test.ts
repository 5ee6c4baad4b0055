import { describe, expect, test } from 'vitest'
import { documentKeys } from '../../runtime/envelope/document-keys.ts'
import type { Leniency } from '../../runtime/envelope/index.ts'
import { json, pack, packSigned, unpack } from '../../runtime/envelope/index.ts'
import { encryptJwe } from '../../runtime/envelope/jwe/index.ts'
import { recipientKeys } from '../../runtime/envelope/keys.ts'
import { serializeMessage } from '../../runtime/message/index.ts'
import { contextOf, party } from './world.ts'

const [alice, bob, carol] = [party('did:example:alice'), party('did:example:bob', 2), party('did:example:carol')]
const everybody = [alice, bob, carol]
const asAlice = contextOf(alice, everybody)
const asBob = contextOf(bob, everybody)
const message = {
  id: '1234567890',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: alice.did,
  to: [bob.did],
  body: { t: 21.5 },
}
const unsupported = { code: 'ERR_ENVELOPE_UNSUPPORTED' }
const malformed = { code: 'ERR_ENVELOPE_MALFORMED' }

type Changes = Record<string, unknown>
const parsed = (bytes: Uint8Array): Changes => JSON.parse(new TextDecoder().decode(bytes))
const written = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

describe('the combinations of layers', () => {
  test('a protected sender is hidden from mediators, and proven to the recipient [A9, E2, G4]', async () => {
    const { bytes } = await pack(message, { to: bob.did, from: alice.did, protectSender: true, enc: 'XC20P' }, asAlice)
    const header = JSON.parse(Buffer.from(String(parsed(bytes)['protected']), 'base64url').toString())
    expect(header).toMatchObject({ alg: 'ECDH-ES+A256KW', enc: 'XC20P' })
    expect(JSON.stringify(header)).not.toContain('alice')
    const opened = await unpack(bytes, asBob)
    expect(opened).toMatchObject({ sender: alice.did, encrypted: true, nonRepudiable: false })
    expect(opened.layers.map(({ kind }) => kind)).toEqual(['anoncrypt', 'authcrypt'])
    const formatted = await json().pack(message, { to: bob.did, from: alice.did, protectSender: true }, asAlice)
    expect((await json().unpack(formatted.bytes, asBob)).layers).toHaveLength(2)
    await expect(pack(message, { to: bob.did, protectSender: true }, asAlice)).rejects.toThrow(TypeError)
    const compact = { to: bob.did, from: alice.did, protectSender: true, encoding: 'compact' as const }
    await expect(pack(message, compact, asAlice)).rejects.toThrow(TypeError)
  })

  test('anoncrypt of authcrypt of signed is for who allows it by name [A10, Z4]', async () => {
    const signed = await packSigned(message, { from: alice.did }, asAlice)
    const [sender] = alice.keys
    const deriveBits = (peer: Uint8Array) => asAlice.secrets.deriveBits(sender?.kid ?? '', peer)
    const recipients = await recipientKeys(bob.did, documentKeys(asAlice))
    const inner = await encryptJwe(
      { plaintext: signed.bytes, recipients, sender: { kid: sender?.kid ?? '', deriveBits } },
      asAlice,
    )
    const bytes = await encryptJwe({ plaintext: inner, recipients }, asAlice)
    await expect(unpack(bytes, asBob)).rejects.toMatchObject(unsupported)
    await expect(unpack(bytes, asBob, { allow: ['flattened-jwe', 'other-recipient'] })).rejects.toMatchObject(
      unsupported,
    )
    const allow: Leniency[] = ['anoncrypt-authcrypt-signed']
    expect(await unpack(bytes, asBob, { allow })).toMatchObject({ sender: alice.did, tolerated: allow })
    expect(await json({ allow }).unpack(bytes, asBob)).toMatchObject({ sender: alice.did, tolerated: allow })
  })

  test.each([
    ['signed', 'signed'],
    ['authcrypt', 'authcrypt'],
    ['anoncrypt', 'anoncrypt'],
    ['authcrypt', 'anoncrypt'],
    ['signed', 'authcrypt'],
    ['signed', 'anoncrypt'],
  ])('%s of %s is never allowed [A10, A13]', async (outer, inner) => {
    const recipients = await recipientKeys(bob.did, documentKeys(asAlice))
    const { kid } = alice.keys[0] ?? expect.fail()
    const sender = { kid, deriveBits: (peer: Uint8Array) => asAlice.secrets.deriveBits(kid, peer) }
    const layer = async (kind: string, plaintext: Uint8Array): Promise<Uint8Array> => {
      if (kind !== 'signed')
        return encryptJwe({ plaintext, recipients, ...(kind === 'authcrypt' && { sender }) }, asAlice)
      const { signJws } = await import('../../runtime/envelope/jws/index.ts')
      const { kid: signer } = alice.keys[1] ?? expect.fail()
      return signJws({
        payload: plaintext,
        kid: signer,
        curve: 'Ed25519',
        sign: (data) => asAlice.secrets.sign(signer, data),
      })
    }
    const bytes = await layer(outer, await layer(inner, serializeMessage(message)))
    const allow: Leniency[] = ['anoncrypt-authcrypt-signed', 'flattened-jwe', 'other-recipient']
    await expect(unpack(bytes, asBob, { allow })).rejects.toMatchObject(unsupported)
  })
})

describe('a flattened JWE', () => {
  async function flattened(): Promise<Changes> {
    const one = contextOf(carol, everybody)
    const { bytes } = await pack(
      { ...message, from: carol.did, to: [alice.did] },
      { to: alice.did, from: carol.did },
      one,
    )
    const { recipients, ...rest } = parsed(bytes) as { recipients: [Changes] }
    return { ...rest, ...recipients[0] }
  }

  test('is refused, and read where that is allowed [E3]', async () => {
    const bytes = written(await flattened())
    await expect(unpack(bytes, asAlice)).rejects.toMatchObject(malformed)
    const opened = await unpack(bytes, asAlice, { allow: ['flattened-jwe'] })
    expect(opened).toMatchObject({ sender: carol.did, tolerated: ['flattened-jwe'] })
  })

  test('is not tolerated where nothing had to be [E3]', async () => {
    const { bytes } = await pack(message, { to: bob.did, from: alice.did }, asAlice)
    expect(await unpack(bytes, asBob, { allow: ['flattened-jwe'] })).not.toHaveProperty('tolerated')
  })

  test('with recipients as well is neither form', async () => {
    const { header, encrypted_key, ...rest } = await flattened()
    const both = { ...rest, header, encrypted_key, recipients: [{ header, encrypted_key }] }
    for (const allow of [[], ['flattened-jwe' as const]]) {
      await expect(unpack(written(both), asAlice, { allow })).rejects.toMatchObject(malformed)
    }
  })
})

describe('a message that names other recipients', () => {
  const elsewhere = { ...message, to: [carol.did] }

  test('is an error, or a note where that is allowed [B9, C2, C4, Z8]', async () => {
    const recipients = await recipientKeys(bob.did, documentKeys(asAlice))
    const bytes = await encryptJwe({ plaintext: serializeMessage(elsewhere), recipients }, asAlice)
    await expect(unpack(bytes, asBob)).rejects.toMatchObject({ code: 'ERR_ENVELOPE_ADDRESSING' })
    const opened = await unpack(bytes, asBob, { allow: ['other-recipient'] })
    expect(opened).toMatchObject({ recipient: bob.did, tolerated: ['other-recipient'], message: { to: [carol.did] } })
  })

  test('is nobody’s where it names none: the receiver is the only one [B8]', async () => {
    const { to: _, ...without } = message
    const recipients = await recipientKeys(bob.did, documentKeys(asAlice))
    const bytes = await encryptJwe({ plaintext: serializeMessage(without), recipients }, asAlice)
    expect(await unpack(bytes, asBob)).not.toHaveProperty('tolerated')
  })
})

describe('typ', () => {
  test.each([
    ['without its prefix', 'didcomm-signed+json', true],
    ['as JOSE has it', 'JWM', true],
    ['of another layer', 'application/didcomm-encrypted+json', false],
    ['of a plaintext', 'didcomm-plain+json', false],
  ])('of a signed message %s [A4, A6, Z14]', async (_, typ, isTaken) => {
    const { signJws } = await import('../../runtime/envelope/jws/index.ts')
    const { kid } = alice.keys[1] ?? expect.fail()
    const sign = (data: Uint8Array) => asAlice.secrets.sign(kid, data)
    const bytes = await signJws({ payload: serializeMessage(message), kid, curve: 'Ed25519', typ, sign })
    const opening = unpack(bytes, asBob)
    if (isTaken) expect(await opening).toMatchObject({ sender: alice.did })
    else await expect(opening).rejects.toMatchObject(malformed)
  })

  test('of an encrypted message is that of encrypted messages [A3, A4]', async () => {
    const recipients = await recipientKeys(bob.did, documentKeys(asAlice))
    const plaintext = serializeMessage(message)
    const right = await encryptJwe({ plaintext, recipients, typ: 'didcomm-encrypted+json' }, asAlice)
    expect(await unpack(right, asBob)).toMatchObject({ encrypted: true })
    const wrong = await encryptJwe({ plaintext, recipients, typ: 'application/didcomm-plain+json' }, asAlice)
    await expect(unpack(wrong, asBob)).rejects.toMatchObject(malformed)
  })
})

describe('a signed message in the flattened form', () => {
  test('is made on request and read without asking [H2]', async () => {
    const { bytes } = await packSigned(message, { from: alice.did, form: 'flattened' }, asAlice)
    expect(Object.keys(parsed(bytes)).sort()).toEqual(['header', 'payload', 'protected', 'signature'])
    expect(await unpack(bytes, asBob)).toMatchObject({ sender: alice.did, nonRepudiable: true })
  })

  test('and several signatures of one DID, on keys of several curves, all verify or none does [H1, H2, C3]', async () => {
    const second = party(alice.did, 1, { signing: 'P-256' })
    const document = {
      ...alice.document,
      verificationMethod: [
        ...(alice.document.verificationMethod ?? []),
        ...(second.document.verificationMethod?.slice(-1) ?? []),
      ],
      authentication: [...(alice.document.authentication ?? []), ...(second.document.authentication ?? [])],
    }
    const both = { ...alice, document }
    const asReader = contextOf(bob, [both])
    const first = parsed((await packSigned(message, { from: alice.did }, asAlice)).bytes)
    const other = parsed((await packSigned(message, { from: alice.did }, contextOf(second, []))).bytes)
    const signatures = [first, other].flatMap((jws) => jws['signatures'] as { signature: string }[])
    const opened = await unpack(written({ payload: first['payload'], signatures }), asReader)
    expect(opened.layers).toEqual([{ kind: 'signed', signerKids: [alice.keys[1]?.kid, second.keys[1]?.kid] }])
    const forged = signatures.map((entry, i) => (i === 0 ? entry : { ...entry, signature: signatures[0]?.signature }))
    const opening = unpack(written({ payload: first['payload'], signatures: forged }), asReader)
    await expect(opening).rejects.toMatchObject({ code: 'ERR_ENVELOPE_SIGNATURE' })
  })
})
