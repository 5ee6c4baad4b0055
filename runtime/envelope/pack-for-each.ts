import { didOf } from '../did/did-url.ts'
import type { Packable } from '../message/message.ts'
import { expectDistinct } from './addressing.ts'
import type { PackContext } from './compact-psk.ts'
import type { Packed } from './envelope.ts'
import { type PackAsOptions, pack } from './pack.ts'

/** How `packForEach` packs: as `pack`, for several DIDs. */
export interface PackForEachOptions extends Omit<PackAsOptions, 'to'> {
  /** The DIDs of the recipients. */
  readonly to: readonly string[]
}

/** A packed envelope, and the DID it is for. */
export interface PackedFor extends Packed {
  to: string
}

/**
 * Encrypts one message for several DIDs, for each in an envelope of its own: "A message being sent to multiple DIDs MUST be encrypted for each
 * DID independently" (DIDComm v2.1, "Message Encryption"). So each is on the curve that suits its DID, and none tells of the others to who carries
 * it. They share one `id`. The header `to`, where the message has none, names all of them.
 *
 * @returns in the order of `options.to`; all, or nothing where one of them cannot be written to
 * @throws TypeError where `message` and `options` contradict each other, where a DID is there twice or none is, and where the message has no `id`
 * @throws DidCommError as `pack`; `ERR_DID_UNUSABLE` names the DID that has no key for it
 */
export async function packForEach(
  message: Packable,
  options: PackForEachOptions,
  context: PackContext,
): Promise<PackedFor[]> {
  expectDistinct(options.to)
  if (message.id === undefined) throw new TypeError('"message.id" expected: the envelopes are of one message')
  const addressed = { ...message, to: message.to ?? options.to.map(didOf) }
  return Promise.all(
    options.to.map(async (to): Promise<PackedFor> => ({ ...(await pack(addressed, { ...options, to }, context)), to })),
  )
}
