import type { Unpacked } from '../envelope/envelope.ts'
import type { Draft } from '../message/message.ts'
import type { CompactType } from '../message/type-registry.ts'
import type { Link } from './by-connection.ts'

/**
 * Handles one message and returns the reply, if there is one. The agent threads the reply, sends it back to the sender
 * in the encoding that the message had, and picks the way.
 *
 * The message counts as received once the handler has returned. Until then a copy of it is a retry: a handler that
 * throws anything but a `DidCommError` or a `ProblemError` will be called again with the same message.
 */
export type Handler = (received: Unpacked, connection?: Connection) => Draft | undefined | Promise<Draft | undefined>

/** The connection on which a message came, open for more than one message back (`return_route: all` on a WebSocket). */
export interface Connection extends Link {
  /**
   * Packs a message for the sender, sends it over this connection, and resolves when the other side has read it.
   *
   * @throws DidCommError `ERR_CLOSED` where the connection has broken, or nobody can tell whether the message has arrived
   */
  send(draft: Draft): Promise<void>
}

/** One DIDComm protocol, in one role or both. */
export interface Protocol {
  /** Handlers by message type URI. */
  readonly handlers: Readonly<Record<string, Handler>>
  /** The small integers of its message types in compact envelopes. */
  readonly types?: readonly CompactType[]
}
