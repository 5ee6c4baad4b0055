import { DidCommError } from '../runtime/errors.ts'
import type { Packet } from '../runtime/transport.ts'
import type { Timer } from '../runtime/world.ts'
import { isEnvelopeType, mediaTypeOf } from './http-media.ts'

export interface PostOptions {
  readonly fetch: typeof globalThis.fetch
  readonly maxPacketBytes: number
  readonly timeoutMs: number
  readonly timer: Timer
}

const maxRedirects = 3
/** Of 4xx, what asks for another try (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4). */
const laterStatuses: readonly number[] = [408, 425, 429]

const unreachable = (message: string, cause?: unknown) =>
  new DidCommError('ERR_TRANSPORT_UNREACHABLE', message, cause === undefined ? {} : { cause })

/**
 * Sends one packet by POST (DIDComm v2.1, "HTTPS") and returns the packet that the response carries, if it does.
 *
 * @throws DidCommError `ERR_TRANSPORT_UNREACHABLE`, `ERR_TRANSPORT_REJECTED`, `ERR_TOO_LARGE`
 */
export async function post(uri: string, packet: Packet, options: PostOptions): Promise<Packet | undefined> {
  const { timeoutMs, timer } = options
  const url = endpointOf(uri)
  const abort = new AbortController()
  const cancelTimeout = timer(timeoutMs, () => abort.abort())
  try {
    const response = await follow(url, packet, abort.signal, options)
    const taken = response.ok && isEnvelopeType(response.headers.get('content-type'))
    const answer = taken ? await readPacket(response, options.maxPacketBytes) : undefined
    // The connection can be used again only when nothing is left to read.
    if (!answer) await response.body?.cancel().catch(() => undefined)
    if (!response.ok) throw statusError(response.status, url.host)
    return answer
  } catch (error) {
    if (error instanceof DidCommError) throw error
    throw unreachable(`no answer from ${url.host}`, error)
  } finally {
    cancelTimeout()
  }
}

/** Sends, and again to where a 307 points. No other redirect is acceptable (DIDComm v2.1, "HTTPS"). */
async function follow(start: URL, packet: Packet, signal: AbortSignal, { fetch }: PostOptions): Promise<Response> {
  const headers = { 'content-type': packet.mediaType ?? mediaTypeOf(packet.bytes) }
  const body = new Uint8Array(packet.bytes)
  let url = start
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
    const location = response.headers.get('location')
    if (response.status !== 307 || location === null) return response
    await response.body?.cancel()
    url = redirectTarget(location, url)
  }
  throw unreachable(`${start.host} redirects more than ${maxRedirects} times`)
}

function redirectTarget(location: string, from: URL): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  const safe = target !== undefined && (target.origin === from.origin || target.protocol === 'https:')
  if (!safe || target.username !== '' || target.password !== '') {
    throw unreachable(`${from.host} redirects to where a packet may not go`)
  }
  return target
}

function endpointOf(uri: string): URL {
  const url = URL.canParse(uri) ? new URL(uri) : undefined
  const usable = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  if (!usable) throw new DidCommError('ERR_TRANSPORT_REJECTED', `"${uri}" is no HTTP endpoint`)
  return url
}

function statusError(status: number, host: string): DidCommError {
  if (status === 413) return new DidCommError('ERR_TOO_LARGE', `${host} takes no packets of this size`)
  const forGood = status >= 400 && status < 500 && !laterStatuses.includes(status)
  return forGood
    ? new DidCommError('ERR_TRANSPORT_REJECTED', `${host} refused the packet with HTTP ${status}`)
    : unreachable(`${host} answered HTTP ${status}`)
}

/** Reads what came back; too much of it counts as nothing, for the packet itself was taken over. */
async function readPacket(response: Response, maxPacketBytes: number): Promise<Packet | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk)
      length += chunk.length
      if (length > maxPacketBytes) return undefined
    }
  } catch {
    return undefined
  }
  if (length === 0) return undefined
  return { bytes: new Uint8Array(Buffer.concat(chunks)), mediaType: response.headers.get('content-type') ?? '' }
}
