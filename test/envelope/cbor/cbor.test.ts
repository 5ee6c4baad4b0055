import { describe, expect, test } from 'vitest'
import { encodeBase64url } from '../../../runtime/bytes/index.ts'
import { memorySecrets } from '../../../runtime/crypto/index.ts'
import { didKey, firstOf } from '../../../runtime/did/index.ts'
import {
  cborEnvelope,
  ENCRYPTED_CBOR,
  PLAIN_CBOR,
  packCbor,
  packPlaintextCbor,
  packSignedCbor,
  SIGNED_CBOR,
  unpackCbor,
} from '../../../runtime/envelope/cbor/index.ts'
import {
  compact,
  compactWith,
  createFromPrior,
  json,
  pack,
  packPlaintextCompact,
  packSignedCompact,
  several,
} from '../../../runtime/envelope/index.ts'
import { didKeyIdentity } from '../../../runtime/identity.ts'
import { contextOf, crypto, party } from '../world.ts'

const alice = party('did:example:alice')
const bob = party('did:example:bob', 2)
const asAlice = contextOf(alice, [bob])
const asBob = contextOf(bob, [alice])
const message = {
  id: '1',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: alice.did,
  to: [bob.did],
  created_time: 1_700_000_000,
  body: { t: 21.5, name: 'Küche', list: [1, -1, 2 ** 40, null, true], 'a longer name': {} },
}
type Keyed = ReturnType<typeof didKeyIdentity>
const refused = (code: string) => ({ code })

