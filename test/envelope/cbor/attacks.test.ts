import { describe, expect, test } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor, encodeUtf8, Tagged } from '../../../runtime/bytes/index.ts'
import {
  packCbor,
  packPlaintextCbor,
  packSignedCbor,
  serializeCborMessage,
  unpackCbor,
} from '../../../runtime/envelope/cbor/index.ts'
import { pack } from '../../../runtime/envelope/index.ts'
import { contextOf, type Party, party, seededBytes } from '../world.ts'
import { privateKey, publicKey, rawPublic, referenceEncrypt, referenceSign } from './reference.ts'

const alice = party('did:example:alice')
const bob = party('did:example:bob')
const carol = party('did:example:carol')
const everybody = [alice, bob, carol]
const asAlice = contextOf(alice, everybody)
const asBob = contextOf(bob, everybody)
const random = seededBytes('attacks')
const message = {
  id: '1',
  type: 'https://didcomm.org/empty/1.0/empty',
  from: alice.did,
  to: [bob.did],
  body: {},
}
const parties = { to: bob.did, from: alice.did }
const coded = (code: string) => ({ code })
const malformed = coded('ERR_ENVELOPE_MALFORMED')
const unsupported = coded('ERR_ENVELOPE_UNSUPPORTED')
const addressing = coded('ERR_ENVELOPE_ADDRESSING')

const agreementKey = ({ keys }: Party) => ({
  kid: keys[0]!.kid,
  privateKey: privateKey('X25519', keys[0]!.secretKey),
})
const recipientOf = (who: Party) => {
  const { kid, privateKey: own } = agreementKey(who)
  return { kid, publicKey: publicKey(rawPublic(own)) }
}
/** An envelope around anything, by the second implementation. */
const sealed = (content: Uint8Array, sender?: Party, recipients = [bob]): Uint8Array =>
  referenceEncrypt(content, {
    recipients: recipients.map(recipientOf),
    ephemeral: random(32),
    random,
    ...(sender && { sender: agreementKey(sender) }),
  })
const signedBy = (who: Party, content: Uint8Array): Uint8Array =>
  referenceSign(content, who.keys[1]!.kid, privateKey('Ed25519', who.keys[1]!.secretKey))
const plain = serializeCborMessage(message)

type Map_ = Map<CborValue, CborValue>
interface Parts {
  body: Map_
  unprotected: Map_
  ciphertext: Uint8Array
  recipients: { protected: Map_; unprotected: Map_; key: Uint8Array }[]
}

/** Takes an envelope apart, changes it and writes it anew. */
function changed(bytes: Uint8Array, change: (parts: Parts) => void): Uint8Array {
  const [header, unprotected, ciphertext, entries] = (decodeCbor(bytes) as Tagged).value as [
    Uint8Array,
    Map_,
    Uint8Array,
    [Uint8Array, Map_, Uint8Array][],
  ]
  const parts: Parts = {
    body: decodeCbor(header) as Map_,
    unprotected,
    ciphertext,
    recipients: entries.map(([own, headers, key]) => ({
      protected: decodeCbor(own) as Map_,
      unprotected: headers,
      key,
    })),
  }
  change(parts)
  const recipients = parts.recipients.map((entry) => [encodeCbor(entry.protected), entry.unprotected, entry.key])
  return encodeCbor(new Tagged(96, [encodeCbor(parts.body), parts.unprotected, parts.ciphertext, recipients]))
}

describe('every byte counts', () => {
  test.each([
    ['authcrypt', () => packCbor(message, parties, asAlice)],
    ['anoncrypt', () => packCbor(message, { to: bob.did }, asAlice)],
    ['anoncrypt of signed', () => packCbor(message, { to: bob.did, sign: alice.did }, asAlice)],
    ['signed', () => packSignedCbor(message, { from: alice.did }, asAlice)],
  ])('of %s: none can be another, and none can be missing', async (_, make) => {
    const { bytes } = await make()
    for (let at = 0; at < bytes.length; at++) {
      for (const mask of [1, 0x80]) {
        const turned = bytes.slice()
        turned[at] = turned[at]! ^ mask
        await expect(unpackCbor(turned, asBob), `byte ${at} by ${mask}`).rejects.toMatchObject({ name: 'DidCommError' })
      }
      await expect(unpackCbor(bytes.subarray(0, at), asBob), `${at} bytes`).rejects.toMatchObject({
        name: 'DidCommError',
      })
    }
    const longer = Uint8Array.of(...bytes, 0)
    await expect(unpackCbor(longer, asBob)).rejects.toMatchObject({ name: 'DidCommError' })
  })
})

