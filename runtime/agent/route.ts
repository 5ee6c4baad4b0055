import type { Resolve } from '../did/document.ts'
import { didcommServices } from '../did/index.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import type { Contact } from './contacts.ts'

/** Where the next hop is, and for whom to wrap on the way there. */
export interface Route {
  uri: string
  /** Outermost first: DID URLs of keys, or DIDs of mediators. */
  routingKeys: string[]
}

/**
 * Finds the way to `did`: what the contact says, else the first endpoint of its DID document that a transport here can
 * reach. An endpoint that is itself a DID is a mediator's: its own endpoint is used, and its keys come first (DIDComm
 * v2.1, "Using a DID as an endpoint"). A mediator whose DID does not resolve is passed over.
 *
 * @param canReach tells whether a transport here serves that URI
 * @throws DidCommError `ERR_DID_UNUSABLE` where there is no way, or what `resolve` throws
 */
export async function routeTo(
  did: string,
  contact: Contact | undefined,
  resolve: Resolve,
  canReach: (uri: string) => boolean,
): Promise<Route> {
  if (contact?.uri) return { uri: contact.uri, routingKeys: [] }
  let cause: unknown
  for (const { uri, routingKeys } of didcommServices(await resolve(did))) {
    if (canReach(uri)) return { uri, routingKeys }
    if (!uri.startsWith('did:')) continue
    try {
      const mediator = didcommServices(await resolve(uri)).find((endpoint) => canReach(endpoint.uri))
      if (mediator) return { uri: mediator.uri, routingKeys: [...mediator.routingKeys, uri, ...routingKeys] }
    } catch (error) {
      if (!isDidCommError(error)) throw error
      cause = error
    }
  }
  throw new DidCommError('ERR_DID_UNUSABLE', `no endpoint of ${did} can be reached by a transport here`, { cause })
}
