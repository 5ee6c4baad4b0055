import { once } from 'node:events'
import { createServer } from 'node:http'
import https from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { Resolver } from 'did-resolver'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { getResolver } from 'web-did-resolver'
import { didWeb, didWebUrl } from '../../runtime/did/did-web.ts'
import { firstOf, fromDidResolver } from '../../runtime/did/index.ts'

/** `web-did-resolver` asks where ours asks: both read from one server here, which has all hosts. */

// Its types are those of an older did-resolver.
const theirs = new Resolver(getResolver() as unknown as ConstructorParameters<typeof Resolver>[0])
/** What the server has been asked for, and what it answers. */
let asked = ''
let answer = ''
const server = createServer(({ headers, url }, response) => {
  asked = `https://${headers.host}${url}`
  response.setHeader('content-type', 'application/did+json').end(answer)
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  // Without TLS: what counts is where they would go.
  vi.spyOn(https.globalAgent, 'createConnection').mockImplementation(() => connect(port, '127.0.0.1'))
})

afterAll(() => {
  vi.restoreAllMocks()
  server.closeAllConnections()
  server.close()
})

/** The URL that they ask for a DID, and the document that they make of the answer. */
async function askedBy(did: string): Promise<{ url: URL; document: unknown }> {
  asked = ''
  answer = JSON.stringify({ id: did })
  const { didDocument } = await theirs.resolve(did)
  return { url: new URL(asked), document: didDocument }
}

const part = (characters: string, min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength: min, maxLength: max })
const label = part('abz09', 1, 9).map((text) => `a${text}`)
const host = fc.tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.constantFrom('com', 'example', 'Org'))
const port = fc.option(fc.integer({ min: 1, max: 65_535 }))
// Not the escapes of `?`, `#` and `/`: they decode them, and ask for something else.
const segment = fc
  .array(fc.oneof(part('abZ09-_', 1, 4), fc.constantFrom('%20', '%41', '%C3%A9', '%7E', '.')), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => `x${parts.join('')}`)
const dids = fc.tuple(host, port, fc.array(segment, { maxLength: 4 })).map(([[labels, top], port, path]) => {
  const authority = [...labels, top].join('.') + (port === null ? '' : `%3A${port}`)
  return `did:web:${[authority, ...path].join(':')}`
})

test('a did:web has the same URL for web-did-resolver as for us', async () => {
  const urls = new Set<string>()
  const property = fc.asyncProperty(dids, async (did) => {
    const { url, document } = await askedBy(did)
    const ours = new URL(didWebUrl(did))
    // They decode and encode again: the same path in another spelling.
    expect([url.host, decodeURIComponent(url.pathname), url.search]).toEqual([
      ours.host,
      decodeURIComponent(ours.pathname),
      '',
    ])
    expect(document).toEqual({ id: did })
    urls.add(ours.href)
  })
  await fc.assert(property, { numRuns: 300, seed: 1 })
  expect(urls.size).toBeGreaterThan(200)
})

test('where they would ask elsewhere than the DID says, we ask nobody', async () => {
  const get = async () => expect.unreachable('nothing is to be fetched')
  for (const [did, elsewhere] of [
    ['did:web:example.com:user:..:..:admin', '/admin/did.json'],
    ['did:web:example.com:%2E%2E:admin', '/admin/did.json'],
    ['did:web:example.com:a%2F..%2F..%2Fadmin', '/admin/did.json'],
    ['did:web:example.com%2Fadmin', '/admin/.well-known/did.json'],
  ] as const) {
    expect((await askedBy(did)).url.pathname).toBe(elsewhere)
    await expect(didWeb({ get }).resolve(did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
  }
})

test('their resolver serves as our method, and refuses the document of another DID as ours does', async () => {
  const did = 'did:web:example.com:user:alice'
  const resolve = firstOf(fromDidResolver('web', theirs))
  answer = JSON.stringify({ id: did })
  expect(await resolve(did)).toEqual({ id: did })
  answer = JSON.stringify({ id: 'did:web:example.com:user:bob' })
  await expect(resolve(did)).rejects.toMatchObject({ name: 'DidCommError' })
  const get = async () => new TextEncoder().encode(answer)
  await expect(firstOf(didWeb({ get }))(did)).rejects.toMatchObject({ code: 'ERR_DID_MALFORMED' })
})
