import { describe, expect, test } from 'vitest'
import { packCbor, packSignedCbor, unpackCbor } from '../../../runtime/envelope/cbor/index.ts'
import { contextOf, type Party, party, seededBytes } from '../world.ts'
import {
  cbor,
  pairs,
  privateKey,
  publicKey,
  type ReferenceOptions,
  rawPublic,
  referenceDecrypt,
  referenceEncrypt,
  referenceSign,
} from './reference.ts'

// Both directions between this package and a second implementation, which writes as the one in the field does.

const alice = party('did:example:alice')
const bob = party('did:example:bob', 2)
const asAlice = contextOf(alice, [bob])
const asBob = contextOf(bob, [alice])
const random = seededBytes('reference')

const agreementKey = ({ keys }: Party, n = 0) => ({
  kid: keys[n]!.kid,
  privateKey: privateKey('X25519', keys[n]!.secretKey),
})
const recipientOf = (who: Party, n = 0) => {
  const { kid, privateKey: own } = agreementKey(who, n)
  return { kid, publicKey: publicKey(rawPublic(own)) }
}
const signer = alice.keys[1]!

const type = 'https://didcomm.org/basicmessage/2.0/message'
const message = {
  id: '1',
  type,
  from: alice.did,
  to: [bob.did],
  created_time: 1_700_000_000,
  body: { content: 'Hello' },
}
describe('what the other implementation writes', () => {
  /** In the order of names, as a JSON library sorts them: not that of deterministic CBOR. */
  const plain = cbor(
    pairs(
      [
        'attachments',
        [
          pairs(
            ['id', 'a'],
            ['media_type', 'application/didcomm-encrypted+cbor'],
            ['data', pairs(['cbor', Buffer.from([0xd8, 0x60])])],
          ),
        ],
      ],
      ['body', pairs(['content', 'Hello'], ['a', 1])],
      ['from', alice.did],
      ['id', '1'],
      ['to', [bob.did]],
      ['typ', 'application/didcomm-plain+cbor'],
      ['type', type],
    ),
  )
  const attachments = [{ id: 'a', media_type: 'application/didcomm-encrypted+cbor', data: { base64: '2GA' } }]
  const expected = {
    id: '1',
    type,
    from: alice.did,
    to: [bob.did],
    body: { content: 'Hello', a: 1 },
    attachments,
  }
  const options = (changes: Partial<ReferenceOptions> = {}): ReferenceOptions => ({
    recipients: [recipientOf(bob)],
    ephemeral: random(32),
    random,
    ...changes,
  })

  test('as plaintext is read, though its maps are not in order', async () => {
    expect((await unpackCbor(plain, asBob)).message).toEqual(expected)
  })

  test.each([false, true])('as authcrypt is read, with skid: %s', async (skid) => {
    const bytes = referenceEncrypt(plain, options({ sender: agreementKey(alice), skid }))
    expect(await unpackCbor(bytes, asBob)).toMatchObject({ message: expected, sender: alice.did, encrypted: true })
  })

  test('as anoncrypt for several keys is read by each', async () => {
    const bytes = referenceEncrypt(plain, options({ recipients: [recipientOf(bob, 1), recipientOf(bob)] }))
    expect(await unpackCbor(bytes, asBob)).toMatchObject({ message: expected, encrypted: true })
    const second = contextOf({ ...bob, keys: [bob.keys[1]!] }, [alice])
    expect(await unpackCbor(bytes, second)).toMatchObject({ message: expected })
  })

  test('as signed, by itself and encrypted, is read', async () => {
    const signed = referenceSign(plain, signer.kid, privateKey('Ed25519', signer.secretKey))
    expect(await unpackCbor(signed, asBob)).toMatchObject({ message: expected, sender: alice.did, encrypted: false })
    const bytes = referenceEncrypt(signed, options())
    const opened = { message: expected, sender: alice.did, encrypted: true, nonRepudiable: true }
    expect(await unpackCbor(bytes, asBob)).toMatchObject(opened)
  })
})

describe('what is written here', () => {
  const parties = { to: bob.did, from: alice.did }
  const textsOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

  test('as authcrypt is opened by the other implementation, for each key', async () => {
    const { bytes } = await packCbor(message, parties, asAlice)
    for (const n of [0, 1]) {
      const opened = referenceDecrypt(bytes, agreementKey(bob, n), recipientOf(alice).publicKey)
      expect(textsOf(opened)).toContain('Hello')
    }
    expect(() => referenceDecrypt(bytes, agreementKey(bob), recipientOf(bob, 1).publicKey)).toThrow()
  })

  test.each(['XC20P', 'A256GCM', 'A256CBC-HS512'] as const)('as anoncrypt with %s is opened', async (enc) => {
    const { bytes } = await packCbor(message, { to: bob.did, enc }, asAlice)
    expect(textsOf(referenceDecrypt(bytes, agreementKey(bob)))).toContain('Hello')
  })

  test('names its recipients in the order of their hash, which the other one does not sort', async () => {
    const { bytes } = await packCbor(message, parties, asAlice)
    const text = textsOf(bytes)
    const at = bob.document.keyAgreement?.map((kid) => text.indexOf(String(kid))) ?? []
    expect(at).toEqual([...at].sort((a, b) => a - b))
  })

  test('as signed is, byte for byte but for the order of its header, what the other one writes', async () => {
    const { bytes } = await packSignedCbor(message, { from: alice.did }, asAlice)
    expect([...bytes.subarray(0, 2)]).toEqual([0xd2, 0x84])
    const text = textsOf(bytes)
    for (const part of [signer.kid, 'application/didcomm-signed+cbor', 'application/didcomm-plain+cbor']) {
      expect(text).toContain(part)
    }
  })
})