describe('a message of didcomm/v2+cbor', () => {
  test('in authcrypt comes from whom it says, and is read by each key of the recipient', async () => {
    const packed = await packCbor(message, { to: bob.did, from: alice.did }, asAlice)
    expect(packed).toMatchObject({ mediaType: ENCRYPTED_CBOR, id: '1' })
    expect(await unpackCbor(packed.bytes, asBob)).toEqual({
      message,
      sender: alice.did,
      recipient: bob.did,
      encrypted: true,
      nonRepudiable: false,
      encoding: 'cbor',
      layers: [
        {
          kind: 'authcrypt',
          enc: 'A256CBC-HS512',
          recipientKid: bob.document.keyAgreement?.[0],
          senderKid: alice.document.keyAgreement?.[0],
        },
      ],
    })
    const [, second] = bob.keys
    const withSecond = contextOf({ ...bob, keys: [second!] }, [alice])
    expect(await unpackCbor(packed.bytes, withSecond)).toMatchObject({
      message,
      layers: [{ recipientKid: second?.kid }],
    })
  })

  test.each(['XC20P', 'A256GCM', 'A256CBC-HS512', undefined] as const)(
    'in anoncrypt with %s says nothing of its sender',
    async (enc) => {
      const { bytes } = await packCbor(message, { to: bob.did, ...(enc && { enc }) }, asAlice)
      const unpacked = await unpackCbor(bytes, asBob)
      expect(unpacked).toMatchObject({ message, encrypted: true, layers: [{ kind: 'anoncrypt', enc: enc ?? 'XC20P' }] })
      expect(unpacked.sender).toBeUndefined()
    },
  )

  test('in anoncrypt of signed is by its signer', async () => {
    const { bytes } = await packCbor(message, { to: bob.did, sign: alice.did }, asAlice)
    const layers = [{ kind: 'anoncrypt' }, { kind: 'signed', signerKids: [alice.document.authentication?.[0]] }]
    expect(await unpackCbor(bytes, asBob)).toMatchObject({ message, sender: alice.did, nonRepudiable: true, layers })
  })

  test('in anoncrypt of authcrypt hides its sender from others', async () => {
    const options = { to: bob.did, from: alice.did, protectSender: true, enc: 'A256GCM' } as const
    const { bytes } = await packCbor(message, options, asAlice)
    expect(new TextDecoder('latin1').decode(bytes)).not.toContain(alice.did)
    const layers = [
      { kind: 'anoncrypt', enc: 'A256GCM' },
      { kind: 'authcrypt', enc: 'A256CBC-HS512' },
    ]
    expect(await unpackCbor(bytes, asBob)).toMatchObject({ message, sender: alice.did, layers })
  })

  test('signed by itself, and by nothing, passes as what it is', async () => {
    const signed = await packSignedCbor(message, { from: alice.did }, asAlice)
    expect(signed.mediaType).toBe(SIGNED_CBOR)
    const opened = { message, sender: alice.did, encrypted: false, nonRepudiable: true }
    expect(await unpackCbor(signed.bytes, asBob)).toMatchObject(opened)
    const plain = packPlaintextCbor(message)
    expect(plain.mediaType).toBe(PLAIN_CBOR)
    const unpacked = await unpackCbor(plain.bytes, asBob)
    expect(unpacked).toMatchObject({ message, encrypted: false, nonRepudiable: false, layers: [] })
    expect(unpacked.sender).toBeUndefined()
  })

  test.each(['P-256', 'P-384', 'P-521'] as const)('goes over keys on %s', async (agreement) => {
    const [carol, dave] = [party('did:example:carol', 1, { agreement }), party('did:example:dave', 2, { agreement })]
    const note = { ...message, from: carol.did, to: [dave.did] }
    for (const options of [{ to: dave.did, from: carol.did }, { to: dave.did }]) {
      const { bytes } = await packCbor(note, options, contextOf(carol, [dave]))
      expect(await unpackCbor(bytes, contextOf(dave, [carol]))).toMatchObject({ message: note })
    }
  })

  test('signed with a key on P-256 is read', async () => {
    const carol = party('did:example:carol', 1, { signing: 'P-256' })
    const note = { ...message, from: carol.did }
    const { bytes } = await packSignedCbor(note, { from: carol.did }, contextOf(carol, []))
    expect(await unpackCbor(bytes, contextOf(bob, [carol]))).toMatchObject({ sender: carol.did, nonRepudiable: true })
  })

  test('with a body of 20 bytes between two did:key has these sizes, about half of the same in JSON', async () => {
    const [own, peer] = [1, 2].map((seed) => didKeyIdentity(crypto, new Uint8Array(32).fill(seed))) as [Keyed, Keyed]
    const secrets = memorySecrets(crypto, own.secretKeys)
    const context = { ...asAlice, secrets, resolve: firstOf(didKey(crypto)) }
    const id = '01234567-89ab-cdef-0123-456789abcdef'
    const reading = { id, type: message.type, from: own.did, to: [peer.did], body: { d: '0123456789abcdefg' } }
    const sizes: Record<string, number> = {}
    for (const [name, options] of Object.entries({
      authcrypt: { from: own.did },
      anoncrypt: {},
      signed: { sign: own.did },
    })) {
      sizes[name] = (await packCbor(reading, { to: peer.did, ...options }, context)).bytes.length
      sizes[`${name} in JSON`] = (await pack(reading, { to: peer.did, ...options }, context)).bytes.length
    }
    expect(sizes).toEqual({
      authcrypt: 789,
      'authcrypt in JSON': 1432,
      anoncrypt: 608,
      'anoncrypt in JSON': 1079,
      signed: 827,
      'signed in JSON': 1676,
    })
  })

  test('proves its from_prior', async () => {
    const old = party('did:example:old')
    const world = contextOf({ ...alice, keys: [...alice.keys, ...old.keys] }, [bob, old])
    const from_prior = await createFromPrior({ prior: old.did, next: alice.did, issuedAt: 1 }, world)
    const { bytes } = await packCbor({ ...message, from_prior }, { to: bob.did, from: alice.did }, world)
    const unpacked = await unpackCbor(bytes, contextOf(bob, [alice, old]))
    expect(unpacked.prior?.did).toBe(old.did)
  })
})

