import type { Resolve, ServiceEndpoint } from '../did/document.ts'
import { didcommServices } from '../did/index.ts'
import { profiles } from '../envelope/profiles.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import type { Contact } from './contacts.ts'
import { byPreference, type Preference, type Route } from './preference.ts'

/** How many ways to one party are tried. */
const MAX_ROUTES = 4
/** How many mediators of one party are looked up: its document may name any number of them. */
const MAX_MEDIATORS = 4

/** How ways are found and sorted. */
export interface Routing {
  resolve: Resolve
  /** Tells whether a transport here can send to that URI. */
  canReach: (uri: string) => boolean
  /** The profile of the message. Default: `didcomm/v2`, as is what wraps it for mediators. */
  profile?: string
  /** What this side prefers. Default: what the owner of the document prefers. */
  prefer?: Preference | undefined
}

interface Found extends Route {
  /** What is sent is of a profile that is accepted there. */
  suits: boolean
}

/**
 * Finds the ways to `did`: what the contact says, else the endpoints of its DID document that a transport here can reach, in the order in which this
 * side prefers them, and then its owner. An endpoint that is itself a DID is a mediator's: its own endpoints are used, and its keys come
 * first (DIDComm v2.1, "Using a DID as an endpoint"). A mediator whose DID does not resolve is passed over, and so are its endpoints that are
 * again DIDs. Endpoints that accept other profiles only come last: a reader of ours may be behind them all the same.
 *
 * @throws DidCommError `ERR_DID_UNUSABLE` where there is no way, or what `resolve` throws
 */
export async function routesTo(
  did: string,
  contact: Contact | undefined,
  routing: Routing,
): Promise<[Route, ...Route[]]> {
  if (contact?.uri) return [{ uri: contact.uri, routingKeys: [] }]
  const { found, cause } = await waysTo(didcommServices(await routing.resolve(did)), routing)
  const sorted = byPreference(found, routing.prefer)
  const [first, ...others] = [...sorted.filter(({ suits }) => suits), ...sorted.filter(({ suits }) => !suits)]
    .slice(0, MAX_ROUTES)
    .map(({ uri, routingKeys }) => ({ uri, routingKeys }))
  if (first) return [first, ...others]
  throw new DidCommError('ERR_DID_UNUSABLE', `no endpoint of ${did} can be reached by a transport here`, { cause })
}

/** The ways over endpoints, in their order, as far as they can be of use, and why a mediator was passed over. */
async function waysTo(
  endpoints: readonly ServiceEndpoint[],
  routing: Routing,
): Promise<{ found: Found[]; cause: unknown }> {
  const { canReach, profile = profiles.json, prefer } = routing
  const found: Found[] = []
  let mediators = 0
  let cause: unknown
  for (const endpoint of endpoints) {
    const { uri, routingKeys } = endpoint
    const suits = accepts(endpoint, profile)
    if (canReach(uri)) found.push({ uri, routingKeys, suits })
    // Nothing that comes later would be taken.
    if (!prefer && found.filter((way) => way.suits).length >= MAX_ROUTES) break
    if (!uri.startsWith('did:') || mediators === MAX_MEDIATORS) continue
    mediators += 1
    try {
      const over = await routesOver(endpoint, routing)
      found.push(...over.map((way) => ({ ...way, suits: suits && way.suits })))
    } catch (error) {
      if (!isDidCommError(error)) throw error
      cause = error
    }
  }
  return { found, cause }
}

async function routesOver(
  { uri: mediator, routingKeys }: ServiceEndpoint,
  { resolve, canReach }: Routing,
): Promise<Found[]> {
  return didcommServices(await resolve(mediator))
    .filter(({ uri }) => canReach(uri))
    .map((own) => ({
      uri: own.uri,
      routingKeys: [...own.routingKeys, mediator, ...routingKeys],
      suits: accepts(own, profiles.json),
    }))
}

function accepts({ accept = [] }: ServiceEndpoint, profile: string): boolean {
  return accept.length === 0 || accept.includes(profile)
}