describe('an envelope', () => {
  const open = (change: (parts: Parts) => void, from = sealed(plain, alice, [bob, carol])) =>
    unpackCbor(changed(from, change), asBob)

  test('of the helper of these tests opens', async () => {
    expect(await open(() => {})).toMatchObject({ message, sender: alice.did })
  })

  test.each<[string, (parts: Parts) => void]>([
    [
      'a recipient added',
      ({ recipients }) =>
        recipients.push({ ...recipients[0]!, unprotected: new Map([[4, encodeUtf8('did:example:x#1')]]) }),
    ],
    ['a recipient removed', ({ recipients }) => recipients.pop()],
    ['a recipient twice', ({ recipients }) => recipients.push(recipients[0]!)],
    ['a key id changed', ({ recipients }) => recipients[1]!.unprotected.set(4, encodeUtf8('did:example:x#1'))],
    ['a key id that is no text', ({ recipients }) => recipients[1]!.unprotected.set(4, Uint8Array.of(255))],
    ['no key id', ({ recipients }) => recipients[1]!.unprotected.delete(4)],
    ['another parameter beside the key id', ({ recipients }) => recipients[1]!.unprotected.set(-22, new Uint8Array(8))],
    ['two protected headers', ({ recipients }) => recipients[1]!.protected.set(-22, new Uint8Array(8))],
    ['no apv', ({ recipients }) => recipients.forEach((entry) => void entry.protected.delete(-24))],
    ['no apu', ({ recipients }) => recipients.forEach((entry) => void entry.protected.delete(-21))],
    [
      'another skid than apu',
      ({ recipients }) => recipients.forEach((entry) => void entry.protected.set(-3, encodeUtf8(carol.keys[0]!.kid))),
    ],
    ['the media type of a signed one', ({ body }) => body.set(16, 'application/didcomm-signed+cbor')],
    ['the media type of a message', ({ body }) => body.set(16, 'didcomm-plain+cbor')],
  ])('with %s is malformed', async (_, change) => {
    await expect(open(change as never)).rejects.toMatchObject(malformed)
  })

  test.each<[string, (parts: Parts) => void]>([
    ['another key agreement', ({ recipients }) => recipients.forEach((entry) => void entry.protected.set(1, -29))],
    ['a direct key agreement', ({ recipients }) => recipients.forEach((entry) => void entry.protected.set(1, -25))],
    ['another content encryption', ({ body }) => body.set(1, 24)],
    ['a critical parameter', ({ body }) => body.set(2, [16])],
  ])('with %s is unsupported', async (_, change) => {
    await expect(open(change as never)).rejects.toMatchObject(unsupported)
  })

  test('of authcrypt with a content encryption that does not commit to its key is unsupported', async () => {
    const change = ({ body, unprotected }: Parts): void => {
      body.set(1, 'XC20P')
      unprotected.set(5, new Uint8Array(24))
    }
    await expect(open(change)).rejects.toMatchObject(unsupported)
    await expect(packCbor(message, { ...parties, enc: 'XC20P' }, asAlice)).rejects.toMatchObject(unsupported)
  })

  test('of another content under the entry of a recipient does not open', async () => {
    const [one, other] = [sealed(plain, alice), sealed(plain, alice)]
    const entries: Parts['recipients'] = []
    changed(other, ({ recipients }) => void entries.push(...recipients))
    const mixed = changed(one, ({ recipients }) => void recipients.splice(0, 1, ...entries))
    await expect(unpackCbor(mixed, asBob)).rejects.toMatchObject(coded('ERR_ENVELOPE_DECRYPT'))
  })

  test('by somebody who says to be another one does not open', async () => {
    const forged = referenceEncrypt(plain, {
      recipients: [recipientOf(bob)],
      ephemeral: random(32),
      random,
      sender: { ...agreementKey(carol), kid: agreementKey(alice).kid },
    })
    await expect(unpackCbor(forged, asBob)).rejects.toMatchObject(coded('ERR_ENVELOPE_DECRYPT'))
  })

  test('for nobody here is ERR_RECIPIENT_UNKNOWN, and by a key that is not listed ERR_ENVELOPE_ADDRESSING', async () => {
    await expect(unpackCbor(sealed(plain, alice, [carol]), asBob)).rejects.toMatchObject(coded('ERR_RECIPIENT_UNKNOWN'))
    const unlisted = { ...agreementKey(alice), kid: `${alice.did}#other` }
    const options = { recipients: [recipientOf(bob)], ephemeral: random(32), random, sender: unlisted }
    await expect(unpackCbor(referenceEncrypt(plain, options), asBob)).rejects.toMatchObject(addressing)
    const signed = referenceSign(plain, alice.keys[0]!.kid, privateKey('Ed25519', alice.keys[1]!.secretKey))
    await expect(unpackCbor(signed, asBob)).rejects.toMatchObject(addressing)
  })
})

