import { type DidCommError, isDidCommError } from '../errors.ts'
import type { DidDocument, Resolve } from './document.ts'
import { LruMap } from './lru.ts'

/** A document, and when it was resolved, in milliseconds since 1970. It holds nothing but JSON. */
export interface StoredDocument {
  document: DidDocument
  resolvedAtMs: number
}

/** Where documents survive a restart. It decides itself how many it keeps; what it forgets is resolved again. */
export interface DocumentStore {
  get(did: string): Promise<StoredDocument | undefined>
  set(did: string, stored: StoredDocument): Promise<void>
  delete(did: string): Promise<void>
}

export interface OfflineCacheOptions {
  store: DocumentStore
  /** How long a document is used before it is resolved again. */
  ttlMs: number
  /** How old a document may be that is used while its resolver cannot be reached; at least `ttlMs`. */
  maxStaleMs: number
  /** How long a failure is remembered, so that nobody is asked for the same DID again and again. */
  failureMs: number
  /** How many failures are remembered. Default: 1,024. */
  maxFailures?: number
  /** The time in milliseconds since 1970: it has to go on over restarts. */
  now: () => number
}

/**
 * Remembers resolved documents in a store, and goes on with them for a while when the network is away: after
 * `ERR_TRANSPORT_UNREACHABLE` and `ERR_TIMEOUT`. Any other failure removes the document, so that a DID which was deactivated or
 * removed is not served. Lookups of one DID at the same time share one. Errors of the store reach the caller.
 */
export function offlineCached(resolve: Resolve, options: OfflineCacheOptions): Resolve {
  const { store, ttlMs, maxStaleMs, failureMs, maxFailures = 1024, now } = options
  if (!(maxStaleMs >= ttlMs)) throw new RangeError('"maxStaleMs" expected at least "ttlMs"')
  const failures = new LruMap<{ error: DidCommError; atMs: number }>(maxFailures)
  const pending = new Map<string, Promise<DidDocument>>()

  // A clock that was set back makes nothing last longer.
  function isYounger(atMs: number, limitMs: number): boolean {
    const ageMs = now() - atMs
    return ageMs >= 0 && ageMs < limitMs
  }

  async function lookUp(did: string): Promise<DidDocument> {
    const stored = await store.get(did)
    if (stored && isYounger(stored.resolvedAtMs, ttlMs)) return stored.document
    const failure = failures.get(did)
    if (failure && isYounger(failure.atMs, failureMs)) return staleOr(stored, failure.error)
    failures.delete(did)
    try {
      const document = await resolve(did)
      await store.set(did, { document, resolvedAtMs: now() })
      return document
    } catch (error) {
      if (!isDidCommError(error)) throw error
      failures.set(did, { error, atMs: now() })
      if (stored && !isAway(error)) await store.delete(did)
      return staleOr(stored, error)
    }
  }

  function staleOr(stored: StoredDocument | undefined, error: DidCommError): DidDocument {
    if (stored && isAway(error) && isYounger(stored.resolvedAtMs, maxStaleMs)) return stored.document
    throw error
  }

  return (did) => {
    const running = pending.get(did)
    if (running) return running
    const started = lookUp(did).finally(() => pending.delete(did))
    pending.set(did, started)
    return started
  }
}

function isAway(error: DidCommError): boolean {
  return isDidCommError(error, 'ERR_TRANSPORT_UNREACHABLE', 'ERR_TIMEOUT')
}
