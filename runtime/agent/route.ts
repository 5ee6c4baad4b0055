import type { Resolve, ServiceEndpoint } from '../did/document.ts'
import { didcommServices } from '../did/index.ts'
import { profiles } from '../envelope/profiles.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import type { Contact } from './contacts.ts'

/** Where the next hop is, and for whom to wrap on the way there. */
export interface Route {
  uri: string
  /** Outermost first: DID URLs of keys, or DIDs of mediators. */
  routingKeys: string[]
}

/** How many ways to one party are tried. */
const MAX_ROUTES = 4

/**
 * Finds the ways to `did` in the order in which its owner prefers them: what the contact says, else the endpoints of its DID document
 * that a transport here can reach. An endpoint that is itself a DID is a mediator's: its own endpoints are used, and its keys come
 * first (DIDComm v2.1, "Using a DID as an endpoint"). A mediator whose DID does not resolve is passed over, and so are its endpoints that are
 * again DIDs. Endpoints that accept other profiles only come last: a reader of ours may be behind them all the same.
 *
 * @param canReach returns the transport that serves that URI, or tells in another way that there is one
 * @param profile that of the message; what wraps it for mediators is DIDComm v2
 * @throws DidCommError `ERR_DID_UNUSABLE` where there is no way, or what `resolve` throws
 */
export async function routesTo(
  did: string,
  contact: Contact | undefined,
  resolve: Resolve,
  canReach: (uri: string) => unknown,
  profile: string = profiles.json,
): Promise<[Route, ...Route[]]> {
  if (contact?.uri) return [{ uri: contact.uri, routingKeys: [] }]
  const routes: Route[] = []
  let cause: unknown
  for (const { uri, routingKeys } of preferred(didcommServices(await resolve(did)), profile)) {
    if (routes.length >= MAX_ROUTES) break
    if (canReach(uri)) routes.push({ uri, routingKeys })
    if (!uri.startsWith('did:')) continue
    try {
      routes.push(...(await routesOver(uri, routingKeys, resolve, canReach)))
    } catch (error) {
      if (!isDidCommError(error)) throw error
      cause = error
    }
  }
  const [first, ...others] = routes.slice(0, MAX_ROUTES)
  if (first) return [first, ...others]
  throw new DidCommError('ERR_DID_UNUSABLE', `no endpoint of ${did} can be reached by a transport here`, { cause })
}

async function routesOver(
  mediator: string,
  routingKeys: readonly string[],
  resolve: Resolve,
  canReach: (uri: string) => unknown,
): Promise<Route[]> {
  return preferred(didcommServices(await resolve(mediator)), profiles.json)
    .filter(({ uri }) => canReach(uri))
    .map((own) => ({ uri: own.uri, routingKeys: [...own.routingKeys, mediator, ...routingKeys] }))
}

/** Puts what says that it accepts other profiles only behind the rest; otherwise the order stays. */
function preferred(endpoints: readonly ServiceEndpoint[], profile: string): ServiceEndpoint[] {
  const suits = ({ accept = [] }: ServiceEndpoint) => accept.length === 0 || accept.includes(profile)
  return [...endpoints.filter(suits), ...endpoints.filter((endpoint) => !suits(endpoint))]
}
