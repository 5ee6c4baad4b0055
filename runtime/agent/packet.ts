import type { Packed } from '../envelope/envelope.ts'
import type { Draft } from '../message/message.ts'
import type { Packet } from '../transport.ts'

/**
 * Makes the packet of an envelope, with what a transport may know of the message inside: until when it is of use, and, where
 * nobody is in between, that answers may come back by the way it takes.
 *
 * @param draft the message, which was packed: its headers are of their types
 */
export function packetOf(
  { bytes, mediaType }: Pick<Packed, 'bytes' | 'mediaType'>,
  { expires_time: expires, return_route: route }: Draft,
  isDirect = true,
): Packet {
  return {
    bytes,
    mediaType,
    ...(expires !== undefined && { expiresAtMs: expires * 1000 }),
    ...(isDirect && (route === 'all' || route === 'thread') && { wantsReply: true as const }),
  }
}
