import { describe, expect, it } from 'vitest'
import { type DidDocument, didcommService, didcommServices } from '../../runtime/did/index.ts'

const did = 'did:example:bob'
const uri = 'https://example.com/didcomm'
const accept = ['didcomm/v2']
const routingKeys = ['did:example:mediator#key-1']
const full = { uri, accept, routingKeys }
const bare = { uri, accept: [], routingKeys: [] }

function serving(...services: unknown[]): DidDocument {
  return { id: did, service: services } as unknown as DidDocument
}

function service(serviceEndpoint: unknown, siblings: object = {}): object {
  return { id: '#service', type: 'DIDCommMessaging', serviceEndpoint, ...siblings }
}

describe('didcommServices', () => {
  it('two services with one id are both read, in the order of the document [L9]', () => {
    const uris = [uri, 'https://example.org/didcomm']
    const services = uris.map((each) => service({ uri: each }))
    expect(didcommServices(serving(...services)).map((endpoint) => endpoint.uri)).toStrictEqual(uris)
  })

  it.each([
    ['an object', service(full), [full]],
    ['an object with the uri only', service({ uri }), [bare]],
    ['a list', service([full, { uri }]), [full, bare]],
    ['an empty list', service([]), []],
    ['a text', service(uri), [bare]],
    ['a text with siblings', service(uri, { accept, routingKeys }), [full]],
    ['a list of texts', service([uri]), [bare]],
    ['an object whose siblings hold the rest', service({ uri }, { accept, routingKeys }), [full]],
    ['an object with abbreviations', service({ uri, a: accept, r: routingKeys }), [full]],
    ['an empty uri', service({ uri: '' }), []],
    ['no endpoint', { id: '#service', type: 'DIDCommMessaging' }, []],
    ['a list of types', service({ uri }, { type: ['LinkedDomains', 'DIDCommMessaging'] }), [bare]],
    ['another type', service(uri, { type: 'did-communication', recipientKeys: ['#key-1'] }), []],
    ['another type whose endpoint is odd', service({ origins: [] }, { type: 'LinkedDomains' }), []],
  ])('reads %s [L9, L10, L12, L14]', (_, given, endpoints) => {
    expect(didcommServices(serving(given))).toStrictEqual(endpoints)
  })

  it('keeps the order of the document [L11]', () => {
    const uris = ['https://a.example', 'wss://b.example', 'did:example:mediator']
    expect(didcommServices(serving(...uris.map((each) => service({ uri: each })))).map((each) => each.uri)).toEqual(
      uris,
    )
  })

  it('makes relative routing keys absolute [L10]', () => {
    const [endpoint] = didcommServices(serving(service({ uri, routingKeys: ['#key-3', 'did:key:z6LSabc'] })))
    expect(endpoint?.routingKeys).toStrictEqual([`${did}#key-3`, 'did:key:z6LSabc'])
  })

  it('finds none where the document has none', () => {
    expect(didcommServices({ id: did })).toStrictEqual([])
  })

  it('reads what didcommService writes', () => {
    expect(didcommServices(serving(didcommService('#service', full)))).toStrictEqual([full])
    expect(didcommService('#service', bare)).toStrictEqual(service({ uri }))
  })

  it.each([
    ['services that are no list', { id: did, service: {} }],
    ['a service that is a text', serving('x')],
    ['an endpoint without uri', serving(service({}))],
    ['an endpoint that is a number', serving(service(7))],
    ['a uri that is an object', serving(service({ uri: { uri } }))],
    ['routing keys that are a text', serving(service({ uri, routingKeys: '#key-1' }))],
    ['a routing key that is no DID URL', serving(service({ uri, routingKeys: ['key-1'] }))],
    ['a routing key that is null', serving(service({ uri, routingKeys: [null] }))],
    ['an accept of numbers', serving(service({ uri, accept: [2] }))],
  ])('refuses %s', (_, document) => {
    expect(() => didcommServices(document as unknown as DidDocument)).toThrow(
      expect.objectContaining({ name: 'DidCommError', code: 'ERR_DID_MALFORMED' }),
    )
  })
})
