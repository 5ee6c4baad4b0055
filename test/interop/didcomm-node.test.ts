import { describe, expect, test } from 'vitest'
import { documentKeys } from '../../runtime/envelope/document-keys.ts'
import {
  forwardType,
  pack,
  packForEach,
  packSigned,
  unpack,
  unwrapForward,
  wrapForward,
} from '../../runtime/envelope/index.ts'
import { encryptJwe } from '../../runtime/envelope/jwe/index.ts'
import { recipientKeys } from '../../runtime/envelope/keys.ts'
import { serializeMessage } from '../../runtime/message/index.ts'
import type { Message } from '../../runtime/message/message.ts'
import { contextOf, type Party, party, secretJwks } from '../envelope/world.ts'
import { didcommNode } from './didcomm-node.ts'

const alice = party('did:example:alice')
const bob = party('did:example:bob', 2)
const mediators = [party('did:example:mediator1'), party('did:example:mediator2')] as const
const everybody = [alice, bob, ...mediators]
const documents = everybody.map(({ document }) => document)

const us = (who: Party) => contextOf(who, everybody)
const them = (who: Party) => didcommNode(documents, secretJwks(who))

const message: Message = {
  id: '1234567890',
  typ: 'application/didcomm-plain+json',
  type: 'https://didcomm.org/telemetry/1.0/report',
  from: alice.did,
  to: [bob.did],
  created_time: 1_767_225_600,
  body: { t: 21.5, station: 'Zürich' },
}

const encs = {
  'A256CBC-HS512': 'A256cbcHs512EcdhEsA256kw',
  XC20P: 'Xc20pEcdhEsA256kw',
  A256GCM: 'A256gcmEcdhEsA256kw',
} as const

describe('didcomm-node opens what we pack', () => {
  test('an envelope of the kind authcrypt', async () => {
    const { bytes } = await pack(message, { to: bob.did, from: alice.did }, us(alice))
    const opened = await them(bob).unpack(bytes)
    expect(opened.message).toEqual(message)
    expect(opened.metadata).toMatchObject({
      encrypted: true,
      authenticated: true,
      non_repudiation: false,
      encrypted_from_kid: alice.keys[0]?.kid,
    })
  })

  for (const enc of Object.keys(encs) as (keyof typeof encs)[]) {
    test(`an envelope of the kind anoncrypt, with ${enc}`, async () => {
      const { bytes } = await pack(message, { to: bob.did, enc }, us(alice))
      const opened = await them(bob).unpack(bytes)
      expect(opened.message).toEqual(message)
      expect(opened.metadata).toMatchObject({ encrypted: true, authenticated: false, anonymous_sender: true })
    })
  }

  test('an envelope of the kind signed', async () => {
    const { bytes } = await packSigned(message, { from: alice.did }, us(alice))
    const opened = await them(bob).unpack(bytes)
    expect(opened.message).toEqual(message)
    expect(opened.metadata).toMatchObject({ encrypted: false, non_repudiation: true, sign_from: alice.keys[1]?.kid })
  })

  test('an envelope of the kind anoncrypt of signed', async () => {
    const { bytes } = await pack(message, { to: bob.did, sign: alice.did }, us(alice))
    const opened = await them(bob).unpack(bytes)
    expect(opened.message).toEqual(message)
    expect(opened.metadata).toMatchObject({ encrypted: true, non_repudiation: true })
  })

  test('a forward over two mediators, layer by layer [L1, L2, L3]', async () => {
    const { bytes } = await pack(message, { to: bob.did, from: alice.did }, us(alice))
    const routingKeys = mediators.map(({ document }) => String(document.keyAgreement?.[0]))
    let wrapped = (await wrapForward(bytes, { next: bob.did, routingKeys }, us(alice))).bytes
    for (const [index, mediator] of mediators.entries()) {
      const forward = await them(mediator).unpack(wrapped)
      expect(forward.message).toMatchObject({ type: forwardType, body: { next: routingKeys[index + 1] ?? bob.did } })
      expect(forward.metadata).toMatchObject({ encrypted: true, authenticated: false })
      wrapped = new TextEncoder().encode(JSON.stringify(forward.message.attachments?.[0]?.data.json))
    }
    expect((await them(bob).unpack(wrapped)).message).toEqual(message)
  })
})

