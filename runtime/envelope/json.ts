import type { EnvelopeFormat, Leniency } from './envelope.ts'
import { wrapForward } from './forward.ts'
import type { Enc } from './jwe/algorithms.ts'
import { defaultMaxBytes, expectSize } from './limits.ts'
import { packJson } from './pack-json.ts'
import { unpackJson } from './unpack-json.ts'

export interface JsonOptions {
  /** The content encryption of anoncrypt. Default `A256CBC-HS512`, the one that every agent reads; authcrypt has no other. */
  readonly enc?: Enc
  /** The largest envelope that is read. Default 1 MiB. */
  readonly maxBytes?: number
  /** What is let pass of what DIDComm v2.1 does not. Default: nothing. */
  readonly allow?: readonly Leniency[]
}

/**
 * The envelopes of DIDComm v2.1, JWE and JWS in JSON (Profile A): what clouds and mediators speak.
 */
export function json(options: JsonOptions = {}): EnvelopeFormat {
  const { enc, maxBytes = defaultMaxBytes, allow } = options
  const anoncrypt = enc === undefined ? {} : { enc }
  return {
    encoding: 'json',
    derivesId: false,
    recognizes: (firstByte) => firstByte === 0x7b,
    pack: (message, parties, context) =>
      packJson(
        message,
        { ...parties, ...(parties.from === undefined || parties.protectSender ? anoncrypt : {}) },
        context,
      ),
    async unpack(bytes, context) {
      expectSize(bytes, maxBytes)
      return unpackJson(bytes, context, allow)
    },
    forward: (bytes, way, context) => wrapForward(bytes, { ...way, ...anoncrypt }, context),
  }
}
