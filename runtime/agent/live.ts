import { canonicalDid } from '../did/did-url.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import type { Packet } from '../transport.ts'
import { ByConnection, type Link } from './by-connection.ts'

type Reply = NonNullable<Packet['reply']>

/** How many senders' open connections are remembered. */
const MAX_LIVE = 10_000

/**
 * The connections over which senders want their messages (DIDComm's extension "Return-Route"): `all` and `none` hold for a WebSocket
 * until it breaks, and for one message over HTTP.
 */
export class LiveConnections {
  readonly #replies = new ByConnection<Link & { link: Reply }>(MAX_LIVE)

  /** The way back over the connection of a packet for a reply in `thread`; `undefined` where the sender wants none there. */
  wayBack({ message, sender }: Unpacked, packet: Packet, thread: string): Reply | undefined {
    const { reply, persistent, ended } = packet
    if (!reply) return undefined
    const { return_route: route, return_route_thread: only } = message
    const over = { link: reply, ended }
    if (persistent && sender !== undefined && this.#isLive(canonicalDid(sender), route, over)) return reply
    const isOfThread = route === 'thread' && typeof only === 'string' && only.toLowerCase() === thread
    return route === 'all' || isOfThread ? reply : undefined
  }

  /** The open connection of a party, if there is one. */
  get(did: string): Reply | undefined {
    return this.#replies.get(canonicalDid(did))?.link
  }

  /** Forgets a connection that has broken. */
  drop(did: string, reply: Reply): void {
    this.#replies.drop(canonicalDid(did), reply)
  }

  #isLive(did: string, route: unknown, over: Link & { link: Reply }): boolean {
    if (route === 'all') this.#replies.set(did, over)
    else if (route === 'none') this.#replies.drop(did, over.link)
    return this.#replies.get(did)?.link === over.link
  }
}
