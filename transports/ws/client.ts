import type { SecureContextOptions } from 'node:tls'
import { WebSocket } from 'ws'
import { DidCommError } from '../../runtime/errors.ts'
import type { Timer } from '../../runtime/world.ts'
import { checkLiteral, publicLookup } from '../address.ts'
import { type WsLink, wsOptions } from './link.ts'

export interface WsDialerOptions {
  readonly maxPacketBytes: number
  readonly timeoutMs: number
  readonly allowPrivateAddresses: boolean
  readonly tls: SecureContextOptions
  readonly timer: Timer
  /** Takes a connection over. */
  readonly link: (socket: WebSocket, onClose: () => void) => WsLink
  readonly onDisconnect: (uri: string) => void
}

/** Opens WebSockets, one to each URI. */
export class WsDialer {
  readonly #options: WsDialerOptions
  readonly #links = new Map<string, WsLink>()
  readonly #dialing = new Map<string, Promise<WsLink>>()

  constructor(options: WsDialerOptions) {
    this.#options = options
  }

  /** How many connections are being opened. */
  get dialing(): number {
    return this.#dialing.size
  }

  /** The connections that are open, the oldest first. */
  links(): WsLink[] {
    return [...this.#links.values()]
  }

  /** The open connection to a URI. */
  openLink(uri: string): WsLink | undefined {
    const link = this.#links.get(endpointOf(uri).href)
    return link?.open ? link : undefined
  }

  /**
   * Opens a connection, or waits for the one that is being opened.
   *
   * @throws DidCommError `ERR_TRANSPORT_REJECTED`, `ERR_TRANSPORT_UNREACHABLE`
   */
  dial(uri: string): Promise<WsLink> {
    const url = endpointOf(uri)
    const underWay = this.#dialing.get(url.href)
    if (underWay) return underWay
    const dialed = this.#dial(url, uri).finally(() => this.#dialing.delete(url.href))
    this.#dialing.set(url.href, dialed)
    return dialed
  }

  async #dial(url: URL, uri: string): Promise<WsLink> {
    const { allowPrivateAddresses, maxPacketBytes, tls, timer, timeoutMs } = this.#options
    if (!allowPrivateAddresses) checkLiteral(url)
    const lookup = allowPrivateAddresses ? {} : { lookup: publicLookup }
    const socket = new WebSocket(url, { ...tls, ...lookup, ...wsOptions(maxPacketBytes) })
    const cancelTimeout = timer(timeoutMs, () => socket.terminate())
    return new Promise((resolve, reject) => {
      socket.once('error', (cause) => {
        const unreachable = () =>
          new DidCommError('ERR_TRANSPORT_UNREACHABLE', `no WebSocket at ${url.host}`, { cause })
        reject(cause instanceof DidCommError ? cause : unreachable())
      })
      socket.once('close', cancelTimeout)
      socket.once('open', () => {
        cancelTimeout()
        const link = this.#options.link(socket, () => {
          if (this.#links.get(url.href) === link) this.#links.delete(url.href)
          this.#options.onDisconnect(uri)
        })
        this.#links.set(url.href, link)
        resolve(link)
      })
    })
  }
}

function endpointOf(uri: string): URL {
  const url = URL.canParse(uri) ? new URL(uri) : undefined
  const usable = url !== undefined && /^wss?:$/.test(url.protocol) && url.username === '' && url.password === ''
  // The URI itself stays out of the message: it may hold a password.
  if (!usable || url.hash !== '') throw new DidCommError('ERR_TRANSPORT_REJECTED', 'the URI is no WebSocket endpoint')
  return url
}
