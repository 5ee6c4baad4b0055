import { describe, expect, it } from 'vitest'
import { concatBytes, encodeBase58btc, encodeBase64url, encodeHex, encodeUtf8 } from '../../runtime/bytes/index.ts'
import { crypto } from '../../runtime/crypto/index.ts'
import {
  authenticationKeys,
  createDidPeer2,
  createDidPeer4,
  type DidDocument,
  didcommService,
  didcommServices,
  didOf,
  didPeer,
  type InputDocument,
  isDid,
  keyAgreementKeys,
} from '../../runtime/did/index.ts'
import { multihashSha256 } from '../../runtime/did/multihash.ts'
import { ownVectors, sharedVectors } from '../vectors.ts'

interface Peer2Vector {
  name: string
  did: string
  didDocument?: DidDocument
  didDocument_recomputed?: DidDocument
}

interface PeerVectors {
  vectors: Peer2Vector[]
  credo_fixtures: { fixture: string; did: string; didDocument: DidDocument }[]
  sicpa_docs: Record<string, DidDocument>
  level1_test_data: Record<string, string>
}

interface Peer4Vectors {
  vectors: {
    name: string
    inputDocument: InputDocument
    long: string
    short: string
    didDocumentLong?: DidDocument
    didDocumentShort?: DidDocument
  }[]
  negative: { name: string; did: string }[]
}

const own = ownVectors<{ peer2: PeerVectors['vectors']; peer4: Peer4Vectors['vectors'] }>('dids.json')
const peer = sharedVectors<PeerVectors>('dids/did_peer_0_1_2_3.json') ?? {
  vectors: own.peer2,
  credo_fixtures: [],
  sicpa_docs: {},
  level1_test_data: {},
}
const peer4 = sharedVectors<Peer4Vectors>('dids/did_peer_4.json') ?? { vectors: own.peer4, negative: [] }

const { resolve } = didPeer(crypto)
const X25519 = 'z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc'
const ED25519 = 'z6MkqRYqQiSgvZQdnBytw86Qbs2ZWUkGv22od935YF4s8M7V'

/** The bytes of all keys: fixtures of other libraries have key ids of other forms. */
function keyBytes(document: DidDocument): string[][] {
  return [authenticationKeys(document), keyAgreementKeys(document)].map((keys) =>
    keys.map(({ bytes }) => encodeHex(bytes)),
  )
}

function peer2With(...services: unknown[]): string {
  const elements = services.map((service) => `.S${encodeBase64url(encodeUtf8(JSON.stringify(service)))}`)
  return `did:peer:2.E${X25519}${elements.join('')}`
}

describe('did:peer:0', () => {
  const fixture = peer.credo_fixtures.find(({ did }) => did.startsWith('did:peer:0'))
  it.skipIf(!fixture)('has the keys of another library, with the same ids', async () => {
    const document = await resolve(fixture!.did)
    expect(authenticationKeys(document)).toStrictEqual(authenticationKeys(fixture!.didDocument))
    expect(keyAgreementKeys(document)).toStrictEqual(keyAgreementKeys(fixture!.didDocument))
  })

  it('is the document of its key', async () => {
    const did = `did:peer:0${ED25519}`
    expect(authenticationKeys(await resolve(did)).map(({ kid }) => kid)).toStrictEqual([`${did}#${ED25519}`])
  })
})

