import { DidCommError } from '../errors.ts'
import { absoluteDidUrl, didOf } from './did-url.ts'
import type { DidDocument, Service, ServiceEndpoint } from './document.ts'

/** The endpoint of a service that is to be made. */
export interface ServiceInput {
  /** A transport URI, or the DID of a mediator. */
  uri: string
  /** Profiles in order of preference, such as `didcomm/v2`. */
  accept?: readonly string[]
  /** DID URLs of the mediator's keys, outermost first. */
  routingKeys?: readonly string[]
}

/**
 * Makes a `DIDCommMessaging` service in the form of DIDComm v2.1, "Service Endpoint".
 *
 * @param id relative to the document, such as `#service`
 */
export function didcommService(id: string, input: ServiceInput): Service {
  const { uri, accept, routingKeys } = input
  return {
    id,
    type: 'DIDCommMessaging',
    serviceEndpoint: {
      uri,
      ...(accept && accept.length > 0 && { accept: [...accept] }),
      ...(routingKeys && routingKeys.length > 0 && { routingKeys: [...routingKeys] }),
    },
  }
}

/**
 * Lists the endpoints of all `DIDCommMessaging` services of a document, in its order. It reads every form that is in
 * use: the endpoint as an object, as a list of objects, and as a string with `accept` and `routingKeys` beside it; the
 * abbreviations of did:peer:2; relative routing keys, which come out absolute. The `id` of a service, which DIDComm says is unique, is not
 * read: nothing here refers to a service by it.
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 */
export function didcommServices(document: DidDocument): ServiceEndpoint[] {
  const services: unknown = document.service ?? []
  if (!Array.isArray(services)) throw malformed('"service" is not a list')
  return services.flatMap((service: unknown) => {
    if (!isRecord(service)) throw malformed('a service is not an object')
    return isDidcomm(service['type']) ? endpointsOf(document.id, service) : []
  })
}

function isDidcomm(type: unknown): boolean {
  return Array.isArray(type) ? type.includes('DIDCommMessaging') : type === 'DIDCommMessaging'
}

function endpointsOf(did: string, service: Record<string, unknown>): ServiceEndpoint[] {
  const value = service['serviceEndpoint'] ?? []
  const endpoints: ServiceEndpoint[] = []
  for (const item of Array.isArray(value) ? value : [value]) {
    const endpoint: unknown = typeof item === 'string' ? { uri: item } : item
    if (!isRecord(endpoint) || typeof endpoint['uri'] !== 'string') throw malformed('a service endpoint has no "uri"')
    // Some agents that cannot be reached publish an empty one.
    if (endpoint['uri'] === '') continue
    const routingKeys = texts('routingKeys', endpoint['routingKeys'] ?? endpoint['r'] ?? service['routingKeys'])
    endpoints.push({
      uri: endpoint['uri'],
      accept: texts('accept', endpoint['accept'] ?? endpoint['a'] ?? service['accept']),
      routingKeys: routingKeys.map((key) => routingKey(did, key)),
    })
  }
  return endpoints
}

function texts(name: string, value: unknown = []): string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw malformed(`"${name}" of a service is not a list of texts`)
  }
  return value
}

function routingKey(did: string, key: string): string {
  const kid = absoluteDidUrl(did, key)
  didOf(kid)
  return kid
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(message: string): DidCommError {
  return new DidCommError('ERR_DID_MALFORMED', message)
}
