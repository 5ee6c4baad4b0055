/** One envelope as it travels. */
export interface Packet {
  readonly bytes: Uint8Array
  /** The media type as the transport conveyed it: a hint, never trusted. */
  readonly mediaType?: string
  /**
   * In what is sent: from when on the packet is of no use, in milliseconds since 1970 (`expires_time`). A transport that has a field for
   * it tells the next hop, which can then read it; others leave it out.
   */
  readonly expiresAtMs?: number
  /** In what is sent: answers may come back by the way it takes (`return_route`). A transport may tell the next hop where to. */
  readonly wantsReply?: true
  /** Sends one packet back over the connection it came from; present only while that is possible (`return_route`). */
  readonly reply?: (packet: Packet) => Promise<void>
  /** `reply` takes any number of packets, until the connection breaks (a WebSocket); it is the same function for all that comes over it. */
  readonly persistent?: true
}

/**
 * Takes over one packet. It resolves once the packet is settled: stored or handled, or refused for good, so that the
 * transport may acknowledge it. It rejects only where the same packet may succeed later; the transport must then
 * not acknowledge it.
 *
 * @returns what became of it, for transports that can tell the sender (an HTTP status)
 */
export type Receive = (packet: Packet) => Promise<Receipt>

/** `accepted`: also for a message that was received before. `refused`, `too-large`: sending it again is of no use. */
export type Receipt = 'accepted' | 'refused' | 'too-large'

/** A way to move packets. It knows nothing of their content; its clients and servers are passed in. */
export interface Transport {
  /** The URI schemes that it can send to, without the colon. */
  readonly schemes: readonly string[]
  /** The largest packet that it can send. */
  readonly maxPacketBytes: number

  /** Tells whether it can send to a URI of its schemes, where not to all of them, as with one broker. Must not throw. */
  canReach?(uri: string): boolean

  /** Begins to receive. Called once, before the first `send`. */
  start(receive: Receive): Promise<void>

  /**
   * Sends one packet and resolves when the next hop has taken it over (an HTTP 2xx, a PUBACK). A packet that comes back
   * in the same exchange has been handed to `receive` by then.
   *
   * @throws DidCommError `ERR_TRANSPORT_UNREACHABLE`, `ERR_TRANSPORT_REJECTED`, `ERR_TOO_LARGE`, `ERR_CLOSED`; `ERR_MESSAGE_EXPIRED`
   *   from a transport that heeds `expiresAtMs`
   */
  send(uri: string, packet: Packet): Promise<void>

  /** Stops receiving, lets packets under way settle, and frees what was opened here. May be called in any state. */
  close(): Promise<void>
}
