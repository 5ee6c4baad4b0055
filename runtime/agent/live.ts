import { canonicalDid } from '../did/did-url.ts'
import { LruMap } from '../did/lru.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import type { Packet } from '../transport.ts'

type Reply = NonNullable<Packet['reply']>

/** How many senders' open connections are remembered. */
const MAX_LIVE = 10_000

/**
 * The connections over which senders want their messages (DIDComm's extension "Return-Route"): `all` and `none` hold for a WebSocket
 * until it breaks, and for one message over HTTP.
 */
export class LiveConnections {
  readonly #replies = new LruMap<Reply>(MAX_LIVE)

  /** The way back over the connection of a packet for a reply in `thread`; `undefined` where the sender wants none there. */
  wayBack({ message, sender }: Unpacked, packet: Packet, thread: string): Reply | undefined {
    const { reply } = packet
    if (!reply) return undefined
    const { return_route: route, return_route_thread: only } = message
    if (packet.persistent && sender !== undefined && this.#isLive(canonicalDid(sender), route, reply)) return reply
    const isOfThread = route === 'thread' && typeof only === 'string' && only.toLowerCase() === thread
    return route === 'all' || isOfThread ? reply : undefined
  }

  /** The open connection of a party, if there is one. */
  get(did: string): Reply | undefined {
    return this.#replies.get(canonicalDid(did))
  }

  /** Forgets a connection that has broken. */
  drop(did: string): void {
    this.#replies.delete(canonicalDid(did))
  }

  #isLive(did: string, route: unknown, reply: Reply): boolean {
    if (route === 'all') this.#replies.set(did, reply)
    else if (route === 'none') this.#replies.delete(did)
    return this.#replies.get(did) === reply
  }
}
