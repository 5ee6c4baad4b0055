import { describe, expect, test } from 'vitest'
import { openCompact } from '../../runtime/envelope/compact-seal.ts'
import { documentKeys } from '../../runtime/envelope/document-keys.ts'
import { type CompactVectors, compactVectors } from '../../tools/write-compact-vectors.ts'
import { ownVectors } from '../vectors.ts'
import { openReference, type ReferenceKey } from './compact-reference.ts'
import { contextOf, type Party, party } from './world.ts'

const { vectors, refused } = ownVectors<CompactVectors>('own/compact.json')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

function referenceKey({ url, publicKey, secretKey }: CompactVectors['vectors'][number]['recipient']): ReferenceKey {
  return { url, publicKey: Buffer.from(publicKey, 'hex'), secretKey: Buffer.from(secretKey, 'hex') }
}

/** A party with the keys of a vector, under the names that it gives them. */
function partyOf({ url, publicKey, secretKey }: CompactVectors['vectors'][number]['recipient']): Party {
  const did = url.slice(0, url.indexOf('#'))
  const x = Buffer.from(publicKey, 'hex').toString('base64url')
  const method = { id: url, type: 'JsonWebKey2020', controller: did, publicKeyJwk: { kty: 'OKP', crv: 'X25519', x } }
  const document = { id: did, verificationMethod: [method], keyAgreement: [url] }
  return { did, document, keys: [{ kid: url, curve: 'X25519', secretKey: bytes(secretKey) }] }
}

test('the file is what the tool writes', async () => {
  expect(await compactVectors()).toEqual(ownVectors('own/compact.json'))
})

test('a 20-byte reading has 104 bytes as authcrypt and 94 as anoncrypt', () => {
  const sizes = vectors.map(({ name, envelope }) => [name, envelope.length / 2])
  expect(Object.fromEntries(sizes)).toMatchObject({
    'authcrypt, short ids, 20-byte body': 104,
    'anoncrypt, short id, 20-byte body': 94,
  })
})

for (const vector of vectors) {
  test(`${vector.name}: opens with the implementation that was written from the document alone`, () => {
    const sender = vector.sender && referenceKey(vector.sender)
    const opened = openReference(Buffer.from(vector.envelope, 'hex'), referenceKey(vector.recipient), sender)
    expect(opened.plaintext.toString('hex')).toBe(vector.plaintext)
    expect(opened).toMatchObject({ kind: vector.kind, derivedId: vector.derivedId })
  })

  test(`${vector.name}: opens`, async () => {
    const others = vector.sender ? [partyOf(vector.sender)] : []
    const opened = await openCompact(bytes(vector.envelope), documentKeys(contextOf(partyOf(vector.recipient), others)))
    expect(opened.content).toEqual(bytes(vector.plaintext))
    expect(opened.derivedId).toBe(vector.derivedId)
    const sender = vector.sender && { senderKid: vector.sender.url }
    expect(opened.layer).toMatchObject({ kind: vector.kind, recipientKid: vector.recipient.url, ...sender })
  })
}

describe('what must be refused', () => {
  const [first] = vectors
  if (!first?.sender) throw new TypeError('the first vector expected to be authcrypt')
  const sender = first.sender
  for (const { why, envelope } of refused) {
    test(`${why}: neither implementation opens it`, async () => {
      const context = contextOf(partyOf(first.recipient), [partyOf(sender)])
      await expect(openCompact(bytes(envelope), documentKeys(context))).rejects.toMatchObject({ name: 'DidCommError' })
      const open = () =>
        openReference(Buffer.from(envelope, 'hex'), referenceKey(first.recipient), referenceKey(sender))
      expect(open).toThrow()
    })
  }
})

test('a party that is made up for a test opens with the reference too, so that neither knows only the vectors', async () => {
  const { pack } = await import('../../runtime/envelope/index.ts')
  const sensor = party('did:example:sensor')
  const gateway = party('did:example:gateway')
  const options = { to: gateway.did, from: sensor.did, encoding: 'compact' } as const
  const message = { type: 'https://example.com/a/1.0/b', body: { a: 1 } }
  const context = contextOf(sensor, [gateway])
  const { bytes: envelope, id } = await pack(message, options, context)
  const keyOf = ({ keys }: Party): ReferenceKey => {
    const { kid, secretKey } = keys[0] ?? expect.fail()
    return {
      url: kid,
      secretKey: Buffer.from(secretKey),
      publicKey: Buffer.from(context.crypto.x25519.getPublicKey(secretKey)),
    }
  }
  expect(openReference(Buffer.from(envelope), keyOf(gateway), keyOf(sensor)).derivedId).toBe(id)
})
