import { type CborValue, decodeCbor, Tagged } from '../../bytes/index.ts'
import { isDidCommError } from '../../errors.ts'
import { canonicalMediaType } from '../../message/media-types.ts'
import { TAG_ENCRYPT, TAG_SIGN1, TYP } from '../cose/labels.ts'
import type { EnvelopeFormat, Leniency } from '../envelope.ts'
import { defaultMaxBytes, expectSize } from '../limits.ts'
import { type CborWriting, packCbor } from './pack.ts'
import { mediaTypes } from './profile.ts'
import { unpackCbor } from './unpack.ts'

export interface CborOptions extends CborWriting {
  /** The largest envelope that is read. Default 1 MiB. */
  readonly maxBytes?: number
  /** What is let pass of what DIDComm v2.1 does not. Default: nothing. */
  readonly allow?: readonly Leniency[]
}

/**
 * The envelopes of the proposed profile `didcomm/v2+cbor` (Profile B, `docs/envelopes.md`). Experimental. An agent that speaks
 * `compact()` as well has this one named before it: both begin alike, and this one looks closer.
 */
export function cborEnvelope(options: CborOptions = {}): EnvelopeFormat {
  const { maxBytes = defaultMaxBytes, allow, ...writing } = options
  return {
    encoding: 'cbor',
    derivesId: false,
    recognizes: (firstByte, bytes) => firstByte >= 0x80 && (bytes === undefined || isOfProfile(bytes, maxBytes)),
    pack(message, parties, context) {
      // Authcrypt by itself has one content encryption only, whatever was chosen for anoncrypt.
      const { enc, ...rest } = writing
      const isAnoncrypt = parties.from === undefined || parties.protectSender
      return packCbor(message, { ...parties, ...rest, ...(enc && isAnoncrypt ? { enc } : {}) }, context)
    },
    async unpack(bytes, context) {
      expectSize(bytes, maxBytes)
      return unpackCbor(bytes, context, allow)
    },
  }
}

/** Tells it from a compact envelope: its layers name their media type, and its messages have texts for keys. */
function isOfProfile(bytes: Uint8Array, maxBytes: number): boolean {
  const value = decoded(bytes, maxBytes)
  if (value instanceof Map) return [...value.keys()].every((name) => typeof name === 'string')
  if (!(value instanceof Tagged) || ![TAG_ENCRYPT, TAG_SIGN1].includes(value.tag)) return false
  const header = Array.isArray(value.value) ? value.value[0] : undefined
  const protectedMap = header instanceof Uint8Array ? decoded(header, maxBytes) : undefined
  const typ = protectedMap instanceof Map ? protectedMap.get(TYP) : undefined
  return typeof typ === 'string' && mediaTypes.includes(canonicalMediaType(typ))
}

function decoded(bytes: Uint8Array, maxBytes: number): CborValue {
  try {
    return decodeCbor(bytes, { maxBytes, anyMapOrder: true })
  } catch (error) {
    if (isDidCommError(error)) return undefined
    throw error
  }
}
