import { encodeCbor } from '../../bytes/index.ts'

/** The byte strings over which COSE signs, encrypts and derives keys. Nobody sends them; headers are in them as they were received. */

/** The Enc_structure of RFC 9052 §5.3: the additional authenticated data of a content encryption. */
export function encStructure(
  context: 'Encrypt0' | 'Encrypt',
  protectedHeader: Uint8Array,
  externalAad: Uint8Array,
): Uint8Array {
  return encodeCbor([context, protectedHeader, externalAad])
}

/** The Recipient_structure of draft-ietf-cose-hpke-24, "Recipient_structure": the `info` of HPKE where it encrypts a key. */
export function recipientStructure(
  nextLayerAlg: number | string,
  recipientProtectedHeader: Uint8Array,
  recipientExtraInfo: Uint8Array,
): Uint8Array {
  return encodeCbor(['HPKE Recipient', nextLayerAlg, recipientProtectedHeader, recipientExtraInfo])
}

/** The Sig_structure of RFC 9052 §4.4 for COSE_Sign1. */
export function sign1Structure(protectedHeader: Uint8Array, externalAad: Uint8Array, payload: Uint8Array): Uint8Array {
  return encodeCbor(['Signature1', protectedHeader, externalAad, payload])
}

/** The Sig_structure of RFC 9052 §4.4 for one signature of COSE_Sign. */
export function signStructure(
  headers: { readonly body: Uint8Array; readonly signer: Uint8Array },
  externalAad: Uint8Array,
  payload: Uint8Array,
): Uint8Array {
  return encodeCbor(['Signature', headers.body, headers.signer, externalAad, payload])
}
