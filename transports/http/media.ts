/** What a packet says of itself by its first byte, where it was given no media type. */
export function mediaTypeOf(bytes: Uint8Array): string {
  return bytes[0] === 0x7b ? 'application/didcomm-encrypted+json' : 'application/cose; cose-type="cose-encrypt0"'
}

const didCommForm = /^(?:application\/)?(?:didcomm-(?:plain|signed|encrypted)\+(?:json|cbor)|cose)$/

/**
 * Tells whether a `Content-Type` names an envelope: the media types of DIDComm v2.1 (JSON, and CBOR as proposed), with
 * `application/` or without it ("IANA Media Types"), and COSE (RFC 9052 §11.3.1). Parameters are not looked at.
 */
export function isEnvelopeType(contentType: string | null | undefined): boolean {
  return didCommForm.test((contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '')
}
