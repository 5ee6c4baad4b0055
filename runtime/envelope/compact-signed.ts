import { encodeCbor } from '../bytes/index.ts'
import { didOf } from '../did/did-url.ts'
import { DidCommError, isDidCommError } from '../errors.ts'
import { serializeCompact } from '../message/compact.ts'
import type { Packable } from '../message/message.ts'
import { expectFrom } from './addressing.ts'
import { type Ids, idOf, senderCandidates } from './compact-keys.ts'
import { type CompactPart, derivedId, type OpenedLayer, type SealedLayer, type SignOptions } from './compact-part.ts'
import type { CompactContext } from './compact-psk.ts'
import { headerMap, malformed } from './cose/headers.ts'
import { ALG, KID } from './cose/labels.ts'
import { type CoseSign1, parseCoseSign1, signCose1, verifyCose1 } from './cose/sign1.ts'
import { sign1Structure } from './cose/structures.ts'
import { documentKeys } from './document-keys.ts'
import type { EnvelopeContext, Packed } from './envelope.ts'
import { signingKey } from './keys.ts'

/** Profile C, `docs/compact-envelope.md`: COSE_Sign1 by a key that has a DID URL. */

/** The media type of a signed compact message (RFC 9052 §2). */
export const COMPACT_SIGNED = 'application/cose; cose-type="cose-sign1"'

const firstByteOfSign1 = 0xd2
const signedLabel = 'didcomm-mote/c1 signed'

/** Signs before the encryption, and reads what is signed, inside of an envelope or by itself. */
export function signed(): CompactPart {
  return {
    opens: (firstByte, layers) => firstByte === firstByteOfSign1 && layers.every(({ kind }) => kind !== 'signed'),
    open: verifySigned,
    sign: signPlaintext,
  }
}

/** How `packSignedCompact` signs. */
export interface PackSignedCompactOptions {
  /** The DID that signs, or the DID URL of its key. */
  readonly from: string
  /** How the envelope names the key. Default `short`. */
  readonly ids?: Ids
}

/**
 * Signs a message without encrypting it. Anybody can read it, and show others who wrote it. Without `from` it is from who signs.
 *
 * @throws TypeError where `message.from` is not `options.from`
 * @throws DidCommError `ERR_DID_NOT_FOUND`, `ERR_KEY_NOT_FOUND`
 */
export async function packSignedCompact(
  message: Packable,
  { from, ids = 'short' }: PackSignedCompactOptions,
  context: EnvelopeContext,
): Promise<Packed> {
  if (message.from !== undefined) expectFrom(message, from)
  const serialize: SignOptions['serialize'] = (implied) => serializeCompact(message, { types: context.types, implied })
  const { bytes, mediaType, derivedId } = await signPlaintext({ serialize, by: from, ids }, documentKeys(context))
  return { bytes, mediaType, id: message.id ?? derivedId }
}

/** @throws DidCommError `ERR_DID_NOT_FOUND`, `ERR_KEY_NOT_FOUND` */
async function signPlaintext({ serialize, by, ids }: SignOptions, context: CompactContext): Promise<SealedLayer> {
  const { kid, curve } = await signingKey(by, context)
  if (curve !== 'Ed25519') throw new DidCommError('ERR_KEY_NOT_FOUND', `no secret for an Ed25519 key of ${by}`)
  const bytes = await signCose1({
    payload: serialize({ from: didOf(kid) }),
    curve,
    protectedMap: new Map([[KID, idOf(kid, ids, context.crypto)]]),
    externalAad: boundTo(kid),
    sign: (data) => context.secrets.sign(kid, data),
  })
  return { bytes, mediaType: COMPACT_SIGNED, derivedId: idOfSigned(parseCoseSign1(bytes), kid, context) }
}

/**
 * Verifies with any key that the id may mean and that its DID lists for authentication.
 *
 * @throws DidCommError `ERR_ENVELOPE_MALFORMED`, `ERR_ENVELOPE_UNSUPPORTED`, `ERR_SENDER_UNKNOWN`, `ERR_ENVELOPE_ADDRESSING`, `ERR_ENVELOPE_SIGNATURE`
 */
async function verifySigned(bytes: Uint8Array, context: CompactContext): Promise<OpenedLayer> {
  const envelope = parseCoseSign1(bytes)
  headerMap(envelope.protectedMap, [ALG, KID])
  headerMap(envelope.unprotectedMap, [])
  if (!envelope.kid) throw malformed('"kid" is missing')
  let failure: unknown
  for (const signer of await senderCandidates(envelope.kid, context, 'authentication', 'Ed25519')) {
    try {
      verifyCose1(envelope, { publicKey: signer, externalAad: boundTo(signer.kid) }, context.crypto)
    } catch (error) {
      if (!isDidCommError(error, 'ERR_ENVELOPE_SIGNATURE')) throw error
      failure = error
      continue
    }
    return {
      content: envelope.payload,
      layer: { kind: 'signed', signerKids: [signer.kid] },
      derivedId: idOfSigned(envelope, signer.kid, context),
    }
  }
  throw failure
}

/** What a signature is bound to besides its content: the profile and the key by its full name. */
function boundTo(kid: string): Uint8Array {
  return encodeCbor([signedLabel, kid])
}

/** From what was signed, and not from the signature: of some algorithms, the same text has two that verify. */
function idOfSigned({ protectedHeader, payload }: CoseSign1, kid: string, { crypto }: CompactContext): string {
  return derivedId(sign1Structure(protectedHeader, boundTo(kid), payload), crypto)
}
