import { DidCommError } from '../errors.ts'

// Making one takes longer than most of their uses. They keep no state between calls that do not ask to stream.
const encoder = /* @__PURE__ */ new TextEncoder()
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Encodes text as UTF-8. A lone surrogate, for which UTF-8 has no form, becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/**
 * Decodes UTF-8, and keeps a byte order mark as the character it is.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the text is not UTF-8', { cause })
  }
}
