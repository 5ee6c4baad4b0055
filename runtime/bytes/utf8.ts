import { DidCommError } from '../errors.ts'

// Making one takes longer than most of their uses. They keep no state between calls that do not ask to stream.
const encoder = /* @__PURE__ */ new TextEncoder()
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Up to so many characters, a call of the host's encoder takes longer than its work (measured: 1,000 ns against 75 to 330). */
const maxShort = 64

/** Encodes text as UTF-8. A lone surrogate, for which UTF-8 has no form, becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return (text.length <= maxShort ? encodeAscii(text) : undefined) ?? encoder.encode(text)
}

function encodeAscii(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return undefined
    bytes[i] = code
  }
  return bytes
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