describe('an attachment', () => {
  const bytes = Uint8Array.of(0, 1, 254, 255)
  const attachments = [
    { id: 'a', data: { base64: encodeBase64url(bytes) } },
    { id: 'b', data: { json: { base64: 'AAEC' } } },
    { id: 'c', data: { base64: 'not+base64url=' } },
  ]
  const attached = { ...message, attachments }

  test.each(['binary', 'cbor'] as const)('is bytes in data.%s, and the same in JSON', async (member) => {
    const plain = packPlaintextCbor(attached, { attachments: member })
    const at = Buffer.from(plain.bytes).indexOf(
      Buffer.concat([Buffer.from([0x60 + member.length]), Buffer.from(member)]),
    )
    expect(plain.bytes.slice(at + 1 + member.length, at + 6 + member.length)).toEqual(Uint8Array.of(0x44, ...bytes))
    expect((await unpackCbor(plain.bytes, asBob)).message).toEqual(attached)
    const packed = await packCbor(attached, { to: bob.did, from: alice.did, attachments: member }, asAlice)
    expect((await unpackCbor(packed.bytes, asBob)).message).toEqual(attached)
  })
})

describe('the format', () => {
  const parties = { to: bob.did, from: alice.did }

  test.each([cborEnvelope(), cborEnvelope({ enc: 'A256GCM', attachments: 'cbor' })])(
    'opens what it packs',
    async (format) => {
      for (const options of [parties, { to: bob.did }, { ...parties, protectSender: true }]) {
        const { bytes } = await format.pack(message, options, asAlice)
        expect(await format.unpack(bytes, asBob)).toMatchObject({ message, encoding: 'cbor' })
      }
      const { id: _, ...unnamed } = message
      expect(format.derivesId).toBe(false)
      await expect(format.pack(unnamed, parties, asAlice)).rejects.toThrow(TypeError)
    },
  )

  test('recognizes its own by more than the first byte, and nothing of the others', async () => {
    const format = cborEnvelope()
    const own = [
      (await packCbor(message, parties, asAlice)).bytes,
      (await packSignedCbor(message, { from: alice.did }, asAlice)).bytes,
      packPlaintextCbor(message).bytes,
    ]
    const { bytes: forSeveral } = await compactWith([several()]).pack(message, parties, asAlice)
    expect([...forSeveral.subarray(0, 2)]).toEqual([0xd8, 0x60])
    const others = [
      forSeveral,
      (await packSignedCompact(message, { from: alice.did }, asAlice)).bytes,
      packPlaintextCompact(message, asAlice).bytes,
      (await compact().pack(message, parties, asAlice)).bytes,
      (await compact().pack(message, { to: bob.did }, asAlice)).bytes,
      (await json().pack(message, parties, asAlice)).bytes,
      Uint8Array.of(0x82, 1, 0xa0),
      Uint8Array.of(0xa1, 2, 1),
      Uint8Array.of(0xd8, 0x60, 0x80),
      Uint8Array.of(0xd2, 0x84, 0x43, 0xa1, 1, 0x32, 0xa0, 0x40, 0x40),
      Uint8Array.of(0xff),
    ]
    for (const bytes of own) expect(format.recognizes(bytes[0]!, bytes)).toBe(true)
    for (const bytes of others) expect(format.recognizes(bytes[0]!, bytes)).toBe(false)
    expect(format.recognizes(0x7b)).toBe(false)
    expect(format.recognizes(0xd8)).toBe(true)
  })

  test('has a limit of its own', async () => {
    const { bytes } = await cborEnvelope().pack(message, parties, asAlice)
    await expect(cborEnvelope({ maxBytes: 50 }).unpack(bytes, asBob)).rejects.toMatchObject(refused('ERR_TOO_LARGE'))
    expect(cborEnvelope({ maxBytes: 50 }).recognizes(bytes[0]!, bytes)).toBe(false)
  })
})
