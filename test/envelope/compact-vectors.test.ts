import { describe, expect, test } from 'vitest'
import { openCompact } from '../../runtime/envelope/compact-seal.ts'
import { documentKeys } from '../../runtime/envelope/document-keys.ts'
import { type CompactPart, pack, several, signed, unpack } from '../../runtime/envelope/index.ts'
import { typeRegistry } from '../../runtime/message/index.ts'
import { type CompactVectors, compactVectors } from '../../tools/write-compact-vectors.ts'
import { ownVectors } from '../vectors.ts'
import {
  openReference,
  openSeveral,
  type ReferenceKey,
  type ReferenceOpened,
  readMessage,
  verifySigned,
} from './compact-reference/index.ts'
import { contextOf, type Party, party } from './world.ts'

type VectorKey = CompactVectors['vectors'][number]['recipient']

const file = ownVectors<CompactVectors>('own/compact.json')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const buffer = (text: string): Buffer => Buffer.from(text, 'hex')
const types = typeRegistry([{ code: 1, type: 'https://example.com/telemetry/1.0/report' }])
const didOf = (url: string): string => url.slice(0, url.indexOf('#'))

function referenceKey({ url, publicKey, secretKey }: VectorKey): ReferenceKey {
  return { url, publicKey: buffer(publicKey), secretKey: buffer(secretKey) }
}

/** A party with the key of a vector, under the name that it gives it. */
function partyOf({ url, publicKey, secretKey }: VectorKey, curve: 'X25519' | 'Ed25519' = 'X25519'): Party {
  const did = didOf(url)
  const x = buffer(publicKey).toString('base64url')
  const method = { id: url, type: 'JsonWebKey2020', controller: did, publicKeyJwk: { kty: 'OKP', crv: curve, x } }
  const use = curve === 'X25519' ? { keyAgreement: [url] } : { keyAgreement: [], authentication: [url] }
  return {
    did,
    document: { id: did, verificationMethod: [method], ...use },
    keys: [{ kid: url, curve, secretKey: bytes(secretKey) }],
  }
}

/** The context of the holder of one key among the holders of others. */
const contextFor = (own: VectorKey, ...others: (VectorKey | undefined)[]) => {
  const known = others.filter((key) => key !== undefined)
  return contextOf(
    partyOf(own),
    known.map((key) => partyOf(key)),
    { types },
  )
}

test('the file is what the tool writes', async () => {
  expect(await compactVectors()).toEqual(file)
})

describe('an envelope for one key', () => {
  for (const vector of file.vectors) {
    test(`${vector.name}: opens with the implementation that was written from the document alone`, () => {
      const sender = vector.sender && referenceKey(vector.sender)
      const opened = openReference(buffer(vector.envelope), referenceKey(vector.recipient), sender)
      expect(opened.content.toString('hex')).toBe(vector.plaintext)
      expect(opened).toMatchObject({ kind: vector.kind, derivedId: vector.derivedId })
    })

    test(`${vector.name}: opens`, async () => {
      const opened = await openCompact(
        bytes(vector.envelope),
        documentKeys(contextFor(vector.recipient, vector.sender)),
      )
      expect(opened.content).toEqual(bytes(vector.plaintext))
      expect(opened.derivedId).toBe(vector.derivedId)
      const sender = vector.sender && { senderKid: vector.sender.url }
      expect(opened.layer).toMatchObject({ kind: vector.kind, recipientKid: vector.recipient.url, ...sender })
    })
  }
})

describe('an envelope for several keys', () => {
  for (const vector of file.several) {
    for (const recipient of vector.recipients) {
      const to = `${vector.name}, for ${didOf(recipient.url)}`
      test(`${to}: opens with the implementation that was written from the document alone`, () => {
        const sender = vector.sender && referenceKey(vector.sender)
        const opened = openSeveral(buffer(vector.envelope), referenceKey(recipient), sender)
        expect(opened.content.toString('hex')).toBe(vector.plaintext)
        expect(opened).toMatchObject({ kind: vector.kind, derivedId: vector.derivedId })
      })

      test(`${to}: opens`, async () => {
        const opened = await several().open(bytes(vector.envelope), documentKeys(contextFor(recipient, vector.sender)))
        expect(opened.content).toEqual(bytes(vector.plaintext))
        expect(opened.derivedId).toBe(vector.derivedId)
        const sender = vector.sender && { senderKid: vector.sender.url }
        expect(opened.layer).toMatchObject({ kind: vector.kind, recipientKid: recipient.url, ...sender })
      })
    }
  }
})

describe('a signed message', () => {
  for (const vector of file.signed) {
    const numbers = { 1: 'https://example.com/telemetry/1.0/report' }
    const from = didOf(vector.signer.url)
    const readReference = ({ content, derivedId }: ReferenceOpened) =>
      readMessage(content, { id: derivedId, from, types: numbers })

    test(`${vector.name}: verifies with the implementation that was written from the document alone`, () => {
      const opened = verifySigned(buffer(vector.envelope), referenceKey(vector.signer))
      expect(opened.content.toString('hex')).toBe(vector.plaintext)
      expect(opened.derivedId).toBe(vector.derivedId)
      expect(readReference(opened)).toEqual(vector.message)
      if (!vector.encrypted) return
      const { envelope, recipient } = vector.encrypted
      const outer = openReference(buffer(envelope), referenceKey(recipient))
      expect(readReference(verifySigned(outer.content, referenceKey(vector.signer)))).toEqual(vector.message)
    })

    test(`${vector.name}: verifies`, async () => {
      const signer = partyOf(vector.signer, 'Ed25519')
      const recipient = vector.encrypted && partyOf(vector.encrypted.recipient)
      const knownKids = async () => [vector.signer.url]
      const context = contextOf(recipient ?? signer, [signer], { types, knownKids })
      const expected = { message: vector.message, sender: from, nonRepudiable: true }
      expect(await unpack(bytes(vector.envelope), context)).toMatchObject({ ...expected, encrypted: false })
      if (!vector.encrypted) return
      const opened = await unpack(bytes(vector.encrypted.envelope), context)
      expect(opened).toMatchObject({ ...expected, encrypted: true, recipient: recipient?.did })
    })
  }
})

