import type { Protocol } from '../agent/protocol.ts'
import type { Unpacked } from '../envelope/envelope.ts'
import { DidCommError } from '../errors.ts'
import type { Draft } from '../message/message.ts'

/** https://didcomm.org/basicmessage/2.0 */
export const BASIC_MESSAGE = 'https://didcomm.org/basicmessage/2.0/message'

/** A text from one person to another. */
export interface BasicMessage {
  readonly content: string
  /** When it was sent, in seconds since 1970. */
  readonly createdTime: number
  /** The language of the text, as the sender says (IANA's codes, such as `en`). */
  readonly lang?: string
}

/** Makes a message. The agent gives it the time, which the protocol requires. */
export function basicMessage(content: string, { lang }: { lang?: string } = {}): Draft {
  return { type: BASIC_MESSAGE, body: { content }, ...(lang !== undefined && { lang }) }
}

/** Receives messages. */
export function basicMessages(
  onMessage: (message: BasicMessage, received: Unpacked) => void | Promise<void>,
): Protocol {
  return {
    handlers: {
      [BASIC_MESSAGE]: async (received) => {
        const { body, created_time: createdTime, lang } = received.message
        const { content } = body
        if (typeof content !== 'string') throw malformed('"content" is no text')
        if (createdTime === undefined) throw malformed('"created_time" is missing')
        await onMessage({ content, createdTime, ...(typeof lang === 'string' && { lang }) }, received)
        return undefined
      },
    },
  }
}

function malformed(what: string): DidCommError {
  return new DidCommError('ERR_MESSAGE_MALFORMED', what)
}
