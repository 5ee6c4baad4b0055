import { DidCommError, type ErrorCode, isDidCommError } from '../errors.ts'
import { canonicalDid, didOf, isDid } from './did-url.ts'
import type { DidDocument, DidMethod, Resolve } from './document.ts'

/** What a resolver of the DIF `did-resolver` interface returns (DID Resolution §4); only what is read here is named. */
export interface DidResolutionResult {
  didResolutionMetadata: { contentType?: string; error?: string; message?: string }
  didDocument: DidDocument | null
  didDocumentMetadata: { deactivated?: boolean }
}

/** The DIF `did-resolver` interface, as far as `fromDidResolver` uses it: a `Resolver` of that package is one. */
export interface DidResolver {
  resolve(didUrl: string): Promise<{
    didResolutionMetadata: { error?: string }
    didDocument: unknown
    didDocumentMetadata?: { deactivated?: boolean }
  }>
}

/** The errors of DID Resolution that are about the DID. Any other means that the resolver did not come to an answer. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['invalidDid', 'ERR_DID_MALFORMED'],
  ['invalidDidUrl', 'ERR_DID_MALFORMED'],
  ['invalidDidDocument', 'ERR_DID_MALFORMED'],
  ['notFound', 'ERR_DID_NOT_FOUND'],
  ['unsupportedDidMethod', 'ERR_DID_NOT_FOUND'],
  ['methodNotSupported', 'ERR_DID_NOT_FOUND'],
  ['unknownNetwork', 'ERR_DID_NOT_FOUND'],
  ['deactivated', 'ERR_DID_NOT_FOUND'],
])

/**
 * Makes a DID method of a resolver with the DIF `did-resolver` interface, for `firstOf`. A document of another DID is refused, and a
 * deactivated DID is not found. An error that says nothing about the DID becomes `ERR_TRANSPORT_UNREACHABLE`: trying again can help.
 * The resolver itself must bound what it reads from the network.
 *
 * @example
 * import { type DidResolver, firstOf, fromDidResolver } from 'didcomm-mote/did'
 *
 * const resolverOf = (resolver: DidResolver) => firstOf(fromDidResolver('web', resolver), fromDidResolver('ethr', resolver))
 */
export function fromDidResolver(method: string, resolver: DidResolver): DidMethod {
  return {
    method,
    async resolve(did) {
      if (!did.startsWith(`did:${method}:`) || !isDid(did)) {
        throw new DidCommError('ERR_DID_MALFORMED', `the text is not a did:${method}`)
      }
      const { didDocument, didDocumentMetadata, didResolutionMetadata } = await answerOf(method, resolver, did)
      const error = didResolutionMetadata?.error
      if (error) {
        const code = CODES.get(error) ?? 'ERR_TRANSPORT_UNREACHABLE'
        throw new DidCommError(code, `the resolver of did:${method} has no document`, { cause: error })
      }
      if (didDocumentMetadata?.deactivated === true) {
        throw new DidCommError('ERR_DID_NOT_FOUND', 'the DID is deactivated')
      }
      return documentOf(did, didDocument)
    },
  }
}

/** What a resolver answers. One that fails, at once or later, or answers nothing may have an answer another time. */
async function answerOf(method: string, resolver: DidResolver, did: string): Promise<Partial<DidResolutionResult>> {
  try {
    return ((await resolver.resolve(did)) ?? {}) as Partial<DidResolutionResult>
  } catch (cause) {
    if (isDidCommError(cause)) throw cause
    throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', `the resolver of did:${method} failed`, { cause })
  }
}

function documentOf(did: string, document: unknown): DidDocument {
  const id: unknown = (document as { id?: unknown } | null | undefined)?.id
  if (typeof id !== 'string' || canonicalDid(id) !== canonicalDid(did)) {
    throw new DidCommError('ERR_DID_MALFORMED', 'the document is not that of the DID')
  }
  return document as DidDocument
}

/**
 * Gives a resolver the DIF `did-resolver` interface: it takes DIDs and DID URLs, and errors come back in `didResolutionMetadata`.
 * `resolve` of what is returned also serves as one method of that package's `Resolver`.
 */
export function toDidResolver(resolve: Resolve): { resolve(didUrl: string): Promise<DidResolutionResult> } {
  return {
    async resolve(didUrl) {
      try {
        const didDocument = await resolve(didOf(didUrl))
        return {
          didResolutionMetadata: { contentType: 'application/did+ld+json' },
          didDocument,
          didDocumentMetadata: {},
        }
      } catch (error) {
        if (!isDidCommError(error)) throw error
        return {
          didResolutionMetadata: { error: errorOf(error), message: error.message },
          didDocument: null,
          didDocumentMetadata: {},
        }
      }
    },
  }
}

function errorOf({ code }: DidCommError): string {
  if (code === 'ERR_DID_MALFORMED') return 'invalidDid'
  return code === 'ERR_DID_NOT_FOUND' ? 'notFound' : 'internalError'
}
