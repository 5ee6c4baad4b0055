import { DidCommError } from '../errors.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const INVALID = 64

/** The value of each ASCII character; `INVALID` for those that base64url does not use. */
const VALUES = /* @__PURE__ */ valuesOf(ALPHABET)
/** The ASCII code of each value. */
const CODES = /* @__PURE__ */ Uint8Array.from(ALPHABET, (digit) => digit.charCodeAt(0))

function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(128).fill(INVALID)
  for (let value = 0; value < 64; value++) values[alphabet.charCodeAt(value)] = value
  return values
}

/** Encodes bytes as base64url without padding (RFC 4648 §5, RFC 7515 §2). */
export function encodeBase64url(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3)
  const text = new Uint8Array(Math.ceil((bytes.length * 4) / 3))
  let at = 0
  for (let i = 0; i < bytes.length; i += 3) {
    // Bytes past the end read as undefined, which shifts to 0.
    const group = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!
    text[at++] = CODES[group >> 18]!
    text[at++] = CODES[(group >> 12) & 63]!
    // Writes past the end are dropped.
    text[at++] = CODES[(group >> 6) & 63]!
    if (i < whole) text[at++] = CODES[group & 63]!
  }
  return new TextDecoder().decode(text)
}

/**
 * Decodes base64url without padding. Only the one canonical text of a byte string is taken: no white space, and no
 * stray bits in the last character.
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeBase64url(text: string): Uint8Array {
  const { length } = text
  const bytes = new Uint8Array((length * 3) >> 2)
  let pending = 0
  let bits = 0
  let at = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? VALUES[code]! : INVALID
    if (value === INVALID) throw new DidCommError('ERR_BYTES_MALFORMED', `no base64url character at offset ${i}`)
    pending = ((pending << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = pending >> bits
    }
  }
  if (length % 4 === 1 || (pending & ((1 << bits) - 1)) !== 0) {
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the base64url text is cut off or not canonical')
  }
  return bytes
}

/**
 * Decodes base64 of either alphabet, padded or not, as attachments carry it in the wild (DIDComm v2.1, "Attachments").
 *
 * @throws DidCommError `ERR_BYTES_MALFORMED`
 */
export function decodeBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (padding > 0 && text.length % 4 !== 0) {
    throw new DidCommError('ERR_BYTES_MALFORMED', 'the base64 text has the wrong padding')
  }
  return decodeBase64url(
    text
      .slice(0, text.length - padding)
      .replaceAll('+', '-')
      .replaceAll('/', '_'),
  )
}
