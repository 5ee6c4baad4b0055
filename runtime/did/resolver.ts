import { DidCommError, isDidCommError } from '../errors.ts'
import { isDid } from './did-url.ts'
import type { DidDocument, DidMethod, Resolve } from './document.ts'
import { LruMap } from './lru.ts'

/**
 * Composes DID methods into one resolver. A DID goes to the methods of its name, in the given order, until one knows it.
 *
 * @example
 * import { crypto } from 'didcomm-mote/crypto'
 * import { didKey, didPeer, firstOf } from 'didcomm-mote/did'
 *
 * const resolve = firstOf(didKey(crypto), didPeer(crypto))
 */
export function firstOf(...methods: DidMethod[]): Resolve {
  return async (did) => {
    if (!isDid(did)) throw new DidCommError('ERR_DID_MALFORMED', 'the text is not a DID')
    const name = did.slice(4, did.indexOf(':', 4))
    let notFound = new DidCommError('ERR_DID_NOT_FOUND', `no resolver for did:${name}`)
    for (const { resolve } of methods.filter(({ method }) => method === name)) {
      try {
        return await resolve(did)
      } catch (error) {
        if (!isDidCommError(error, 'ERR_DID_NOT_FOUND')) throw error
        notFound = error
      }
    }
    throw notFound
  }
}

export interface CacheOptions {
  /** How many documents are kept; the one not used for the longest time goes first. */
  maxEntries: number
  /** How long a document is used before it is resolved again. */
  ttlMs: number
  /** The time in milliseconds, from any origin. */
  now: () => number
}

/**
 * Remembers resolved documents. Failures are not remembered, and lookups of one DID at the same time share one. The
 * documents are shared as well: read them, do not change them.
 */
export function cached(resolve: Resolve, options: CacheOptions): Resolve {
  const { maxEntries, ttlMs, now } = options
  const documents = new LruMap<{ document: DidDocument; resolvedAtMs: number }>(maxEntries)
  const pending = new Map<string, Promise<DidDocument>>()

  async function lookUp(did: string): Promise<DidDocument> {
    const document = await resolve(did)
    documents.set(did, { document, resolvedAtMs: now() })
    return document
  }

  return (did) => {
    const known = documents.get(did)
    if (known) {
      const ageMs = now() - known.resolvedAtMs
      // A clock that was set back makes no document last longer.
      if (ageMs >= 0 && ageMs < ttlMs) return Promise.resolve(known.document)
      documents.delete(did)
    }
    const running = pending.get(did)
    if (running) return running
    const started = lookUp(did).finally(() => pending.delete(did))
    pending.set(did, started)
    return started
  }
}