describe('did:peer:2', () => {
  it.each(peer.vectors)('$name resolves to the document of the vector', async (vector) => {
    expect(await resolve(vector.did)).toStrictEqual(vector.didDocument ?? vector.didDocument_recomputed)
  })

  const fixtures = peer.credo_fixtures.filter(({ did }) => did.startsWith('did:peer:2'))
  it.each(fixtures)('$fixture has the keys and endpoints that another library reads', async ({ did, didDocument }) => {
    const document = await resolve(did)
    expect(keyBytes(document)).toStrictEqual(keyBytes(didDocument))
    expect(didcommServices(document)).toStrictEqual(didcommServices(didDocument))
  })

  const documents = Object.entries(peer.sicpa_docs)
  it.each(documents)('%s has the keys and endpoints that an old library reads', async (name, didDocument) => {
    const document = await resolve(didDocument.id)
    const [authentication, keyAgreement] = keyBytes(document)
    // That library lists the first key twice where there are two.
    expect(authentication).toEqual(expect.arrayContaining(keyBytes(didDocument)[0]!))
    // For did:peer:0 it derives no X25519 key.
    if (!name.includes('NUMALGO_O')) expect(keyAgreement).toStrictEqual(keyBytes(didDocument)[1])
    expect(didcommServices(document)).toStrictEqual(didcommServices(didDocument))
  })

  it('is made as the specification writes it', () => {
    const did = createDidPeer2({
      keys: [
        { purpose: 'authentication', multikey: 'z6Mkj3PUd1WjvaDhNZhhhXQdz5UnZXmS7ehtx8bsPpD47kKc' },
        { purpose: 'keyAgreement', multikey: 'z6LSg8zQom395jKLrGiBNruB9MM6V8PWuf2FpEy4uRFiqQBR' },
      ],
      services: [
        {
          uri: 'http://example.com/didcomm',
          accept: ['didcomm/v2'],
          routingKeys: ['did:example:123456789abcdefghi#key-1'],
        },
        {
          uri: 'http://example.com/another',
          accept: ['didcomm/v2'],
          routingKeys: ['did:example:123456789abcdefghi#key-2'],
        },
      ],
    })
    expect(did).toBe(own.peer2[0]!.did)
  })

  it('leaves out empty lists', async () => {
    const services = [{ uri: 'mqtt://broker/inbox', accept: [], routingKeys: [] }]
    const did = createDidPeer2({ keys: [{ purpose: 'keyAgreement', multikey: X25519 }], services })
    expect(did).toBe(peer2With({ t: 'dm', s: { uri: 'mqtt://broker/inbox' } }))
    expect(didcommServices(await resolve(did))).toStrictEqual([
      { uri: 'mqtt://broker/inbox', accept: [], routingKeys: [] },
    ])
  })

  it('gives ids to the services without one [L9]', async () => {
    const dm = { t: 'dm', s: 'https://example.com' }
    const document = await resolve(peer2With(dm, { ...dm, id: '#mine' }, [dm, dm]))
    expect(document.service?.map(({ id }) => id)).toStrictEqual(['#service', '#mine', '#service-1', '#service-2'])
  })

  it('numbers keys in order of appearance, whatever they are for', async () => {
    const document = await resolve(`did:peer:2.A${ED25519}.V${ED25519}.E${X25519}.I${ED25519}.D${ED25519}`)
    expect(document).toMatchObject({
      assertionMethod: ['#key-1'],
      authentication: ['#key-2'],
      keyAgreement: ['#key-3'],
      capabilityInvocation: ['#key-4'],
      capabilityDelegation: ['#key-5'],
    })
    expect(keyAgreementKeys(document)[0]?.kid).toBe(`${document.id}#key-3`)
  })

  it('keeps a key of a kind that it does not know', async () => {
    const bls =
      'zUC7K4ndUaGZgV7Cp2yJy6JtMoUHY6u7tkcSYUvPrEidqBmLCTLmi6d5WvwnUqejscAkERJ3bfjEiSYtdPkRSE8kSa11hFBr4sTgnbZ95SJj19PN2jdvJjyzpSZgxkyyxNnBNnY'
    const document = await resolve(`did:peer:2.A${bls}.E${X25519}`)
    expect(document.verificationMethod).toHaveLength(2)
    expect(keyAgreementKeys(document)[0]?.kid).toBe(`${document.id}#key-2`)
  })

  it.each([
    ['without elements', 'did:peer:2'],
    ['with an empty element', `did:peer:2.E${X25519}..V${ED25519}`],
    ['without the first dot', `did:peer:2E${X25519}`],
    ['with an unknown purpose', `did:peer:2.X${X25519}`],
    ['with a purpose that is a member of every object', `did:peer:2.__proto__`],
    ['with a key one byte short', `did:peer:2.Ez${encodeBase58btc(Uint8Array.of(0xec, 1, ...new Uint8Array(31)))}`],
    ['with a key that is no multikey', 'did:peer:2.Ex'],
    ['with a service that is not base64url', `did:peer:2.E${X25519}.S%20`],
    ['with a service that is not JSON', `did:peer:2.E${X25519}.S${encodeBase64url(encodeUtf8('{"t":"dm"'))}`],
    ['with a service that is a text', peer2With('dm')],
    ['with a service without type', peer2With({ s: 'https://example.com' })],
    ['with a service without endpoint', peer2With({ t: 'dm' })],
    ['with a service that says its type twice', peer2With({ t: 'dm', type: 'dm', s: 'https://example.com' })],
    ['with a service nested too deep', peer2With({ t: 'dm', s: [[[[[[[[[]]]]]]]]] })],
    ['with padding where none belongs', `${peer2With({ t: 'dm', s: 'https://example.com/12' })}=`],
    ['with padding that is too short', `${peer2With({ t: 'dm', s: 'https://example.com/123' })}=`],
    ['with padding that is too long', `${peer2With({ t: 'dm', s: 'https://example.com/1' })}==`],
    ['with padding in the middle', `${peer2With({ t: 'dm', s: 'https://example.com/123' })}=A`],
    ['with padding behind a key', `did:peer:2.E${X25519}=`],
  ])('is refused %s', async (_, did) => {
    await expect(resolve(did)).rejects.toMatchObject({ name: 'DidCommError', code: 'ERR_DID_MALFORMED' })
  })

  it('is read with the padding of older libraries, under its own name', async () => {
    const services = [
      { t: 'dm', s: 'https://example.com/1234' },
      { t: 'dm', s: 'https://example.com/123' },
      { t: 'dm', s: 'https://example.com/12' },
    ]
    const encoded = services.map((service) => Buffer.from(JSON.stringify(service)).toString('base64'))
    expect(encoded.map((text) => text.replace(/[^=]/g, '').length).sort()).toEqual([0, 1, 2])
    const padded = `did:peer:2.E${X25519}${encoded.map((text) => `.S${text}`).join('')}`
    const [document, unpadded] = [await resolve(padded), await resolve(padded.replaceAll('=', ''))]
    expect(document).toMatchObject({ id: padded, service: unpadded.service })
    expect([isDid(padded), didOf(`${padded}#key-1`)]).toEqual([true, padded])
    expect(keyAgreementKeys(document).map(({ kid }) => kid)).toEqual([`${padded}#key-1`])
  })

  it('is not made from mistakes', () => {
    const key = { purpose: 'keyAgreement', multikey: X25519 } as const
    expect(() => createDidPeer2({ keys: [], services: [] })).toThrow(RangeError)
    expect(() => createDidPeer2({ keys: [{ ...key, multikey: 'z123' }], services: [] })).toThrow(TypeError)
    expect(() => createDidPeer2({ keys: [{ ...key, purpose: 'sign' as never }], services: [] })).toThrow(RangeError)
    expect(() => createDidPeer2({ keys: [key], services: [{ uri: `https://${'x'.repeat(8192)}` }] })).toThrow(
      RangeError,
    )
  })
})