describe('a plaintext', () => {
  for (const { name, plaintext, message, implied, derivedId } of file.messages) {
    test(`${name}: is the JSON message that it stands for, to either implementation`, async () => {
      const numbers = { 1: 'https://example.com/telemetry/1.0/report' }
      const read = readMessage(buffer(plaintext), { ...implied, id: derivedId, types: numbers })
      expect(read).toEqual(message)
      if (implied.from !== undefined || implied.to !== undefined) return
      const unpacked = await unpack(bytes(plaintext), contextOf(party('did:example:anybody'), [], { types }))
      expect(unpacked.message).toEqual(message)
    })
  }
})

describe('what must be refused', () => {
  const [single] = file.vectors
  const [many] = file.several
  const [written] = file.signed
  if (!single?.sender || !many?.sender || !written) throw new TypeError('the first vectors expected to have senders')
  const [reader] = many.recipients
  if (!reader) throw new TypeError('an envelope expected to have recipients')
  const [from, fromOfMany] = [single.sender, many.sender]

  const refusedBy = async (
    envelope: string,
    open: CompactPart['open'],
    context: ReturnType<typeof contextOf>,
    reference: (envelope: Buffer) => unknown,
  ) => {
    await expect(open(bytes(envelope), documentKeys(context))).rejects.toMatchObject({ name: 'DidCommError' })
    expect(() => reference(buffer(envelope))).toThrow()
  }

  for (const { why, envelope } of file.refused) {
    test(`${why}: neither implementation opens it`, async () => {
      const context = contextFor(single.recipient, from)
      const [own, sender] = [referenceKey(single.recipient), referenceKey(from)]
      await refusedBy(envelope, openCompact, context, (sealed) => openReference(sealed, own, sender))
    })
  }

  for (const { why, envelope } of file.refusedSeveral) {
    test(`several, ${why}: neither implementation opens it`, async () => {
      const [own, sender] = [referenceKey(reader), referenceKey(fromOfMany)]
      const context = contextFor(reader, fromOfMany)
      await refusedBy(envelope, several().open, context, (sealed) => openSeveral(sealed, own, sender))
    })
  }

  for (const { why, envelope } of file.refusedSigned) {
    test(`signed, ${why}: neither implementation verifies it`, async () => {
      const signer = partyOf(written.signer, 'Ed25519')
      const context = contextOf(signer, [], { types, knownKids: async () => [written.signer.url] })
      const key = referenceKey(written.signer)
      await refusedBy(envelope, signed().open, context, (sealed) => verifySigned(sealed, key))
    })
  }
})

describe('parties that are made up for a test, so that neither implementation knows only the vectors', () => {
  const sensor = party('did:example:sensor')
  const gateway = party('did:example:gateway')
  const cloud = party('did:example:cloud')
  const message = { type: 'https://example.com/a/1.0/b', body: { a: 1 } }
  const context = contextOf(sensor, [gateway, cloud])
  const keyOf = ({ keys }: Party, curve = 'X25519'): ReferenceKey => {
    const { kid, secretKey } = keys.find((key) => key.curve === curve) ?? expect.fail()
    const { x25519, ed25519 } = context.crypto
    const publicKey = (curve === 'X25519' ? x25519 : ed25519).getPublicKey(secretKey)
    return { url: kid, secretKey: Buffer.from(secretKey), publicKey: Buffer.from(publicKey) }
  }

  test('what is for one key opens with the reference', async () => {
    const options = { to: gateway.did, from: sensor.did, encoding: 'compact' } as const
    const { bytes: envelope, id } = await pack(message, options, context)
    expect(openReference(Buffer.from(envelope), keyOf(gateway), keyOf(sensor)).derivedId).toBe(id)
  })

  test('what is for several opens with the reference, for each of them', async () => {
    for (const ids of ['short', 'long'] as const) {
      const options = { to: [gateway.did, cloud.did], from: sensor.did, encoding: 'compact', ids } as const
      const { bytes: envelope, id } = await pack(message, options, context)
      for (const reader of [gateway, cloud]) {
        const opened = openSeveral(Buffer.from(envelope), keyOf(reader), keyOf(sensor))
        expect(opened).toMatchObject({ derivedId: id, kind: 'authcrypt' })
        const read = readMessage(opened.content, { id, from: sensor.did, types: {} })
        expect(read).toEqual({ ...message, id, from: sensor.did, to: [gateway.did, cloud.did] })
      }
    }
  })

  test('what is signed for several opens with the reference', async () => {
    const options = { to: [gateway.did, cloud.did], sign: sensor.did, encoding: 'compact' } as const
    const { bytes: envelope, id } = await pack(message, options, context)
    const { content } = openSeveral(Buffer.from(envelope), keyOf(cloud))
    expect(verifySigned(content, keyOf(sensor, 'Ed25519'))).toMatchObject({ derivedId: id })
  })
})