describe('a message', () => {
  const sealedMessage = (changes: object, sender?: Party): Uint8Array =>
    sealed(serializeCborMessage({ ...message, ...changes }), sender)

  test.each([
    ['from somebody else than authcrypt proves', () => sealedMessage({ from: carol.did }, alice)],
    ['from nobody, in authcrypt', () => sealedMessage({ from: undefined }, alice)],
    ['for somebody else', () => sealedMessage({ to: [carol.did] }, alice)],
    ['from somebody else than its signer', () => signedBy(carol, plain)],
    [
      'signed and encrypted for nobody',
      () => sealed(signedBy(alice, serializeCborMessage({ ...message, to: undefined } as never))),
    ],
    ['signed by somebody else than authcrypt proves', () => sealed(signedBy(carol, plain), alice)],
  ])('%s is ERR_ENVELOPE_ADDRESSING', async (_, make) => {
    await expect(unpackCbor(make(), asBob)).rejects.toMatchObject(addressing)
  })

  test('for somebody else is let pass where that is allowed, and noted', async () => {
    const bytes = sealedMessage({ to: [carol.did] }, alice)
    const opened = { recipient: bob.did, tolerated: ['other-recipient'] }
    expect(await unpackCbor(bytes, asBob, ['other-recipient'])).toMatchObject(opened)
  })

  test.each([
    ['no map', encodeCbor([1, 2])],
    ['no id', encodeCbor(new Map([['type', message.type]]))],
    ['the typ of another encoding', encodeCbor({ ...message, typ: 'application/didcomm-plain+json' })],
    ['bytes where none belong', encodeCbor({ ...message, body: { bytes: new Uint8Array(1) } })],
    ['a number for a name', encodeCbor(new Map<CborValue, CborValue>([...Object.entries(message), [1, 1]]))],
    ['a tag', encodeCbor({ ...message, created_time: new Tagged(1, 5) })],
    [
      'an attachment with its bytes twice',
      encodeCbor({ ...message, attachments: [{ data: { cbor: new Uint8Array(1), binary: new Uint8Array(1) } }] }),
    ],
    [
      'a prototype for a name',
      encodeCbor(new Map<CborValue, CborValue>([...Object.entries(message), ['__proto__', 1]])),
    ],
    ['JSON', encodeUtf8(JSON.stringify(message))],
    ['nothing', new Uint8Array(0)],
  ])('that is %s is ERR_MESSAGE_MALFORMED within an envelope', async (_, content) => {
    await expect(unpackCbor(sealed(content), asBob)).rejects.toMatchObject(coded('ERR_MESSAGE_MALFORMED'))
  })

  test('that is deeper or larger than the limits is refused', async () => {
    const deep = Buffer.concat([...Array<Buffer>(20).fill(Buffer.from([0xa1, 0x61, 0x61])), Buffer.from([0xa0])])
    await expect(unpackCbor(deep, asBob)).rejects.toMatchObject(coded('ERR_MESSAGE_MALFORMED'))
    const many = Buffer.concat([Buffer.from([0xa1, 0x61, 0x61, 0x9a, 0, 1, 0x11, 0x70]), Buffer.alloc(70_000)])
    await expect(unpackCbor(many, asBob)).rejects.toMatchObject(coded('ERR_MESSAGE_MALFORMED'))
  })
})

describe('layers', () => {
  test.each([
    ['signed of signed', () => signedBy(alice, signedBy(alice, plain))],
    ['signed of encrypted', () => signedBy(alice, sealed(plain))],
    ['authcrypt of authcrypt', () => sealed(sealed(plain, alice), alice)],
    ['authcrypt of anoncrypt', () => sealed(sealed(plain), alice)],
    ['anoncrypt of anoncrypt', () => sealed(sealed(plain))],
    ['anoncrypt of authcrypt of signed', () => sealed(sealed(signedBy(alice, plain), alice))],
  ])('as %s are unsupported', async (_, make) => {
    await expect(unpackCbor(make(), asBob)).rejects.toMatchObject(unsupported)
  })

  test('as authcrypt of signed are read, and never written', async () => {
    const opened = { sender: alice.did, nonRepudiable: true, layers: [{ kind: 'authcrypt' }, { kind: 'signed' }] }
    expect(await unpackCbor(sealed(signedBy(alice, plain), alice), asBob)).toMatchObject(opened)
    await expect(packCbor(message, { ...parties, sign: alice.did }, asAlice)).rejects.toThrow(TypeError)
  })

  test('as the forbidden three are read where that is allowed', async () => {
    const bytes = sealed(sealed(signedBy(alice, plain), alice))
    const allow = ['anoncrypt-authcrypt-signed'] as const
    expect(await unpackCbor(bytes, asBob, allow)).toMatchObject({ sender: alice.did, tolerated: allow })
  })

  test('of another encoding inside are no message', async () => {
    const { bytes } = await pack(message, parties, asAlice)
    await expect(unpackCbor(sealed(bytes), asBob)).rejects.toMatchObject(coded('ERR_MESSAGE_MALFORMED'))
    await expect(unpackCbor(bytes, asBob)).rejects.toMatchObject(malformed)
  })
})

test('a plaintext is nobody’s, whatever it says', async () => {
  const unpacked = await unpackCbor(packPlaintextCbor(message).bytes, asBob)
  expect(unpacked.sender).toBeUndefined()
  expect(unpacked.encrypted).toBe(false)
})
