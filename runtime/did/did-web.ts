import { parseJson } from '../bytes/index.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { isDid } from './did-url.ts'
import type { DidDocument, DidMethod } from './document.ts'

const PREFIX = 'did:web:'

/** A name of RFC 1123 in lower or upper case; its last label decides whether a URL takes it for an address. */
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/
const ADDRESS_LIKE = /(?:^|\.)(?:\d+|0[xX][0-9A-Fa-f]*)$/
const PORT = /^[1-9]\d{0,4}$/

/** What would be another path once a server has decoded it: separators and control characters. */
const UNSAFE_ESCAPE = /%(?:2[fF]|5[cC]|[01][0-9A-Fa-f]|7[fF])/

/**
 * Reads what an `https:` URL has: at most `maxBytes`, without following redirects to where its caller would not go. Returns `undefined`
 * where the server says that there is nothing. `httpsGet` of `didcomm-mote/transports/https-get` makes one for Node.
 *
 * @throws DidCommError `ERR_TRANSPORT_UNREACHABLE`, `ERR_TRANSPORT_REJECTED`, `ERR_TIMEOUT`, `ERR_TOO_LARGE`
 */
export type HttpsGet = (url: string, maxBytes: number) => Promise<Uint8Array | undefined>

export interface DidWebOptions {
  get: HttpsGet
  /** The largest document that is read. Default: 64 KiB. */
  maxBytes?: number
}

/**
 * The did:web method: the document lies at an HTTPS URL that the DID names, and is as trustworthy as DNS and the certificates of
 * the web. Hosts that are IP addresses are refused, and so are paths that lead elsewhere. Which addresses a name may have is
 * up to `get`. What `get` throws reaches the caller.
 *
 * @example
 * import { firstOf } from 'didcomm-mote/did'
 * import { didWeb } from 'didcomm-mote/did/web'
 * import { httpsGet } from 'didcomm-mote/transports/https-get'
 * import { world } from 'didcomm-mote/world'
 *
 * const resolve = firstOf(didWeb({ get: httpsGet({ timer: world().timer }) }))
 */
export function didWeb({ get, maxBytes = 1 << 16 }: DidWebOptions): DidMethod {
  return {
    method: 'web',
    async resolve(did) {
      const content = await get(didWebUrl(did), maxBytes)
      if (!content) throw new DidCommError('ERR_DID_NOT_FOUND', 'there is no document where the did:web points')
      return readDocument(did, content, maxBytes)
    },
  }
}

/**
 * Returns the URL of the document of a did:web (did:web method specification, "Read (Resolve)").
 *
 * @throws DidCommError `ERR_DID_MALFORMED`
 * @example
 * import { didWebUrl } from 'didcomm-mote/did/web'
 *
 * didWebUrl('did:web:example.com%3A3000:user:alice') // 'https://example.com:3000/user/alice/did.json'
 */
export function didWebUrl(did: string): string {
  if (!did.startsWith(PREFIX) || !isDid(did)) throw malformed('the text is not a did:web')
  const [authority = '', ...path] = did.slice(PREFIX.length).split(':')
  for (const segment of path) checkSegment(segment)
  const directory = path.length > 0 ? path.join('/') : '.well-known'
  return `https://${hostOf(authority)}/${directory}/did.json`
}

function hostOf(authority: string): string {
  const [host = '', port, ...more] = authority.split(/%3a/i)
  if (host.length > 253 || !HOST.test(host)) throw malformed('the did:web does not begin with the name of a host')
  if (ADDRESS_LIKE.test(host)) throw malformed('the did:web names an address instead of a host')
  if (port === undefined) return host
  if (more.length > 0 || !PORT.test(port) || Number(port) > 65535) throw malformed('the port of the did:web is none')
  return `${host}:${port}`
}

function checkSegment(segment: string): void {
  const plain = segment.replaceAll(/%2e/gi, '.')
  if (plain === '' || plain === '.' || plain === '..' || UNSAFE_ESCAPE.test(segment)) {
    throw malformed('the path of the did:web leads out of itself')
  }
}

function readDocument(did: string, content: Uint8Array, maxBytes: number): DidDocument {
  let document: unknown
  try {
    document = parseJson(content, { maxBytes })
  } catch (cause) {
    if (!isDidCommError(cause, 'ERR_BYTES_MALFORMED')) throw cause
    throw malformed('the document of the did:web is not JSON', cause)
  }
  const id: unknown = (document as { id?: unknown } | null)?.id
  if (id !== did) throw malformed('the document is not that of the DID')
  return document as DidDocument
}

function malformed(message: string, cause?: unknown): DidCommError {
  return new DidCommError('ERR_DID_MALFORMED', message, { cause })
}
