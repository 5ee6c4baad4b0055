import { DidCommError } from '../errors.ts'

/** Encodes text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/**
 * Decodes UTF-8, and keeps a byte order mark as the character it is.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the text is not UTF-8', { cause })
  }
}