describe('we open what didcomm-node packs', () => {
  test('an envelope of the kind authcrypt', async () => {
    const bytes = await them(alice).pack(message, bob.did, alice.did)
    expect(await unpack(bytes, us(bob))).toMatchObject({
      message,
      sender: alice.did,
      recipient: bob.did,
      encrypted: true,
      nonRepudiable: false,
      encoding: 'json',
    })
  })

  for (const [enc, theirs] of Object.entries(encs)) {
    test(`an envelope of the kind anoncrypt, with ${enc}`, async () => {
      const bytes = await them(alice).pack(message, bob.did, null, { enc: theirs })
      const opened = await unpack(bytes, us(bob))
      expect(opened).toMatchObject({ message, recipient: bob.did, encrypted: true, nonRepudiable: false })
      expect(opened).not.toHaveProperty('sender')
    })
  }

  test('an envelope of the kind signed', async () => {
    const bytes = await them(alice).packSigned(message, alice.did)
    expect(await unpack(bytes, us(bob))).toMatchObject({ message, sender: alice.did, nonRepudiable: true })
  })

  test('an envelope of the kind anoncrypt of signed', async () => {
    const bytes = await them(alice).pack(message, bob.did, null, { sign: alice.did })
    expect(await unpack(bytes, us(bob))).toMatchObject({ message, sender: alice.did, nonRepudiable: true })
  })

  test('authcrypt of signed', async () => {
    const bytes = await them(alice).pack(message, bob.did, alice.did, { sign: alice.did })
    expect(await unpack(bytes, us(bob))).toMatchObject({ message, sender: alice.did, nonRepudiable: true })
  })

  test('an envelope of the kind anoncrypt of authcrypt', async () => {
    const bytes = await them(alice).pack(message, bob.did, alice.did, { protectSender: true })
    expect(await unpack(bytes, us(bob))).toMatchObject({ message, sender: alice.did, nonRepudiable: false })
  })

  test('an envelope of the kind anoncrypt of authcrypt of signed is rejected, since DIDComm forbids it', async () => {
    const bytes = await them(alice).pack(message, bob.did, alice.did, { sign: alice.did, protectSender: true })
    await expect(unpack(bytes, us(bob))).rejects.toMatchObject({ code: 'ERR_ENVELOPE_UNSUPPORTED' })
  })

  test('a forward over two mediators, layer by layer [L1, L2, L3]', async () => {
    const packed = await them(alice).pack(message, bob.did, alice.did)
    const routingKeys = mediators.map(({ document }) => String(document.keyAgreement?.[0]))
    let wrapped = await them(alice).wrapForward(packed, bob.did, routingKeys)
    for (const [index, mediator] of mediators.entries()) {
      const { next, payloads } = unwrapForward((await unpack(wrapped, us(mediator))).message)
      expect(next).toBe(routingKeys[index + 1] ?? bob.did)
      expect(payloads).toHaveLength(1)
      wrapped = payloads[0] ?? new Uint8Array(0)
    }
    expect(await unpack(wrapped, us(bob))).toMatchObject({ message, sender: alice.did })
  })
})

describe('one message for several DIDs', () => {
  const [carol] = mediators
  const to = [bob.did, carol.did]
  const toAll = { ...message, to }

  test('is opened by didcomm-node in the envelope of each of them [E1]', async () => {
    for (const by of [{ from: alice.did }, { sign: alice.did }, { from: alice.did, protectSender: true }, {}]) {
      const packed = await packForEach(toAll, { to, ...by }, us(alice))
      for (const [index, reader] of [bob, carol].entries()) {
        expect((await them(reader).unpack(packed[index]?.bytes ?? expect.fail())).message).toEqual(toAll)
      }
    }
  })

  test('is opened by us, where didcomm-node packs it for each', async () => {
    for (const reader of [bob, carol]) {
      const bytes = await them(alice).pack(toAll, reader.did, alice.did)
      expect(await unpack(bytes, us(reader))).toMatchObject({ recipient: reader.did, message: { to } })
    }
  })

  test('in one envelope is what didcomm-node refuses, and DIDComm forbids to write [E1]', async () => {
    const recipients = (await Promise.all(to.map((did) => recipientKeys(did, documentKeys(us(alice)))))).flat()
    const bytes = await encryptJwe({ plaintext: serializeMessage(toAll), recipients }, us(alice))
    await expect(them(bob).unpack(bytes)).rejects.toThrow(/Recipient keys are outside of one did/)
  })
})
