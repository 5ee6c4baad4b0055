import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeUtf8 } from '../../runtime/bytes/index.ts'
import { didWeb, didWebUrl } from '../../runtime/did/did-web.ts'
import { authenticationKeys, type DidDocument, firstOf, keyAgreementKeys } from '../../runtime/did/index.ts'
import { DidCommError } from '../../runtime/errors.ts'
import { ownVectors } from '../vectors.ts'

const did = 'did:web:example.com'
const bytesOf = (value: unknown): Uint8Array => encodeUtf8(JSON.stringify(value))
const serving = (content: Uint8Array | undefined, maxBytes?: number) =>
  firstOf(didWeb({ get: async () => content, ...(maxBytes !== undefined && { maxBytes }) }))

interface Vectors {
  url_mapping: { did: string; url: string }[]
  negative: { did: string; expect: string }[]
  documents: { title: string; doc: DidDocument }[]
}
const vectors = ownVectors<Vectors>('did_web.json')

describe('did:web', () => {
  test('each published DID has its URL, and each bad one is refused', () => {
    for (const { did, url } of vectors.url_mapping) expect(didWebUrl(did)).toBe(url)
    for (const { did } of vectors.negative) {
      expect(() => didWebUrl(did)).toThrow(expect.objectContaining({ code: 'ERR_DID_MALFORMED' }))
    }
  })

  test('each published document is read from its URL, and its keys are those that are supported', async () => {
    const asked: string[] = []
    for (const { doc } of vectors.documents) {
      const get = async (url: string) => {
        asked.push(url)
        return bytesOf(doc)
      }
      expect(await didWeb({ get }).resolve(doc.id)).toStrictEqual(doc)
    }
    expect(new Set(asked)).toStrictEqual(new Set(['https://example.com/.well-known/did.json']))
    const [jwk] = vectors.documents.map(({ doc }) => doc)
    expect(keyAgreementKeys(jwk!).map(({ curve }) => curve)).toStrictEqual(['X25519', 'P-256'])
    expect(authenticationKeys(jwk!).map(({ curve }) => curve)).toStrictEqual(['Ed25519', 'P-256'])
  })

  test('a port is written in either case of its escape, and 64 KiB are asked for where nobody says how many', async () => {
    const asked: [string, number][] = []
    const get = async (url: string, maxBytes: number) => {
      asked.push([url, maxBytes])
      return undefined
    }
    for (const text of ['did:web:example.com%3a8443', 'did:web:example.com%3A65535']) {
      await expect(didWeb({ get }).resolve(text)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    }
    await expect(didWeb({ get, maxBytes: 7 }).resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
    expect(asked).toEqual([
      ['https://example.com:8443/.well-known/did.json', 65_536],
      ['https://example.com:65535/.well-known/did.json', 65_536],
      ['https://example.com/.well-known/did.json', 7],
    ])
  })

  test.each([
    'did:web:example.com:%2e%2E:etc',
    'did:web:example.com:.:etc',
    'did:web:example.com:a%2Fb',
    'did:web:example.com:a%5cb',
    'did:web:example.com:a%00',
    'did:web:example.com:a%1f',
    'did:web:example.com:a%7F',
    'did:web:example.com:a?query',
    'did:web:example.com:a#key-1',
    'did:web:example.com:a b',
    'did:web:example.com::a',
    'did:web:example.com%2Fpath',
    'did:web:user%40example.com',
    'did:web:example.com%3A0',
    'did:web:example.com%3A65536',
    'did:web:example.com%3A80%3A80',
    'did:web:example.com%3A',
    'did:web:example.com.',
    'did:web:-example.com',
    'did:web:2130706433',
    'did:web:0x7f.1',
    'did:web:0x7f000001%3A8443',
    'did:web:%5B%3A%3A1%5D',
    `did:web:${'a'.repeat(64)}.com`,
    `did:web:${'a.'.repeat(127)}com`,
    'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    'did:web:example.com#key-1',
  ])('%s is refused before anything is fetched', async (text) => {
    const get = () => expect.unreachable('nothing is to be fetched')
    await expect(didWeb({ get }).resolve(text)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  })

  test('every URL that comes of a DID has the host and the path of the DID', () => {
    const part = fc.string({ unit: fc.constantFrom(...'aZ09.-_%:2eEfF5c3A'), minLength: 1, maxLength: 24 })
    const property = fc.property(part, (text) => {
      let url: string
      try {
        url = didWebUrl(`did:web:${text}`)
      } catch (error) {
        expect(error).toBeInstanceOf(DidCommError)
        return
      }
      const parsed = new URL(url)
      const [host, ...path] = text.split(':')
      const directory = path.length > 0 ? path.join('/') : '.well-known'
      expect(parsed.pathname).toBe(`/${directory}/did.json`)
      expect(parsed.hostname).toBe(host!.split(/%3a/i)[0]!.toLowerCase())
    })
    fc.assert(property, { numRuns: 5000, examples: [['a%3A1:a'], ['a:%2E%2e']] })
  })

  test('a document of another DID, or none, is refused', async () => {
    for (const value of [{ id: 'did:web:example.org' }, { id: 'did:web:EXAMPLE.com' }, {}, null, [], 'text', 7]) {
      await expect(serving(bytesOf(value))(did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
    }
    for (const text of ['', '<html>', '{"id":"did:web:example.com","id":"did:web:example.com"}']) {
      await expect(serving(encodeUtf8(text))(did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
    }
  })

  test('a DID whose document is not there is not found', async () => {
    await expect(serving(undefined)(did)).rejects.toMatchObject({ code: 'ERR_DID_NOT_FOUND' })
  })

  test('a document beyond the limit is refused, also where the host read all of it', async () => {
    const content = bytesOf({ id: did })
    expect(await serving(content, content.length)(did)).toStrictEqual({ id: did })
    await expect(serving(content, content.length - 1)(did)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' })
  })
})
