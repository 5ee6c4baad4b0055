import type { Protocol } from '../agent/protocol.ts'
import type { Draft } from '../message/message.ts'
import { PING_CODE, PING_RESPONSE_CODE } from '../message/type-codes.ts'

/** https://didcomm.org/trust-ping/2.0 */
export const PING = 'https://didcomm.org/trust-ping/2.0/ping'
export const PING_RESPONSE = 'https://didcomm.org/trust-ping/2.0/ping-response'

/** Makes a ping. The other side answers in the same thread, unless told not to. */
export function ping(options: { responseRequested?: boolean } = {}): Draft {
  return { type: PING, body: { response_requested: options.responseRequested ?? true } }
}

/** Answers pings of proven senders. */
export function trustPing(): Protocol {
  return {
    types: [
      { code: PING_CODE, type: PING },
      { code: PING_RESPONSE_CODE, type: PING_RESPONSE },
    ],
    handlers: {
      [PING]: ({ message, sender }) =>
        sender !== undefined && message.body['response_requested'] !== false ? { type: PING_RESPONSE } : undefined,
      [PING_RESPONSE]: () => undefined,
    },
  }
}
