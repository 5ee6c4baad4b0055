/**
 * Every way in which this library refuses something, as a stable code. The list is closed: a new code is a minor
 * release, a changed meaning a major one.
 */
export type ErrorCode =
  /** The bytes are no CBOR, JSON, base64url, base58 … of the strict form that was expected. */
  | 'ERR_BYTES_MALFORMED'
  /** The bytes are no envelope, or one whose structure its specification forbids. */
  | 'ERR_ENVELOPE_MALFORMED'
  /** The envelope is well formed, but names an algorithm, curve or combination that is not supported or not allowed. */
  | 'ERR_ENVELOPE_UNSUPPORTED'
  /** An encrypted envelope could not be opened, for whatever reason after its header was read (RFC 7516 §11.5). */
  | 'ERR_ENVELOPE_DECRYPT'
  /** A signature does not verify. */
  | 'ERR_ENVELOPE_SIGNATURE'
  /** The message says it is from or to somebody else than the cryptography proves (DIDComm v2.1, addressing consistency). */
  | 'ERR_ENVELOPE_ADDRESSING'
  /** No key of ours is among the recipients. */
  | 'ERR_RECIPIENT_UNKNOWN'
  /** The sender is not known here, or may not send this. */
  | 'ERR_SENDER_UNKNOWN'
  /** The plaintext is no DIDComm message. */
  | 'ERR_MESSAGE_MALFORMED'
  /** The message is past its `expires_time`, or its `created_time` is outside the accepted window. */
  | 'ERR_MESSAGE_EXPIRED'
  /** The message was received before. */
  | 'ERR_MESSAGE_DUPLICATE'
  /** No protocol here handles this message type. */
  | 'ERR_MESSAGE_UNHANDLED'
  /** Handling the message failed again and again, so that it was given up. */
  | 'ERR_HANDLER_FAILED'
  /** Larger than the limit of the decoder, the transport or the peer. */
  | 'ERR_TOO_LARGE'
  /** Not a DID, a DID document or a DID URL of the form that its method defines. */
  | 'ERR_DID_MALFORMED'
  /** No resolver knows the DID. */
  | 'ERR_DID_NOT_FOUND'
  /** The DID document has no key or no endpoint for what was asked. */
  | 'ERR_DID_UNUSABLE'
  /** A key that no honest party makes: wrong length, low order, not on the curve. */
  | 'ERR_KEY_INVALID'
  /** No such secret here. */
  | 'ERR_KEY_NOT_FOUND'
  /** An authentication tag does not verify; nothing was decrypted. */
  | 'ERR_CRYPTO_TAG'
  /** The next hop could not be reached, or asked to try later. Sending again later can succeed. */
  | 'ERR_TRANSPORT_UNREACHABLE'
  /** The next hop refused the packet for good. */
  | 'ERR_TRANSPORT_REJECTED'
  /** The transport or agent was closed. */
  | 'ERR_CLOSED'
  /** A bounded store has no room left. */
  | 'ERR_STORE_FULL'
  /** No answer came in time. */
  | 'ERR_TIMEOUT'

/**
 * The one error that input from outside can cause. Its message names what was wrong, never key bytes or plaintext.
 * Mistakes of the calling program are `TypeError` and `RangeError` instead.
 */
export class DidCommError extends Error {
  override readonly name = 'DidCommError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** Tells whether `error` is a `DidCommError`, with one of `codes` where any are given. */
export function isDidCommError(error: unknown, ...codes: ErrorCode[]): error is DidCommError {
  return error instanceof DidCommError && (codes.length === 0 || codes.includes(error.code))
}