describe('did:peer:4', () => {
  it.each(peer4.vectors)('$name is made from its document', ({ inputDocument, long, short }) => {
    expect(createDidPeer4(crypto, inputDocument)).toStrictEqual({ long, short })
  })

  it.each(peer4.vectors)('$name resolves to the documents of the vector', async (vector) => {
    const { resolve } = didPeer(crypto)
    const long = await resolve(vector.long)
    if (vector.didDocumentLong) expect(long).toStrictEqual(vector.didDocumentLong)
    expect(long).toMatchObject({ id: vector.long, alsoKnownAs: [vector.short] })
    const short = await resolve(vector.short)
    if (vector.didDocumentShort) expect(short).toStrictEqual(vector.didDocumentShort)
    expect(short).toMatchObject({ id: vector.short, alsoKnownAs: [vector.long] })
  })

  const fixtures = peer.credo_fixtures.filter(({ did }) => did.startsWith('did:peer:4'))
  it.each(fixtures)('$fixture resolves to the document of another library', async ({ did, didDocument }) => {
    expect(await resolve(did)).toStrictEqual(didDocument)
  })

  it.each(peer4.negative)('$name is refused', async ({ name, did }) => {
    const code = name === 'short form unseen' ? 'ERR_DID_NOT_FOUND' : 'ERR_DID_MALFORMED'
    await expect(didPeer(crypto).resolve(did)).rejects.toMatchObject({ code })
  })

  const first = createDidPeer4(crypto, { service: [didcommService('#a', { uri: 'https://a.example' })] })
  const second = createDidPeer4(crypto, { service: [didcommService('#b', { uri: 'https://b.example' })] })
  const third = createDidPeer4(crypto, { service: [didcommService('#c', { uri: 'https://c.example' })] })

  it('remembers as many long forms as it was told, and forgets the one not used for the longest time', async () => {
    const { resolve } = didPeer(crypto, { maxLongForms: 2 })
    await resolve(first.long)
    await resolve(second.long)
    await resolve(first.short)
    await resolve(third.long)
    expect((await resolve(first.short)).id).toBe(first.short)
    expect((await resolve(third.short)).id).toBe(third.short)
    await expect(resolve(second.short)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
  })

  it('does not remember a long form whose hash is wrong', async () => {
    const { resolve } = didPeer(crypto)
    const forged = `${first.short}${second.long.slice(second.short.length)}`
    await expect(resolve(forged)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
    await expect(resolve(first.short)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
  })

  it('takes neither id nor controller of another from the document', async () => {
    const method = { id: '#key-1', type: 'Multikey', publicKeyMultibase: X25519 }
    const input = { id: 'did:example:x', alsoKnownAs: ['did:example:y'], keyAgreement: [method] }
    const encoded = `z${encodeBase58btc(concatBytes(Uint8Array.of(0x80, 0x04), encodeUtf8(JSON.stringify(input))))}`
    const short = `did:peer:4${multihashSha256(crypto, encodeUtf8(encoded))}`
    const long = `${short}:${encoded}`
    expect(await resolve(long)).toStrictEqual({
      id: long,
      alsoKnownAs: ['did:example:y', short],
      keyAgreement: [{ ...method, controller: long }],
    })
  })

  it.each([
    ['alsoKnownAs', { alsoKnownAs: 'did:example:x' }],
    ['verificationMethod', { verificationMethod: { id: '#key-1' } }],
    ['keyAgreement', { keyAgreement: '#key-1' }],
    ['prototype', JSON.parse('{"__proto__":{"id":"did:example:x"}}') as object],
    ['depth', { deep: JSON.parse(`${'['.repeat(20)}${']'.repeat(20)}`) }],
  ])('is refused with a wrong %s', async (_, document) => {
    const { long } = createDidPeer4(crypto, document as InputDocument)
    await expect(resolve(long)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  it('is refused where the document is a list', async () => {
    const { long } = createDidPeer4(crypto, [] as unknown as InputDocument)
    await expect(resolve(long)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  it('is refused where the multibase holds no JSON codec', async () => {
    const encoded = 'z2J9gaYxrKVpdoG9A4gRnmpnRCcxU6agDtFVVBVdn1'
    const did = `did:peer:4${multihashSha256(crypto, encodeUtf8(encoded))}:${encoded}`
    await expect(resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  it('is not made from a document with an id, or from one that is too long', () => {
    expect(() => createDidPeer4(crypto, { id: 'did:example:x' } as unknown as InputDocument)).toThrow(TypeError)
    expect(() => createDidPeer4(crypto, { text: 'x'.repeat(6200) })).toThrow(RangeError)
  })

  it('has room for every document that it can be made from', async () => {
    const { long } = createDidPeer4(crypto, { text: 'x'.repeat(5887) })
    expect(long.length).toBeLessThanOrEqual(8192)
    expect(await resolve(long)).toMatchObject({ id: long })
    expect(() => createDidPeer4(crypto, { text: 'x'.repeat(5888) })).toThrow(RangeError)
  })
})

describe('did:peer of other kinds', () => {
  it.each(Object.entries(peer.level1_test_data))('%s does not resolve', async (_, text) => {
    for (const did of text.split('\n')) {
      await expect(resolve(did)).rejects.toMatchObject({ name: 'DidCommError' })
    }
  })

  it.each([
    ['did:peer:1zQmZMygzYqNwU6Uhmewx5Xepf2VLp5S4HLSwwgf2aiKZuwa', 'ERR_DID_NOT_FOUND'],
    ['did:peer:3zQmS19jtYDvGtKVrJhQnRFpBQAx3pJ9omx2HpNrcXFuRCz9', 'ERR_DID_NOT_FOUND'],
    ['did:peer:5zQm', 'ERR_DID_MALFORMED'],
    ['did:peer:4', 'ERR_DID_MALFORMED'],
    ['did:peer:', 'ERR_DID_MALFORMED'],
    ['did:key:z6Mk', 'ERR_DID_MALFORMED'],
  ])('%s fails with %s', async (did, code) => {
    await expect(resolve(did)).rejects.toMatchObject({ code })
  })
})
