import { compactParts } from './compact-parts.ts'
import type { PackContext } from './compact-psk.ts'
import { unpackWith } from './compact-with.ts'
import { documentKeys } from './document-keys.ts'
import type { Leniency, Unpacked } from './envelope.ts'
import { priorOf } from './from-prior.ts'
import { malformed } from './jose.ts'
import { defaultMaxBytes, expectSize } from './limits.ts'
import { unpackJson } from './unpack-json.ts'

export interface UnpackOptions {
  /** The largest envelope that is read. Default 1 MiB. */
  readonly maxBytes?: number
  /** What is let pass of what DIDComm v2.1 does not, in JSON. Default: nothing. */
  readonly allow?: readonly Leniency[]
}

/**
 * Opens any envelope: tells its kind by its first byte, decrypts and verifies all of its layers, and checks that the
 * message says of itself what they prove, and what its `from_prior` proves. A plaintext passes as what it is, with `encrypted` false and no `sender`. Time is
 * not checked.
 *
 * @throws DidCommError `ERR_TOO_LARGE`, `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`, `ERR_ENVELOPE_DECRYPT`,
 * `ERR_ENVELOPE_SIGNATURE`, `ERR_ENVELOPE_ADDRESSING`, `ERR_RECIPIENT_UNKNOWN`, `ERR_SENDER_UNKNOWN`,
 * `ERR_MESSAGE_MALFORMED`, `ERR_DID_MALFORMED`, and what `context.resolve` throws for the sender's DID
 */
export async function unpack(bytes: Uint8Array, context: PackContext, options: UnpackOptions = {}): Promise<Unpacked> {
  expectSize(bytes, options.maxBytes ?? defaultMaxBytes)
  const [first] = bytes
  if (first === 0x7b) return unpackJson(bytes, context, options.allow)
  if (first !== undefined && first >= 0x80)
    return unpackWith(compactParts, bytes, documentKeys({ priorOf, ...context }))
  throw malformed('the first byte begins no envelope')
}
