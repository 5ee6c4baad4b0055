import type { Packable } from '../message/message.ts'
import type { Ids } from './compact-keys.ts'
import { compactParts } from './compact-parts.ts'
import type { PackContext } from './compact-psk.ts'
import { packWith } from './compact-with.ts'
import { documentKeys } from './document-keys.ts'
import type { Encoding, Packed } from './envelope.ts'
import { type PackJsonOptions, packJson } from './pack-json.ts'

/** How `pack` packs: for whom, from whom, and in which form. */
export interface PackAsOptions extends PackJsonOptions {
  /** Default `json`. */
  readonly encoding?: Exclude<Encoding, 'cbor'>
  /** How a compact envelope names its keys. Default `short`. */
  readonly ids?: Ids
}

/**
 * Encrypts `message` for one recipient, in either encoding (DIDComm v2.1, "Message Encryption"; `docs/compact-envelope.md`).
 * Where one encoding is enough, `json()` or `compact()` is the smaller import.
 *
 * @throws TypeError where `message` and `options` contradict each other
 * @throws DidCommError `ERR_DID_NOT_FOUND`, `ERR_DID_UNUSABLE`, `ERR_KEY_NOT_FOUND`, `ERR_KEY_INVALID`, `ERR_ENVELOPE_UNSUPPORTED`
 */
export async function pack(message: Packable, options: PackAsOptions, context: PackContext): Promise<Packed> {
  return options.encoding === 'compact'
    ? packWith(compactParts, message, options, documentKeys(context))
    : packJson(message, options, context)
}
