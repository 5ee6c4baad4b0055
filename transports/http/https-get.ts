import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import { DidCommError, isDidCommError } from '../../runtime/errors.ts'
import type { Timer } from '../../runtime/world.ts'
import { checkLiteral, publicLookup } from '../address.ts'

export interface HttpsGetOptions {
  timer: Timer
  /** How long one document may take, from the lookup of its host to its last byte. Default: 10,000. */
  timeoutMs?: number
  /** Lets hosts have private, loopback and link-local addresses, as in tests and closed networks. Default: false. */
  allowPrivateAddresses?: boolean
  /** As for `node:tls`: `ca` says which authorities are trusted instead of those that Node trusts. */
  tls?: SecureContextOptions
}

/**
 * Makes what `didWeb` reads documents with: HTTPS only, no redirects, public addresses only unless that is allowed, and limits on time and
 * size. The address is checked where the connection is made, so that a name cannot change it in between. Each call has a
 * connection of its own, which ends with it; calls carry no cookies and no credentials.
 */
export function httpsGet(options: HttpsGetOptions): (url: string, maxBytes: number) => Promise<Uint8Array | undefined> {
  const { timer, timeoutMs = 10_000, allowPrivateAddresses = false, tls = {} } = options
  const lookup = allowPrivateAddresses ? {} : { lookup: publicLookup }

  async function exchange(url: URL, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const headers = {
      accept: 'application/did+json, application/did+ld+json, application/json',
      'accept-encoding': 'identity',
    }
    const outgoing = request(url, { ...tls, ...lookup, agent: false, headers, signal })
    // Errors after the response come out of the loop that reads it.
    outgoing.on('error', () => undefined)
    const answered = once(outgoing, 'response')
    outgoing.end()
    const [response] = (await answered) as [IncomingMessage]
    try {
      return await read(response, url.host, maxBytes)
    } finally {
      response.destroy()
    }
  }

  return async (text, maxBytes) => {
    const url = httpsUrl(text)
    if (!allowPrivateAddresses) checkLiteral(url)
    const abort = new AbortController()
    const cancelTimeout = timer(timeoutMs, () => abort.abort())
    try {
      return await exchange(url, maxBytes, abort.signal)
    } catch (error) {
      if (isDidCommError(error)) throw error
      if (abort.signal.aborted) throw new DidCommError('ERR_TIMEOUT', `no document from ${url.host} in time`)
      throw new DidCommError('ERR_TRANSPORT_UNREACHABLE', `no document from ${url.host}`, { cause: error })
    } finally {
      cancelTimeout()
    }
  }
}

function httpsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new DidCommError('ERR_TRANSPORT_REJECTED', 'a document is read from an https: URL without credentials only')
  }
  return url
}

async function read(response: IncomingMessage, host: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const status = response.statusCode ?? 0
  if (status === 404 || status === 410) return undefined
  if (status !== 200) {
    const code = status >= 300 && status < 400 ? 'ERR_TRANSPORT_REJECTED' : 'ERR_TRANSPORT_UNREACHABLE'
    throw new DidCommError(code, `${host} answers with ${status}`)
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxBytes) throw new DidCommError('ERR_TOO_LARGE', `more than ${maxBytes} bytes from ${host}`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
