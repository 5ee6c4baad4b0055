import { encodeUtf8, parseJson } from '../bytes/index.ts'
import { checkMessage } from './check.ts'
import { PLAIN } from './media-types.ts'
import type { Message } from './message.ts'

/**
 * Parses a plaintext message from JSON (DIDComm v2.1, "Plaintext Message Structure").
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED` for what is not JSON, `ERR_TOO_LARGE`, `ERR_MESSAGE_MALFORMED`
 */
export function parseMessage(bytes: Uint8Array): Message {
  return checkMessage(parseJson(bytes))
}

/**
 * Serializes a message as JSON, always with a `body`, which DIDComm v2.0 asks for, and with its media type in `typ`.
 *
 * @example
 * import { serializeMessage } from 'didcomm-mote/message'
 *
 * serializeMessage({ id: '1', type: 'https://didcomm.org/empty/1.0/empty', body: {} })
 */
export function serializeMessage(message: Message): Uint8Array {
  return encodeUtf8(JSON.stringify({ ...message, typ: PLAIN, body: message.body ?? {} }))
}

/** Returns the thread of a message: its `thid`, or its own `id` where it begins one (DIDComm v2.1, "Threads"). */
export function threadId(message: Message): string {
  return message.thid ?? message.id
}
