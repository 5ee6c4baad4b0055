/** Where the next hop is, and for whom to wrap on the way there. */
export interface Route {
  uri: string
  /** Outermost first: DID URLs of keys, or DIDs of mediators. */
  routingKeys: string[]
}

/**
 * Which ways this side would rather take: the schemes of URIs in order, without the colon, or the cost of a way. Where ways are equal to it, the
 * order stays that of the DID document. `Infinity` is for ways that are not taken at all.
 */
export type Preference = readonly string[] | ((way: Route) => number)

/** The scheme of a URI, in lower case. */
export function schemeOf(uri: string): string {
  return uri.slice(0, uri.indexOf(':')).toLowerCase()
}

/**
 * Sorts ways by what they cost, and leaves out those of infinite cost.
 *
 * @throws TypeError where a cost is no number
 */
export function byPreference<Way extends Route>(ways: readonly Way[], prefer: Preference | undefined): Way[] {
  if (!prefer) return [...ways]
  const cost = typeof prefer === 'function' ? prefer : ({ uri }: Route) => rankOf(schemeOf(uri), prefer)
  return ways
    .map((way) => ({ way, costs: checked(cost(way)) }))
    .filter(({ costs }) => costs < Number.POSITIVE_INFINITY)
    .sort((one, other) => one.costs - other.costs)
    .map(({ way }) => way)
}

function rankOf(scheme: string, schemes: readonly string[]): number {
  const rank = schemes.findIndex((preferred) => preferred.toLowerCase() === scheme)
  return rank < 0 ? schemes.length : rank
}

function checked(cost: number): number {
  if (Number.isNaN(cost)) throw new TypeError('"preferTransports" expected a function that returns numbers, got NaN')
  return cost
}
